"""The runoff: the best trials of the search are trained again, with other seeds.

The best score of a search is too good, since it was selected among many. So the runoff decides by
new scores alone. It is a study of its own, in the same database.
"""

from sweep.driver.final import missing_trainings, retraining, without_failed
from sweep.storage.database import Database
from sweep.storage.trial_table import TrialTable
from sweep.study.final import RUNOFF_SUFFIX, Final
from sweep.study.study import Study
from sweep.trials.ranking import runoff_is_over, winner
from sweep.trials.records import TrialRecord


def runoff_table(study: Study, final: Final, database: Database) -> TrialTable | None:
    """Return the table of a study's runoff; None if the study has none and never had.

    It records by which rule the reports find the winner.
    """
    name = study.name + RUNOFF_SUFFIX
    if final.runoff == 1 and name not in database.studies():
        return None
    rule = {"finalists": final.runoff, "repeats": final.runoff_repeats}
    table = database.ensure(name, minimize=study.sign > 0, attributes=rule)
    for key, value in rule.items():
        if table.attributes()[key] != value:
            table.set_attribute(key, value)
    return table


def runoff_study(
    study: Study, final: Final, finalists: list[TrialRecord], done: list[TrialRecord]
) -> Study:
    """Return the study that trains each finalist often enough, as the search does.

    Earlier trainings keep their numbers. Those that failed are tried again only if no finalist is
    left.

    Args:
        study: The search.
        final: Its final step.
        finalists: The best trials of the search, best first.
        done: The trainings of the runoff so far.
    """
    wanted = [finalist.params for _ in range(final.runoff_repeats) for finalist in finalists]
    missing = missing_trainings(wanted, done)
    is_over = runoff_is_over(finalists, done, final.runoff_repeats)
    if is_over and winner(finalists, done, final.runoff_repeats, study.sign) is None:
        missing = missing_trainings(wanted, without_failed(done))
    return retraining(study, RUNOFF_SUFFIX, done, missing)
