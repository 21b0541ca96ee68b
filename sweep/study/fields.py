"""The one table of what a run records about its study; add a row for each new field of `Study`.

A run resumes only with the same study. The table says, for each recorded value, how it is computed,
whether the user may accept a change, whether a replay restores it, and what older runs had instead.
Comparisons and provenance list the same values.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple, get_args

from sweep.study.code.fingerprint import of_code
from sweep.study.code.functions.parts import function_changes, of_functions
from sweep.study.code.user_code import ForStudies
from sweep.study.sampler import SamplerName, sampler_name
from sweep.study.study import Study
from sweep.text import without_password

ALWAYS_RECORDED = object()


class Recorded(NamedTuple):
    """One value that a run records about its study.

    Attributes:
        key: Name of the value in the database.
        fields: Fields of `Study` that it covers.
        value: Computes it from a study, as a JSON value; None for the data, which a run records
            once they are loaded.
        acceptable: Whether it may change within a run if the user accepts that, because the scores
            recorded so far keep their meaning.
        restored: Whether a replay takes it from the record, not from the study file.
        earlier: Implicit value of runs recorded before the key existed. Without it, their next call
            records the value.
    """

    key: str
    fields: tuple[str, ...]
    value: Callable[[Study], Any] | None
    acceptable: bool = False
    restored: bool = False
    earlier: Any = ALWAYS_RECORDED


def _field(name: str, value: Callable[[Study], Any] | None = None, **more: Any) -> Recorded:
    """Return the row of a field that is recorded under its own name, by default as it is."""
    return Recorded(name, (name,), value or attrgetter(name), **more)


def _warm_start(study: Study) -> list[str] | None:
    return [without_password(source) for source in study.warm_start] or None


def _memory(study: Study) -> int | None:
    return study.sampler_memory if sampler_name(study) in ("tpe", "gp") else None


def _errors(study: Study) -> str:
    return study.errors if sampler_name(study) in ("tpe", "gp") else "ignore"


def _pruner(study: Study) -> str:
    # Runs of earlier versions, which had no other way, stopped their trials.
    return repr(study.pruner).replace(", resume=False", "")


def _window(study: Study) -> int | None:
    return study.window if study.deterministic else None


def _further(study: Study) -> list[list[str]]:
    return [[goal.metric, goal.direction] for goal in study.objectives[1:]]


def _constraints(study: Study) -> dict[str, list[float | None]]:
    return {name: list(bounds) for name, bounds in sorted(study.constraints.items())}


def _program(study: Study) -> dict[str, Any] | None:
    return study.train.recorded() if isinstance(study.train, ForStudies) else None


GOAL = ("minimize", "maximize")
RECORDED = (
    _field("name"),
    Recorded("metric", GOAL, lambda study: study.metric),
    Recorded("direction", GOAL, lambda study: GOAL[study.sign < 0]),
    Recorded("further_objectives", GOAL, _further, earlier=[]),
    _field("constraints", _constraints, earlier={}),
    _field("seed", acceptable=True, restored=True),
    _field("sampler", sampler_name, acceptable=True, restored=True),
    _field("warm_start", _warm_start, acceptable=True, restored=True, earlier=None),
    _field("sampler_memory", _memory, acceptable=True, restored=True, earlier=None),
    _field("errors", _errors, acceptable=True, restored=True, earlier="ignore"),
    _field("pruner", _pruner, acceptable=True),
    _field("score"),
    _field("duplicates", acceptable=True, restored=True, earlier="rerun"),
    _field("repeats", restored=True, earlier=1),
    Recorded("window", ("deterministic", "window"), _window, restored=True),
    _field("settings", lambda study: dict(study.settings), acceptable=True),
    Recorded("code", ("file", "train"), lambda study: of_code(study.file), acceptable=True),
    Recorded("program", ("train",), _program, acceptable=True, earlier=None),
    Recorded("functions", (), of_functions, acceptable=True),
    Recorded("data", ("data",), None, acceptable=True),
)

FREE = frozenset({"trials", "until", "first", "keep", "final", "tables", "callbacks"})
"""Fields that may change between two calls: they leave the recorded trials valid."""

CHECKED_BY_TRIALS = frozenset({"space"})
"""Fields that are compared with the recorded trials themselves; see `driver.identity`."""

ACCEPTABLE = frozenset(row.key for row in RECORDED if row.acceptable)
EARLIER = {row.key: row.earlier for row in RECORDED if row.earlier is not ALWAYS_RECORDED}


def identity(study: Study) -> dict[str, Any]:
    """Return what must not change between two calls for the same run, as JSON values."""
    return {row.key: row.value(study) for row in RECORDED if row.value is not None}


def recorded(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recorded values of a run's study, None where there is none.

    Args:
        about: The study's attributes in the database.
    """
    known = EARLIER | dict(about)
    return {row.key: known.get(row.key) for row in RECORDED}


def space_changes(about: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the accepted changes of the space; see `driver.earlier.space_changes`."""
    return [change for change in about.get("changes", []) if "space" in change]


def added_values(about: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the values that trials had, in effect, before parameters were added."""
    values: dict[str, list[Any]] = {}
    for change in space_changes(about):
        for name, value in change["added"].items():
            values.setdefault(name, []).append(value)
    return values


def difference(key: str, before: Any, after: Any) -> str:
    """Return how a recorded value differs from another, for people; empty if it does not."""
    if key == "functions":
        return "; ".join(function_changes(before, after))
    return "" if before == after else f"{key} {before!r} -> {after!r}"


def restored(study: Study, about: Mapping[str, Any]) -> Study:
    """Return a study with the values on record wherever a replay restores them."""
    known = recorded(about)
    changes = {row.key: known[row.key] for row in RECORDED if row.restored}
    window = changes.pop("window")
    changes["warm_start"] = tuple(changes["warm_start"] or ())
    if changes["sampler"] not in get_args(SamplerName):  # only the study file can make it
        del changes["sampler"]
    changes |= {"deterministic": window is not None, "window": window or study.window}
    return replace(study, **changes)
