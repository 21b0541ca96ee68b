"""The order in which the values of a parameter come up in a walk over a grid, spread evenly."""

from collections.abc import Iterator
from itertools import count
from random import Random

from sweep.study.seeds import derive_seed


class Order:
    """The order in which the values of one parameter come up: all of them, again and again.

    The first value of all is the one in the middle.
    """

    def __init__(self, seed: int, name: str, n_values: int) -> None:
        """Begin the order of a parameter with `n_values` values, >= 1."""
        self._seed, self._name, self._n_values = seed, name, n_values
        self._rounds = count()
        self._rest: Iterator[int] = iter(())
        self._passed: list[int] = []

    def first(self, unwanted: set[int]) -> int:
        """Return the first place, from 0, that is not unwanted; there has to be one."""
        for place in self._passed:
            if place not in unwanted:
                return place
        while True:
            for place in self._rest:
                self._passed.append(place)
                if place not in unwanted:
                    return place
            self._passed.clear()
            number = next(self._rounds)
            draws = Random(derive_seed(self._seed, f"grid {self._name}", number))
            begin = None if number else self._n_values // 2
            self._rest = spread(range(self._n_values), draws, begin)

    def remove(self, place: int) -> None:
        """Go past a place, which came first, until the next round."""
        self._passed.remove(place)


def spread(places: range, draws: Random, begin: int | None = None) -> Iterator[int]:
    """Yield each place once, so that any number of them is spread evenly.

    Two in a row are of both halves, two in a row of one half are of both its halves, and so on.
    Everything else is drawn, as in a scrambled van der Corput sequence (Owen, 1995), so that no two
    parameters are in step.

    Args:
        places: The places.
        draws: Random numbers that nothing else uses.
        begin: The place to begin with; None for any.
    """
    begin = places[int(draws.random() * len(places))] if begin is None else begin
    yield begin
    yield from _after(begin, places, draws)


def _after(begin: int, places: range, draws: Random) -> Iterator[int]:
    """Yield the places that follow the first one."""
    if len(places) == 1:
        return
    middle = len(places) // 2
    begun, other = places[:middle], places[middle:]
    if begin in other:
        begun, other = other, begun
    halves = [spread(other, draws), _after(begin, begun, draws)]
    yield next(halves[0])
    while halves:
        if draws.random() < 0.5:
            halves.reverse()
        for half in tuple(halves):
            place = next(half, None)
            if place is None:
                halves.remove(half)
            else:
                yield place
