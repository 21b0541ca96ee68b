"""The one table of what a run records of its study.

A run continues only with the study that it was made for. The table says, for each recorded value,
how it is computed, whether the user may accept a change, what older runs had instead, and how a
replay restores it. Comparisons and provenance list the same values.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sweep.study import fingerprint
from sweep.study.settings import as_json
from sweep.study.study import Study

ALWAYS_RECORDED = object()


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One value that a run records of its study.

    Attributes:
        key: Name of the value in the database.
        fields: Fields of `Study` that it covers.
        value: Computes it from a study, as a JSON value; None for the data, which a run records
            once they are loaded.
        acceptable: Whether it may change within a run if the user accepts that: the scores recorded
            so far keep their meaning.
        earlier: Implicit value of runs recorded before the key existed.
        restore: Turns the recorded value into fields of a `Study`; None where the study file itself
            is the source.
    """

    key: str
    fields: tuple[str, ...]
    value: Callable[[Study], Any] | None
    acceptable: bool = False
    earlier: Any = ALWAYS_RECORDED
    restore: Callable[[Any], dict[str, Any]] | None = None


def _field(name: str, *, restored: bool = False, **more: Any) -> Recorded:
    """Return the row of a field that is recorded as it is, under its own name."""
    restore = (lambda value: {name: value}) if restored else None
    row = {"value": lambda study: getattr(study, name), "restore": restore} | more
    return Recorded(key=name, fields=(name,), **row)


def _of_tpe(name: str, otherwise: Any) -> Callable[[Study], Any]:
    """Return how to compute a field that only TPE reads."""
    return lambda study: getattr(study, name) if study.sampler == "tpe" else otherwise


def _restored_window(window: int | None) -> dict[str, Any]:
    return {"deterministic": False} if window is None else {"deterministic": True, "window": window}


RECORDED = (
    _field("name"),
    Recorded(key="metric", fields=("minimize", "maximize"), value=lambda study: study.metric),
    Recorded(
        key="direction",
        fields=("minimize", "maximize"),
        value=lambda study: "minimize" if study.sign > 0 else "maximize",
    ),
    _field("seed", acceptable=True, restored=True),
    _field("sampler", acceptable=True, restored=True),
    _field(
        "sampler_memory",
        value=_of_tpe("sampler_memory", None),
        acceptable=True,
        earlier=None,
        restored=True,
    ),
    _field(
        "errors",
        value=_of_tpe("errors", "ignore"),
        acceptable=True,
        earlier="ignore",
        restored=True,
    ),
    _field("pruner", value=lambda study: repr(study.pruner), acceptable=True),
    _field("score"),
    _field("duplicates", acceptable=True, earlier="rerun", restored=True),
    _field("repeats", earlier=1, restored=True),
    Recorded(
        key="window",
        fields=("deterministic", "window"),
        value=lambda study: study.window if study.deterministic else None,
        restore=_restored_window,
    ),
    _field("settings", value=lambda study: as_json(study.settings), acceptable=True),
    Recorded(
        key="code",
        fields=("file", "train"),
        value=lambda study: fingerprint.of_code(study.file),
        acceptable=True,
    ),
    Recorded(key="data", fields=("data",), value=None, acceptable=True),
)

FREE = frozenset({"trials", "first", "keep", "final", "tables", "callbacks"})
"""Fields that may change between two calls: they leave the recorded trials valid."""

CHECKED_BY_TRIALS = frozenset({"space"})
"""Fields that are compared with the recorded trials themselves; see `driver.identity`."""

ACCEPTABLE = frozenset(row.key for row in RECORDED if row.acceptable)
EARLIER = {row.key: row.earlier for row in RECORDED if row.earlier is not ALWAYS_RECORDED}


def identity(study: Study) -> dict[str, Any]:
    """Return what must not change between two calls for the same run, as JSON values."""
    return {row.key: row.value(study) for row in RECORDED if row.value is not None}


def restored(study: Study, recorded: Mapping[str, Any]) -> Study:
    """Return a study with the values on record wherever these can be restored."""
    changes: dict[str, Any] = {}
    for row in RECORDED:
        if row.restore is not None:
            changes |= row.restore((EARLIER | dict(recorded)).get(row.key))
    return replace(study, **changes)
