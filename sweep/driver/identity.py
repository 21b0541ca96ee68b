"""Refuses to resume a run with another study, and records accepted changes."""

from typing import Any

from sweep.errors import Infeasible, RunError, StudyError
from sweep.storage.trial_table import TrialTable
from sweep.study.fields import ACCEPTABLE, EARLIER, difference
from sweep.study.space import Trial, fixed
from sweep.study.study import Study
from sweep.trials.records import TrialRecord


def check(
    now: dict[str, Any], recorded: dict[str, Any], *, accept_changes: bool = False
) -> dict[str, Any]:
    """Refuse a study that differs from the one that a run was made for.

    Args:
        now: What must not change, as it is now: an `identity`, or a part of one.
        recorded: What the run has recorded of its study; what it has not is no change.
        accept_changes: Whether to accept changes that leave the recorded scores comparable.

    Returns:
        The accepted changes: new values by key.

    Raises:
        RunError: If anything else has changed; the message names all differences.
    """
    before = EARLIER | recorded
    differences = {key: difference(key, before[key], now[key]) for key in now if key in before}
    changed = {key: now[key] for key, text in differences.items() if text}
    acceptable = changed.keys() <= ACCEPTABLE
    if changed and not (accept_changes and acceptable):
        advice = ", accept them with --accept-changes" if acceptable else ""
        raise RunError(
            f"run: expected the study that this run was made for, got changes: "
            f"{'; '.join(filter(None, differences.values()))}; undo them{advice}, or start "
            f"another run with --name (in Python: accept_changes=True and name of sweep.Options)"
        )
    return changed


def check_space(study: Study, records: list[TrialRecord]) -> None:
    """Refuse a space that would not have drawn the recorded trials.

    Raises:
        RunError: If a parameter is new, missing, or has another domain.
    """
    for record in records:
        trial = Trial(fixed(record.params))
        try:
            study.space(trial)
        except (StudyError, Infeasible) as error:
            raise another_space(record, str(error)) from error
        for name in sorted(trial.domains.keys() | record.domains.keys()):
            before, now = record.domains.get(name), trial.domains.get(name)
            if before != now:
                difference = f"{name!r} was {before or 'not in it'}, is {now or 'gone'}"
                raise another_space(record, difference)


def settle(table: TrialTable, now: dict[str, Any], n_trials: int, *, accept_changes: bool) -> None:
    """Refuse a study that differs from the recorded one, or record the changes.

    Values that an earlier version did not record are recorded.

    Args:
        table: The table of the study.
        now: What must not change, as it is now.
        n_trials: Number of trials so far; changes hold from this trial on.
        accept_changes: Whether to accept changes that leave the recorded scores comparable.

    Raises:
        RunError: If there are changes that are not accepted.
    """
    recorded = EARLIER | table.attributes()
    changed = check(now, recorded, accept_changes=accept_changes)
    if changed:
        before = {key: recorded[key] for key in changed}
        change = {"from_trial": n_trials, "before": before, "after": changed}
        table.set_attribute("changes", [*recorded.get("changes", []), change])
    for key in now:
        if key not in recorded or now[key] != recorded[key]:
            table.set_attribute(key, now[key])


def another_space(record: TrialRecord, difference: str) -> RunError:
    """Return the error for a space that is not the one of a trial."""
    return RunError(
        f"run: expected the space that trial {record.number} was drawn from, got another "
        f"({difference}); undo the change, or start another run with --name"
    )
