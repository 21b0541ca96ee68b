"""The last step of a study: retrain the best configuration, then evaluate it on the test set.

The final training is a study of its own, in the same database as the search, so that it is
recorded, resumed and kept like any other. Its attributes record every opening of the test set.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from threadpoolctl import threadpool_limits

from sweep.checkpoints.kept import state_of
from sweep.checkpoints.store import Checkpoints
from sweep.errors import StudyError
from sweep.storage.database import Database
from sweep.storage.trial_table import TrialTable
from sweep.study.final import FINAL_SUFFIX, Final
from sweep.study.space import Trial, fixed
from sweep.study.study import Study
from sweep.trials.domains import Params
from sweep.trials.evaluation import TESTS, Evaluation, Exhibit, TestOpening, test_openings, to_plain
from sweep.trials.records import Ending, TrialRecord


def final_study(study: Study, final: Final, best: Params, done: list[TrialRecord]) -> Study:
    """Return the study whose last trial trains the best configuration on the final data.

    Earlier final trainings, of configurations that were the best at the time, keep their numbers.
    So does a failed one of the same configuration, which is then tried again.

    Args:
        study: The search.
        final: Its final step.
        best: Parameters of its best trial.
        done: The final trainings so far.
    """

    def space(trial: Trial) -> Any:
        config = study.space(trial)
        return final.config(config) if final.config else config

    all_params = [record.params for record in done]
    if not any(record.params == best and _counts(record) for record in done):
        all_params.append(best)
    return replace(
        study,
        name=study.name + FINAL_SUFFIX,
        space=space,
        data=final.data,
        minimize=final.minimize,
        maximize=None,
        trials=len(all_params),
        first=tuple(all_params),
        sampler="random",
        repeats=1,
        pruner=None,
        keep="all",
        final=None,
        tables=(),
    )


def final_table(study: Study, database: Database) -> TrialTable:
    """Return the table of a study's final trainings; create it if there is none yet."""
    attributes = {"metric": study.final.minimize if study.final else ""}
    return database.ensure(study.name + FINAL_SUFFIX, minimize=True, attributes=attributes)


def evaluate(
    study: Study, final: Final, record: TrialRecord, table: TrialTable, checkpoints: Checkpoints
) -> TestOpening:
    """Open the test set for one final training, once; the opening is recorded beforehand.

    Args:
        study: The final study, as returned by `final_study`.
        final: The final step that the search's study declares.
        record: The final training.
        table: The table of final trainings.
        checkpoints: The checkpoints of final trainings.

    Raises:
        StudyError: If `evaluate` returns anything but numbers, or the training left no state.
    """
    before = [entry for entry in test_openings(table.attributes()) if entry.metrics is not None]
    done = next((test for test in before if test.trial == record.number), None)
    if done is not None:
        return done
    state, reason = state_of(record, checkpoints, study.score, study.metric, study.sign)
    if state is None:
        raise StudyError(
            f"final: expected the state of training {record.number} at "
            f"{checkpoints.path(record.number)}, got none ({reason}); yield a sweep.Epoch with a "
            f"state, and start over with --name"
        )
    history = table.attributes().get(TESTS, [])
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    entry: dict[str, Any] = {"trial": record.number, "params": record.params, "opened": opened}
    table.set_attribute(TESTS, [*history, entry | {"metrics": None}])
    config = study.space(Trial(fixed(record.params)))
    with threadpool_limits(limits=1, user_api="blas"):
        answer = final.evaluate(config, state, final.test())
    metrics, exhibits = _parts(answer)
    entry["metrics"] = metrics
    table.set_attribute(TESTS, [*history, entry | {"exhibits": to_plain(exhibits)}])
    return TestOpening(**entry, exhibits=exhibits)


def _parts(answer: Any) -> tuple[dict[str, float], tuple[Exhibit, ...]]:
    """Return the metrics and the exhibits in what `evaluate` returned."""
    evaluation = answer if isinstance(answer, Evaluation) else Evaluation(answer)
    try:
        metrics = {str(name): float(value) for name, value in evaluation.metrics.items()}
    except (AttributeError, TypeError, ValueError):
        raise StudyError(
            f"final: expected evaluate to return numbers by name, got {evaluation.metrics!r}; "
            f'return {{"test_error": ...}}'
        ) from None
    return metrics, tuple(evaluation.exhibits)


def _counts(record: TrialRecord) -> bool:
    """Return whether a final training need not be tried again."""
    return record.ending is Ending.COMPLETE or not record.has_ended
