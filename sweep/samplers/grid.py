"""Every point of a finite search space, one after the other."""

from sweep.errors import StudyError
from sweep.study.space import Space, Trial
from sweep.trials.domains import Domain, Params, Value


def grid(space: Space) -> list[Params]:
    """Return every parameter set of a finite space, depth first, conditional ones included.

    The space runs once per point; the last parameter with a value left moves on, like an odometer.

    Raises:
        StudyError: If a parameter has infinitely many values.
    """
    points: list[Params] = []
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
            sizes.append(len(values))
            if len(path) < len(sizes):
                path.append(0)
            return values[path[len(sizes) - 1]]

        trial = Trial(choose)
        space(trial)
        points.append(trial.params)
        while path and path[-1] == sizes[len(path) - 1] - 1:
            path.pop()
        if not path:
            return points
        path[-1] += 1
