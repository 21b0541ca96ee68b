"""Doc."""

from sweep.errors import StudyError
from sweep.study.space import Space, Trial
from sweep.trials.domains import Domain, Params, Value


def grid(space: Space) -> list[Params]:
    """Every parameter set of a finite space, depth first, conditional parameters included.

    The space is run once per leaf; the last parameter with a value left moves on, like an odometer.

    Raises:
        StudyError: If a parameter has a continuum of values.
    """
    leaves: list[Params] = []
    path: list[int] = []
    while True:
        sizes: list[int] = []

        def choose(name: str, domain: Domain, sizes: list[int] = sizes) -> Value:
            values = domain.values()
            if values is None:
                raise StudyError(
                    f"space: expected finitely many values for grid sampling, got {name!r} in "
                    f"{domain}; give it a step, or use another sampler"
                )
            position = len(sizes)
            sizes.append(len(values))
            if position == len(path):
                path.append(0)
            return values[path[position]]

        trial = Trial(choose)
        space(trial)
        leaves.append(trial.params)
        while path and path[-1] == sizes[len(path) - 1] - 1:
            path.pop()
        if not path:
            return leaves
        path[-1] += 1
