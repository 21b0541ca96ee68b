"""Reads the trials of another run, or of any Optuna study, for a warm start."""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from sweep.errors import OptionError
from sweep.storage.database import Database
from sweep.storage.locations import storage_of
from sweep.storage.run_directory import RunDirectory
from sweep.text import without_password
from sweep.trials.records import Ending, TrialRecord

ENDINGS = {TrialState.COMPLETE: Ending.COMPLETE, TrialState.PRUNED: Ending.PRUNED}
"""The trials of Optuna that tell a sampler something."""

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class EarlierStudy:
    """The ended trials of another study.

    Attributes:
        metric: What it minimizes or maximizes; "" if that is not on record.
        direction: "minimize" or "maximize".
        trials: For each trial its params, ending, score and curve, as JSON values.
    """

    metric: str
    direction: str
    trials: list[dict[str, Any]]


def read_earlier(source: str, runs: Path) -> EarlierStudy:
    """Return the ended trials of another study.

    Args:
        source: A run directory, its name in `runs`, or the URL of a storage of Optuna, with
            ::NAME of the study if it holds several.
        runs: Directory that holds run directories.

    Raises:
        OptionError: If there is no such study, or it has several objectives.
    """
    if "://" in source:
        return _read_optuna(source)
    for path in (Path(source), runs / source):
        if RunDirectory(path).exists:
            return _read_run(path)
    raise OptionError(
        f"warm_start: expected a run directory, its name in {runs}, or the URL of a storage of "
        f"Optuna, got {source!r}; check the path"
    )


def _read_run(path: Path) -> EarlierStudy:
    with closing(Database(storage_of(RunDirectory(path)))) as database:
        names = database.studies()
        table = database.study(names[0]) if names else None
        records = table.trials() if table else []
        about = table.attributes() if table else {}
    ended = [record for record in records if record.has_ended]
    metric = str(about.get("metric", ""))
    return EarlierStudy(
        metric, str(about.get("direction", "minimize")), [_of_record(r, metric) for r in ended]
    )


def _of_record(record: TrialRecord, metric: str) -> dict[str, Any]:
    curve = record.curve(metric) if record.ending is Ending.PRUNED else []
    return _entry(record.params, record.ending, record.score, curve)


def _read_optuna(source: str) -> EarlierStudy:
    url, _, wanted = source.partition("::")
    with _opened(url) as storage:
        found = {study.study_name: study for study in storage.get_all_studies()}
        names = [wanted] if wanted else list(found)
        if len(names) != 1 or names[0] not in found:
            raise OptionError(
                f"warm_start: expected {without_password(url)}::NAME with the name of a study in "
                f"it, {sorted(found)}, got {wanted or 'no name'!r}"
            )
        study = found[names[0]]
        if len(study.directions) != 1:
            raise OptionError(
                f"warm_start: expected a study with one objective, got {names[0]!r} with "
                f"{len(study.directions)}"
            )
        trials = storage.get_all_trials(study._study_id, deepcopy=False)
    is_down = study.directions[0] is not StudyDirection.MAXIMIZE
    entries = [_of_frozen(frozen) for frozen in trials if _tells(frozen)]
    return EarlierStudy("", "minimize" if is_down else "maximize", entries)


@contextmanager
def _opened(url: str) -> Iterator[RDBStorage]:
    """Open a storage of Optuna to read; never create one."""
    if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).is_file():
        raise OptionError(f"warm_start: expected a storage of Optuna, found no file {url!r}")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        storage = RDBStorage(url, skip_table_creation=True)
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()
    except (StorageInternalError, SQLAlchemyError, RuntimeError, ImportError) as error:
        reason = str(getattr(error.__cause__, "orig", error)).partition("\n")[0]
        raise OptionError(
            f"warm_start: expected a storage of Optuna, got {without_password(url)}: {reason}"
        ) from error


def _tells(frozen: FrozenTrial) -> bool:
    has_score = frozen.state is TrialState.COMPLETE and math.isfinite(frozen.value or 0.0)
    return has_score or frozen.state is TrialState.PRUNED


def _of_frozen(frozen: FrozenTrial) -> dict[str, Any]:
    ending = ENDINGS[frozen.state]
    score = frozen.value if ending is Ending.COMPLETE else None
    values = [value for _, value in sorted(frozen.intermediate_values.items())]
    curve = [value for value in values if math.isfinite(value)]
    return _entry(frozen.params, ending, score, [] if score is not None else curve)


def _entry(
    params: Mapping[str, Any], ending: Ending, score: float | None, curve: list[float]
) -> dict[str, Any]:
    return {"params": dict(params), "ending": ending.value, "score": score, "curve": curve}
