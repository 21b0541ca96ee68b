"""Every kind of sampler, by the name that a study gives."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import NamedTuple

from optuna.samplers import BaseSampler

from sweep.errors import StudyError
from sweep.samplers.evolution import cmaes, nsga2, nsga3
from sweep.samplers.gp import gp
from sweep.samplers.grid.points import Grid
from sweep.samplers.qmc import qmc
from sweep.samplers.question import Question
from sweep.samplers.random import random
from sweep.samplers.tpe import Tpe
from sweep.study.code.user_code import guarded
from sweep.study.rules import either
from sweep.study.sampler import OptunaSampler, sampler_name
from sweep.study.study import Study


class Kind(NamedTuple):
    """One kind of sampler.

    Attributes:
        make: Makes the Optuna sampler that answers a question or, if it keeps notes, all of them.
        points: study -> the points to try, if the sampler asks no questions.
        keeps_notes: Whether an answer depends on what the sampler noted at earlier questions. Then
            a resumed run asks those again, so that nothing but the trials has to be recorded.
        several: Whether it takes several objectives.
        learns: Whether other trials are anything to it.
        packages: What it imports, which the extra of the sampler's name installs.
    """

    make: Callable[[Question], BaseSampler]
    points: Callable[[Study], Grid] | None = None
    keeps_notes: bool = False
    several: bool = True
    learns: bool = True
    packages: tuple[str, ...] = ()


SAMPLERS = {
    "tpe": Kind(Tpe),
    "gp": Kind(gp),
    "cmaes": Kind(cmaes, keeps_notes=True, several=False, packages=("cmaes",)),
    "qmc": Kind(qmc, learns=False),
    "nsga2": Kind(nsga2, keeps_notes=True),
    "nsga3": Kind(nsga3, keeps_notes=True),
    "random": Kind(random, learns=False),
    "grid": Kind(random, points=Grid, learns=False),
}


def kind_of(study: Study) -> Kind:
    """Return the kind of a study's sampler.

    Raises:
        StudyError: If a package is missing, or the sampler takes a single objective only.
    """
    sampler = study.sampler
    if isinstance(sampler, OptunaSampler):
        return Kind(lambda question: _made(study, sampler, question.study_seed), keeps_notes=True)
    name = sampler_name(study)
    if len(study.objectives) > 1 and not SAMPLERS[name].several:
        able = ["auto", *(other for other, kind in SAMPLERS.items() if kind.several)]
        raise StudyError(
            f"Study: sampler {name!r} takes one objective, got {len(study.objectives)}; "
            f"use {either(tuple(able))}"
        )
    missing = [package for package in SAMPLERS[name].packages if find_spec(package) is None]
    if missing:
        raise StudyError(
            f"Study: sampler {name!r} needs {' and '.join(missing)}, not installed here; "
            f"pip install 'sweep-netlib[{name}]', or use another sampler"
        )
    return SAMPLERS[name]


def _made(study: Study, sampler: OptunaSampler, seed: int) -> BaseSampler:
    made = guarded("sampler", lambda: sampler.make(seed), study)
    if not isinstance(made, BaseSampler):
        raise StudyError(
            f"OptunaSampler: expected make(seed) to return a sampler of Optuna, got {made!r}; "
            f"return an optuna.samplers.BaseSampler"
        )
    return made
