"""A walk over the points of a finite space: each once, and spread over the whole from the first on.

Points are the leaves of a tree, whose nodes are the parameters that `space` draws, one after the
other. Only the branches that the walk has begun and not finished are in memory.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import count

from sweep.errors import StudyError
from sweep.samplers.grid.spread import Order
from sweep.study.space import Space, Trial, refusal
from sweep.trials.domains import Domain, Params, Value

Values = Callable[[str, Domain], Sequence[Value]]
"""Returns the values that a walk tries of a parameter, given its name and domain."""


def all_values(name: str, domain: Domain) -> Sequence[Value]:
    """Return all values of a parameter.

    Raises:
        StudyError: If there are infinitely many.
    """
    values = domain.values()
    if values is None:
        raise StudyError(
            f"space: expected finitely many values for grid sampling, got {name!r} in "
            f"{domain}; give it a step, or use another sampler"
        )
    return values


class Node:
    """A parameter at the end of a branch.

    Attributes:
        drawn: Its name and domain.
        values: The values to try.
        children: The nodes below some of its values, by their places.
        used: Places of the values tried in this round; each is tried once in a round.
        done: Places of the values below which every point was visited.
    """

    def __init__(self, drawn: tuple[str, Domain], values: Sequence[Value]) -> None:
        self.drawn, self.values = drawn, values
        self.children: dict[int, Node] = {}
        self.used: set[int] = set()
        self.done: set[int] = set()

    @property
    def is_done(self) -> bool:
        """Whether every point below it was visited."""
        return len(self.done) == len(self.values)


Step = tuple[Node, int]
"""A parameter and the place of the value that a trial drew."""


class Walk:
    """A walk over the points of a space.

    Attributes:
        lists: Whether to visit the points depth first, as a list of them would.
        is_over: Whether every point was visited.
        refused: Why `space` says that the point visited last is infeasible; None if it is not.
    """

    def __init__(self, space: Space, values: Values = all_values, seed: int = 0) -> None:
        """Begin a walk.

        Args:
            space: Draws the parameters; it runs once per point.
            values: Which values to visit.
            seed: Another seed makes another order.
        """
        self.lists = self.is_over = False
        self.refused: str | None = None
        self._space, self._values, self._seed = space, values, seed
        self._orders: dict[tuple[str, Domain], Order] = {}
        self._root: Node | None = None

    def __iter__(self) -> Iterator[Trial]:
        """Visit the points that are left, and yield the trials that draw feasible ones."""
        while not self.is_over:
            trial = self.visit({})
            if self.refused is None:
                yield trial

    def visit(self, wanted: Params) -> Trial:
        """Visit a point that has the wanted values, the next such one if these are not all.

        Args:
            wanted: Values of all parameters, or of some; the point may have been visited before.
                Those that are not in a parameter's domain are left out.

        Raises:
            StudyError: If `space` draws other parameters than before, after the same values.
        """
        path: list[Step] = []
        trial = Trial(lambda name, domain: self._choose(path, (name, domain), wanted))
        self.refused = refusal(self._space, trial)
        if self._is_new(path):
            self._finish(path)
        return trial

    def _choose(self, path: list[Step], drawn: tuple[str, Domain], wanted: Params) -> Value:
        values, (name, domain) = self._values(*drawn), drawn
        is_wanted = name in wanted and wanted[name] in domain
        place = values.index(wanted[name]) if is_wanted else None
        if not self._is_new(path):
            return values[place or 0]
        node = self._node(path, drawn, values)
        path.append((node, self._place(node, place)))
        return values[path[-1][1]]

    def _is_new(self, path: list[Step]) -> bool:
        """Return whether there are points at the end of a path that were not visited."""
        return path[-1][1] not in path[-1][0].done if path else not self.is_over

    def _node(self, path: list[Step], drawn: tuple[str, Domain], values: Sequence[Value]) -> Node:
        """Return the node at the end of a path, which is a new one the first time."""
        node = path[-1][0].children.get(path[-1][1]) if path else self._root
        if node is None:
            node = Node(drawn, values)
            if path:
                path[-1][0].children[path[-1][1]] = node
            else:
                self._root = node
        if node.drawn != drawn:
            (name, domain), (before, former) = drawn, node.drawn
            raise StudyError(
                f"space: expected the same parameters after the same values, got {name!r} in "
                f"{domain} after {before!r} in {former}; let it depend on the trial alone"
            )
        return node

    def _place(self, node: Node, wanted: int | None) -> int:
        """Return the place of the next value, and mark it as used."""
        if self.lists:
            return next(i for i in count() if i not in node.done) if wanted is None else wanted
        if len(node.used) == len(node.values):
            node.used = set(node.done)
        if node.drawn not in self._orders:
            self._orders[node.drawn] = Order(self._seed, node.drawn[0], len(node.values))
        order = self._orders[node.drawn]
        place = order.first(node.used)
        if wanted in (None, place):
            order.remove(place)
        else:
            place = wanted
        node.used.add(place)
        return place

    def _finish(self, path: list[Step]) -> None:
        """Mark the point at the end of a path as visited, and the nodes below which all are."""
        while path:
            node, place = path.pop()
            node.children.pop(place, None)
            node.done.add(place)
            if not node.is_done:
                return
        self.is_over = True
