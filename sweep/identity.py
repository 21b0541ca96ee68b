"""This file tells whether a study can run, and is the one that a run was made for."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sweep.errors import RunError, StudyError, SweepError
from sweep.records import TrialRecord
from sweep.sampling import Sampling
from sweep.space import Trial, plain, replay
from sweep.study import Study

N_PROBES = 8


def identity(study: Study) -> dict[str, Any]:
    """What must not change between two calls for the same run, as plain values."""
    return {
        "name": study.name,
        "metric": study.metric,
        "direction": "minimize" if study.sign > 0 else "maximize",
        "seed": study.seed,
        "sampler": study.sampler,
        "pruner": repr(study.pruner),
        "score": study.score,
        "settings": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in study.settings.items()
        },
    }


def check_identity(study: Study, recorded: dict[str, Any]) -> None:
    """Refuses a study that differs from the one a run was made for.

    Raises:
        RunError: If it does; the message names all differences.
    """
    now = identity(study)
    changes = [f"{k} {recorded.get(k)!r} -> {now[k]!r}" for k in now if now[k] != recorded.get(k)]
    if changes:
        raise RunError(
            f"run: expected the study that this run was made for, got changes: "
            f"{'; '.join(changes)}; undo them, or start another run with --name"
        )


def check_space(study: Study, records: list[TrialRecord]) -> None:
    """Refuses a space that would not have drawn the recorded trials.

    Raises:
        RunError: If a parameter is new, gone, or drawn from something else.
    """
    for record in records:
        trial = Trial(replay(record.params))
        try:
            study.space(trial)
        except StudyError as error:
            raise _changed(record, str(error)) from error
        for name in sorted(trial.domains.keys() | record.domains.keys()):
            before, now = record.domains.get(name), trial.domains.get(name)
            if before != now:
                raise _changed(record, f"parameter {name!r} was {before} and is {now}")


def probe(study: Study) -> None:
    """Draws a few configurations on paper, so that a broken space is refused before it costs.

    Raises:
        StudyError: If the space raises, or returns no configuration.
    """
    sampling = guarded("space", lambda: Sampling(study), study)
    for number in range(min(N_PROBES, sampling.limit or N_PROBES)):
        plain(guarded("space", partial(_configure, study, sampling, number), study))


def _configure(study: Study, sampling: Sampling, number: int) -> Any:
    return study.space(sampling.ask(number))


def guarded(where: str, call: Callable[[], Any], study: Study) -> Any:
    """The result of a function of the study; whatever it raises is the study's to mend.

    Raises:
        StudyError: If it raises anything.
    """
    try:
        return call()
    except SweepError:
        raise
    except Exception as error:
        raise StudyError(
            f"{where}: expected no exception, got {type(error).__name__}: {error}; mend {where} in "
            f"study {study.name!r}"
        ) from error


def _changed(record: TrialRecord, what: str) -> RunError:
    return RunError(
        f"run: expected the space that trial {record.number} was drawn from, got another "
        f"({what}); undo the change, or start another run with --name"
    )
