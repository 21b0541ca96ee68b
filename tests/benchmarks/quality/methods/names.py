"""All methods by name; a library is imported only when one of its methods is asked for."""

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem


class Search(Protocol):
    """Searches a problem with a budget."""

    def __call__(
        self, problem: Problem, n_slots: int, seed: int, core_seconds: float
    ) -> list[Found]: ...


class Library(NamedTuple):
    """Where the methods of a library are.

    Attributes:
        module: Module in this folder whose METHODS holds them.
        package: Package that has to be installed.
    """

    module: str
    package: str


OURS = "sweep"
LIBRARIES = {
    OURS: Library("ours", "sweep"),
    "optuna": Library("optuna_methods", "optuna"),
    "ray": Library("ray_tune", "ray.tune"),
    "syne": Library("syne_tune", "syne_tune.optimizer.baselines"),
    "synegp": Library("syne_tune_gp", "syne_tune.optimizer.legacy_baselines"),
    "smac": Library("smac3", "smac"),
    "dehb": Library("dehb_methods", "dehb"),
}
"""Libraries by the first word of their methods' names."""


def methods_of(library: str) -> Mapping[str, Search]:
    """Return the methods of a library by name."""
    module = f"{__package__}.{LIBRARIES[library].module}"
    methods: Mapping[str, Search] = import_module(module).METHODS
    return methods


def method(name: str) -> Search:
    """Return a method.

    Raises:
        KeyError: If there is none of that name.
    """
    return methods_of(name.partition("-")[0])[name]


def installed() -> list[str]:
    """Return the names of the methods whose library is installed here."""
    found = [library for library in LIBRARIES if find_spec(LIBRARIES[library].package)]
    return [name for library in found for name in methods_of(library)]
