"""Changes of the space within a run: refused, or recorded if earlier trials keep their meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sweep.driver.identity import another_space, check_space
from sweep.errors import RunError, StudyError
from sweep.storage.trial_table import TrialTable
from sweep.study.fields import space_changes
from sweep.study.study import Study
from sweep.study.translation import drawn_now, fits, former_space
from sweep.trials.domains import Categorical, Domain, Float, Int, Value
from sweep.trials.ranking import finalists
from sweep.trials.records import TrialRecord

KEY = "space"
"""Name of the exact differences in the record of a change."""

ADDED = "added"
"""Name of the values in effect before parameters were added."""

About = Mapping[str, Any]


class Difference(NamedTuple):
    """How one parameter of a trial differs from the same one now.

    Attributes:
        name: The parameter.
        before: Its domain then or, if it is new, its value in effect.
        after: Its domain now.
    """

    name: str
    before: Domain | Value
    after: Domain

    def exact(self) -> list[str]:
        """Return all of it, as texts."""
        return [self.name, repr(self.before), repr(self.after)]


def settle_space(
    study: Study, table: TrialTable, records: list[TrialRecord], *, accept_changes: bool
) -> None:
    """Refuse a space that differs from the recorded one, or record the change.

    Args:
        study: The study as it is now.
        table: Its trials in the database.
        records: The same, as read from it.
        accept_changes: Whether to accept changes that leave the recorded trials comparable.

    Raises:
        RunError: If there is a change that is not accepted.
    """
    about = table.attributes()
    try:
        check_recorded_space(study, records, about)
    except RunError as error:
        found = _differences(study, records)
        if found is None or not _all_needed_fit(study, records):
            raise
        if not accept_changes:
            advice = "undo the change, accept it with --accept-changes, or start another run"
            raise RunError(
                str(error).replace("undo the change, or start another run", advice)
            ) from error
    else:
        return
    change = {
        "from_trial": len(records),
        "before": {KEY: "; ".join(dict.fromkeys(f"{d.name} {d.before}" for d in found))},
        "after": {KEY: "; ".join(dict.fromkeys(f"{d.name} {d.after}" for d in found))},
        KEY: _exact(found),
        ADDED: {d.name: d.before for d in found if not isinstance(d.before, Domain)},
    }
    table.set_attribute("changes", [*about.get("changes", []), change])


def check_recorded_space(study: Study, records: list[TrialRecord], about: About) -> None:
    """Refuse a space that is not the one of the latest trials, or of the latest accepted change.

    Raises:
        RunError: If a parameter is new, missing, or has another domain.
    """
    begin, recorded = (_changes(about) or [(0, [])])[-1]
    check_space(study, records[begin:])
    earlier = records[:begin]
    if earlier and _exact(_differences(study, earlier) or []) != recorded:
        raise another_space(earlier[-1], _first_difference(study, earlier))


def with_former_spaces(
    versions: dict[int, Study], records: list[TrialRecord], about: About
) -> dict[int, Study]:
    """Return versions of a study, each with the space of its time.

    Args:
        versions: The versions, by their first trial, with the space as it is now.
        records: All trials.
        about: The attributes of the study in the database.
    """
    begins = [0, *(begin for begin, _ in _changes(about)), len(records) + 1]
    found = {}
    for first, study in versions.items():
        begin = max(b for b in begins if b <= first)
        end = min(b for b in begins if b > first)
        is_former = begin < begins[-2] and begin < end
        space = former_space(study, records[begin:end]) if is_former else study.space
        found[first] = replace(study, space=space)
    return found


def _changes(about: About) -> list[tuple[int, list[list[str]]]]:
    """Return the first trial after each accepted change of the space, and its differences."""
    return [(change["from_trial"], change[KEY]) for change in space_changes(about)]


def _all_needed_fit(study: Study, records: list[TrialRecord]) -> bool:
    """Return whether all trials that are still to be trained, now or finally, are in range."""
    best = finalists(records, study.sign, study.final.runoff) if study.final else []
    needed = [*best, *(record for record in records if not record.has_ended)]
    return all(fits(drawn_now(study, record.params)) for record in needed)


def _differences(study: Study, records: list[TrialRecord]) -> list[Difference] | None:
    """Return how the trials differ from the space of now; None if they cannot be compared."""
    found: list[Difference] = []
    for record in records:
        try:
            trial = drawn_now(study, record.params)
        except StudyError:
            return None
        for name, after in trial.domains.items():
            before = record.domains.get(name)
            if before is None:
                found.append(Difference(name, trial.params[name], after))
            elif before != after and not _keeps_meaning(before, after):
                return None
            elif before != after:
                found.append(Difference(name, before, after))
    return found


def _exact(found: Sequence[Difference]) -> list[list[str]]:
    return sorted({tuple(d.exact()): d.exact() for d in found}.values())


def _keeps_meaning(before: Domain, after: Domain) -> bool:
    """Return whether a value of one domain means the same in the other."""
    match before, after:
        case (Float(), Float()) | (Int(), Int()):
            return before.log == after.log  # type: ignore[union-attr]
        case Categorical(), Categorical():
            known = {(type(choice), choice) for choice in after.choices}
            return known >= {(type(choice), choice) for choice in before.choices}
    return False


def _first_difference(study: Study, records: list[TrialRecord]) -> str:
    try:
        check_space(study, records)
    except RunError as error:
        return str(error).partition("(")[2].rpartition(")")[0]
    return "the change that was accepted is undone"
