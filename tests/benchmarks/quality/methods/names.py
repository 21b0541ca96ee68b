"""All methods by name; a library is imported only when one of its methods is asked for."""

from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Protocol

from tests.benchmarks.quality.path import Found
from tests.benchmarks.quality.problems import Problem


class Search(Protocol):
    """Searches a problem with a budget."""

    def __call__(
        self, problem: Problem, n_slots: int, seed: int, core_seconds: float
    ) -> list[Found]: ...


OURS = "sweep"
LIBRARIES = {
    OURS: "ours",
    "optuna": "optuna_methods",
    "ray": "ray_tune",
    "syne": "syne_tune",
    "synegp": "syne_tune_gp",
    "smac": "smac3",
    "dehb": "dehb_methods",
}
"""The module of each library, by the first word of its methods' names; METHODS there holds them."""


def methods_of(library: str) -> Mapping[str, Search]:
    """Return the methods of a library by name."""
    module = f"{__package__}.{LIBRARIES[library]}"
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
    found: list[str] = []
    for library in LIBRARIES:
        with suppress(ImportError):
            found += methods_of(library)
    return found
