"""The last step of a study: retrain the best configuration, then evaluate it on the test set.

The final trainings are a study of their own, in the same database as the search, so that they are
recorded, resumed and kept like any other. Its attributes record every opening of the test set.
"""

from dataclasses import replace
from datetime import UTC, datetime
from statistics import fmean
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
from sweep.trials.epoch import State
from sweep.trials.evaluation import TESTS, Evaluation, Exhibit, TestOpening, test_openings, to_plain
from sweep.trials.records import Ending, TrialRecord


def final_study(study: Study, final: Final, chosen: Params, done: list[TrialRecord]) -> Study:
    """Return the study whose last trials train the chosen configuration on the final data.

    Earlier final trainings, of configurations that were chosen at the time, keep their numbers.
    So do failed ones of the same configuration, which is then tried again.

    Args:
        study: The search.
        final: Its final step.
        chosen: Parameters of the trial that was the best, or won the runoff.
        done: The final trainings so far.
    """

    def space(trial: Trial) -> Any:
        config = study.space(trial)
        return final.config(config) if final.config else config

    missing = missing_trainings([chosen] * final.repeats, without_failed(done))
    last = retraining(study, FINAL_SUFFIX, done, missing)
    return replace(
        last, space=space, data=final.data, minimize=final.minimize, maximize=None, keep="all"
    )


def retraining(study: Study, suffix: str, done: list[TrialRecord], missing: list[Params]) -> Study:
    """Return the study that trains given parameters in the same way as `study`, with other seeds.

    Args:
        study: The search.
        suffix: Added to its name.
        done: Trainings on record, which keep their numbers.
        missing: Parameters of further ones, in the order in which to train them.
    """
    all_params = [*(record.params for record in done), *missing]
    return replace(
        study,
        name=study.name + suffix,
        constraints={},
        trials=len(all_params),
        until=(),
        warm_start=(),
        first=tuple(all_params),
        sampler="random",
        duplicates="rerun",
        repeats=1,
        pruner=None,
        keep="best",
        final=None,
        tables=(),
    )


def missing_trainings(wanted: list[Params], done: list[TrialRecord]) -> list[Params]:
    """Return the parameters that are wanted more often than they were trained."""
    left = [record.params for record in done]
    missing = []
    for params in wanted:
        if params in left:
            left.remove(params)
        else:
            missing.append(params)
    return missing


def without_failed(records: list[TrialRecord]) -> list[TrialRecord]:
    """Return the trainings that are complete or still running."""
    return [r for r in records if r.ending is Ending.COMPLETE or not r.has_ended]


def final_table(study: Study, final: Final, database: Database) -> TrialTable:
    """Return the table of a study's final trainings; create it if there is none yet."""
    attributes = {"metric": final.minimize, "repeats": final.repeats}
    table = database.ensure(study.name + FINAL_SUFFIX, minimize=True, attributes=attributes)
    if table.attributes().get("repeats", 1) != final.repeats:
        table.set_attribute("repeats", final.repeats)
    return table


def evaluate(
    study: Study,
    final: Final,
    trained: list[TrialRecord],
    table: TrialTable,
    checkpoints: Checkpoints,
) -> TestOpening:
    """Open the test set for the final trainings of a configuration, once for all of them.

    The opening is recorded beforehand.

    Args:
        study: The final study, as returned by `final_study`.
        final: The final step that the search's study declares.
        trained: The final trainings, at least one.
        table: The table of final trainings.
        checkpoints: The checkpoints of final trainings.

    Raises:
        StudyError: If `evaluate` returns anything but numbers, or a training left no state.
    """
    numbers = [record.number for record in trained]
    before = [entry for entry in test_openings(table.attributes()) if entry.metrics is not None]
    done = next((test for test in before if test.trainings == numbers), None)
    if done is not None:
        return done
    states = [_state(study, record, checkpoints) for record in trained]
    history = table.attributes().get(TESTS, [])
    opened = datetime.now(UTC).isoformat(timespec="seconds")
    entry: dict[str, Any] = {"trial": numbers[0], "params": trained[0].params, "opened": opened}
    entry |= {"trials": numbers} if numbers[1:] else {}
    table.set_attribute(TESTS, [*history, entry | {"metrics": None}])
    entry |= _results(study, final, trained[0].params, states)
    table.set_attribute(TESTS, [*history, entry])
    return test_openings({TESTS: [entry]})[0]


def _results(study: Study, final: Final, params: Params, states: list[State]) -> dict[str, Any]:
    """Open the test set, and return what these states reach on it, as JSON values."""

    def config() -> Any:  # each call gets one of its own: they may change it
        return study.space(Trial(fixed(params)))

    with threadpool_limits(limits=1, user_api="blas"):
        test_set = final.test()
        answers = [_parts(final.evaluate(config(), state, test_set)) for state in states]
        each, exhibits = [metrics for metrics, _ in answers], to_plain(answers[0][1])
        if len(states) == 1:
            return {"metrics": each[0], "exhibits": exhibits}
        together: dict[str, Any] = {}
        if final.ensemble is not None:
            together["ensemble"], more = _parts(final.ensemble(config(), states, test_set))
            exhibits += to_plain(more)
    values = {name: [metrics[name] for metrics in each if name in metrics] for name in each[0]}
    means = {name: fmean(numbers) for name, numbers in values.items()}
    return {"metrics": means, "each": each, "exhibits": exhibits, **together}


def _state(study: Study, record: TrialRecord, checkpoints: Checkpoints) -> State:
    state, reason = state_of(record, checkpoints, study.score, study.metric, study.sign)
    if state is None:
        raise StudyError(
            f"final: expected the state of training {record.number} at "
            f"{checkpoints.path(record.number)}, got none ({reason}); yield a sweep.Epoch with a "
            f"state, and start over with --name"
        )
    return state


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
