"""This file tells whether a study can run, and is the one that a run was made for."""

from functools import partial
from typing import Any

from sweep.errors import RunError, StudyError
from sweep.loading import guarded
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
        "window": study.window if study.deterministic else None,
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
                raise _changed(record, f"{name!r} was {before or 'not in it'}, is {now or 'gone'}")


def probe(study: Study) -> None:
    """Draws a few configurations on paper, so that a broken space is refused before it costs.

    Raises:
        StudyError: If the space raises, or returns no configuration.
    """
    sampling = Sampling(study)
    for number in range(min(N_PROBES, sampling.limit or N_PROBES)):
        trial = sampling.ask(number)
        plain(guarded("space", partial(study.space, trial), study))


def _changed(record: TrialRecord, what: str) -> RunError:
    return RunError(
        f"run: expected the space that trial {record.number} was drawn from, got another "
        f"({what}); undo the change, or start another run with --name"
    )
