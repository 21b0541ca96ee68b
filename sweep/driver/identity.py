"""This file tells whether a study can run, and is the one that a run was made for."""

from typing import Any

from sweep.driver import fingerprint
from sweep.errors import RunError, StudyError
from sweep.storage.trial_table import TrialTable
from sweep.study.space import Trial, fixed
from sweep.study.study import Study
from sweep.trials.records import TrialRecord

EARLIER: dict[str, Any] = {
    "duplicates": "rerun",
    "repeats": 1,
    "sampler_memory": None,
    "errors": "ignore",
}
"""What a run of an earlier version was, where that version had no choice."""


ACCEPTABLE = {
    *("seed", "sampler", "sampler_memory", "errors", "duplicates", "pruner", "settings"),
    *("code", "data"),
}
"""What may change in the middle of a run, if the user says so: scores keep their meaning."""


def identity(study: Study) -> dict[str, Any]:
    """What must not change between two calls for the same run, as plain values."""
    return {
        "name": study.name,
        "metric": study.metric,
        "direction": "minimize" if study.sign > 0 else "maximize",
        "seed": study.seed,
        "sampler": study.sampler,
        "sampler_memory": study.sampler_memory if study.sampler == "tpe" else None,
        "errors": study.errors if study.sampler == "tpe" else "ignore",
        "pruner": repr(study.pruner),
        "score": study.score,
        "duplicates": study.duplicates,
        "repeats": study.repeats,
        "window": study.window if study.deterministic else None,
        "settings": {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in study.settings.items()
        },
        "code": fingerprint.of_code(study.file),
    }


def check(
    now: dict[str, Any], recorded: dict[str, Any], *, accept_changes: bool = False
) -> dict[str, Any]:
    """Refuses a study that differs from the one a run was made for.

    Args:
        now: What must not change, as it is now: an `identity`, or a part of one.
        recorded: What is on record of the study that the run was made for.
        accept_changes: Whether changes that leave the recorded scores comparable are welcome.

    Returns:
        What has changed and is accepted, as it is now.

    Raises:
        RunError: If anything else has changed; the message names all differences.
    """
    recorded = EARLIER | recorded
    changed = {key: now[key] for key in now if now[key] != recorded.get(key)}
    acceptable = changed.keys() <= ACCEPTABLE
    if changed and not (accept_changes and acceptable):
        differences = "; ".join(f"{k} {recorded.get(k)!r} -> {v!r}" for k, v in changed.items())
        advice = ", accept them with --accept-changes" if acceptable else ""
        raise RunError(
            f"run: expected the study that this run was made for, got changes: {differences}; "
            f"undo them{advice}, or start another run with --name"
        )
    return changed


def check_space(study: Study, records: list[TrialRecord]) -> None:
    """Refuses a space that would not have drawn the recorded trials.

    Raises:
        RunError: If a parameter is new, gone, or drawn from something else.
    """
    for record in records:
        trial = Trial(fixed(record.params))
        try:
            study.space(trial)
        except StudyError as error:
            raise _changed(record, str(error)) from error
        for name in sorted(trial.domains.keys() | record.domains.keys()):
            before, now = record.domains.get(name), trial.domains.get(name)
            if before != now:
                raise _changed(record, f"{name!r} was {before or 'not in it'}, is {now or 'gone'}")


def _changed(record: TrialRecord, what: str) -> RunError:
    return RunError(
        f"run: expected the space that trial {record.number} was drawn from, got another "
        f"({what}); undo the change, or start another run with --name"
    )


def note_changes(
    table: TrialTable, n_trials: int, recorded: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Keeps what has changed, and from which trial on."""
    if not changed:
        return
    before = {key: (EARLIER | recorded).get(key) for key in changed}
    change = {"from_trial": n_trials, "before": before, "after": changed}
    table.set_attribute("changes", [*recorded.get("changes", []), change])
    for key, value in changed.items():
        table.set_attribute(key, value)
