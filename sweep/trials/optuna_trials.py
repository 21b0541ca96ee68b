"""This file translates records into the trials that Optuna's storage keeps, and back."""

from dataclasses import asdict
from datetime import UTC, datetime

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from sweep.errors import RunError, StudyError
from sweep.trials.domains import Categorical, Domain, Float, Int
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord, Worker

EPOCH = "epoch:"


def epoch_key(epoch: EpochRecord) -> str:
    """The name of the attribute that holds an epoch."""
    return f"{EPOCH}{epoch.number:05d}"


def to_frozen(record: TrialRecord) -> FrozenTrial:
    """A trial that begins, as the database keeps it."""
    return optuna.trial.create_trial(
        state=TrialState.RUNNING,
        params=record.params,
        distributions={name: to_distribution(d) for name, d in record.domains.items()},
        user_attrs={
            "config": record.config,
            "seed": record.seed,
            "told": record.endings_known,
            "worker": asdict(record.worker) if record.worker else None,
            "reused": record.reused,
        },
    )


def to_record(frozen: FrozenTrial) -> TrialRecord:
    """What the database holds of a trial, as a record.

    Raises:
        RunError: If another program has begun or ended the trial.
    """
    attributes = frozen.user_attrs
    finished = frozen.state.is_finished()
    if "config" not in attributes or (finished and "ending" not in attributes):
        raise RunError(
            f"database: expected trials that sweep began and ended, got trial {frozen.number} of "
            f"another program; leave the writing to `sweep run`"
        )
    epochs = [EpochRecord(**value) for key, value in attributes.items() if key.startswith(EPOCH)]
    ending = attributes["ending"] if finished else {}
    failure = ending.get("failure")
    worker = attributes.get("worker")
    return TrialRecord(
        number=frozen.number,
        params=frozen.params,
        domains={name: to_domain(d) for name, d in frozen.distributions.items()},
        config=attributes["config"],
        seed=attributes["seed"],
        endings_known=attributes["told"],
        ending=Ending(ending.get("ending", "running")),
        ending_number=ending.get("ended", 0),
        score=frozen.value if frozen.state is TrialState.COMPLETE else None,
        score_std=ending.get("spread"),
        reused=attributes.get("reused"),
        epochs=sorted(epochs, key=lambda epoch: epoch.number),
        attempts=attributes.get("attempts", []),
        failure=Failure(Ending(failure["ending"]), failure["message"], failure["traceback"])
        if failure
        else None,
        worker=Worker(**worker) if worker else None,
        started=_in_utc(frozen.datetime_start),
        finished=_in_utc(frozen.datetime_complete),
    )


def _in_utc(local: datetime | None) -> datetime | None:
    """A time that Optuna gives in the zone of this machine; tables are the same in all of them."""
    return local.astimezone(UTC) if local else None


def to_distribution(domain: Domain) -> BaseDistribution:
    """The domain in Optuna's words."""
    match domain:
        case Float(low, high, step, log):
            return FloatDistribution(low, high, step=step, log=log)
        case Int(low, high, step, log):
            return IntDistribution(low, high, step=step, log=log)
        case Categorical(choices):
            return CategoricalDistribution(choices)


def to_domain(distribution: BaseDistribution) -> Domain:
    """The reverse of `to_distribution`."""
    match distribution:
        case FloatDistribution():
            return Float(distribution.low, distribution.high, distribution.step, distribution.log)
        case IntDistribution():
            return Int(distribution.low, distribution.high, distribution.step, distribution.log)
        case CategoricalDistribution():
            return Categorical(distribution.choices)
    raise StudyError(f"database: expected a distribution known here, got {distribution}")


STATES = {  # as the database keeps them
    Ending.RUNNING: TrialState.RUNNING,
    Ending.COMPLETE: TrialState.COMPLETE,
    Ending.PRUNED: TrialState.PRUNED,
    # Optuna's samplers do not see failed trials and would suggest the like again; a pruned trial
    # without any value ranks last of all.
    Ending.DIVERGED: TrialState.PRUNED,
    Ending.TIMEOUT: TrialState.PRUNED,
    Ending.OOM: TrialState.PRUNED,
    Ending.ERROR: TrialState.FAIL,
    Ending.LOST: TrialState.FAIL,
}
