"""This file is the last step of a study: train the best configuration, open the test set.

The final training is a study of its own beside the search, in the same database, so that it is
recorded, resumed and kept like any other. Every opening of the test set is on record there.
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from threadpoolctl import threadpool_limits

from sweep.checkpoints.format import decode
from sweep.checkpoints.store import Checkpoints
from sweep.errors import StudyError
from sweep.storage.database import Database
from sweep.storage.trial_table import TrialTable
from sweep.study.space import Trial, fixed
from sweep.study.study import FINAL_SUFFIX, Final, Study
from sweep.trials.domains import Params
from sweep.trials.evaluation import TESTS, Evaluation, Exhibit, TestOpening, test_openings, to_plain
from sweep.trials.records import Ending, TrialRecord


def final_study(study: Study, final: Final, best: Params, done: list[TrialRecord]) -> Study:
    """The study whose last trial trains the best configuration on the final data.

    Earlier final trainings, of configurations that were best then, keep their numbers; so does one
    of the same configuration that failed, which is tried again.
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


def table_of(study: Study, database: Database) -> TrialTable:
    """The table of a study's final trainings, made if there is none yet."""
    metric = study.final.minimize if study.final else ""
    return database.ensure(study.name + FINAL_SUFFIX, minimize=True, attributes={"metric": metric})


def _counts(record: TrialRecord) -> bool:
    return record.ending is Ending.COMPLETE or not record.has_ended


def evaluate(
    study: Study, final: Final, record: TrialRecord, table: TrialTable, checkpoints: Checkpoints
) -> TestOpening:
    """Opens the test set for one final training, once; that it did is recorded first.

    Args:
        study: The final study, as made by `final_study`.
        final: What the search's study declares.
        record: The final training.
        table: Where it is on record.
        checkpoints: Where its last state is.

    Raises:
        StudyError: If `evaluate` returns anything but numbers, or there is nothing to evaluate.
    """
    before = [entry for entry in test_openings(table.attributes()) if entry.metrics is not None]
    done = next((test for test in before if test.trial == record.number), None)
    if done is not None:
        return done
    data = checkpoints.read(record.number, len(record.epochs))
    if data is None:
        raise StudyError(
            f"final: expected the last state of training {record.number} at "
            f"{checkpoints.path(record.number)}, got none; yield a sweep.Epoch with a state"
        )
    history = table.attributes().get(TESTS, [])
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    entry: dict[str, Any] = {"trial": record.number, "params": record.params, "opened": opened}
    table.set_attribute(TESTS, [*history, entry | {"metrics": None}])
    config = study.space(Trial(fixed(record.params)))
    with threadpool_limits(limits=1, user_api="blas"):
        answer = final.evaluate(config, decode(data).state, final.test())
    metrics, exhibits = _parts(answer)
    entry["metrics"] = metrics
    table.set_attribute(TESTS, [*history, entry | {"exhibits": to_plain(exhibits)}])
    return TestOpening(**entry, exhibits=exhibits)


def _parts(answer: Any) -> tuple[dict[str, float], tuple[Exhibit, ...]]:
    """The numbers, and what to look at, of whatever `evaluate` returned."""
    evaluation = answer if isinstance(answer, Evaluation) else Evaluation(answer)
    try:
        metrics = {str(name): float(value) for name, value in evaluation.metrics.items()}
    except (AttributeError, TypeError, ValueError):
        raise StudyError(
            f"final: expected evaluate to return numbers by name, got {evaluation.metrics!r}; "
            f'return {{"test_error": ...}}'
        ) from None
    return metrics, tuple(evaluation.exhibits)
