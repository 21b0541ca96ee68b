"""Conversion of trial records to and from Optuna's trials, for its storage and its samplers."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState

from sweep.errors import RunError, StudyError
from sweep.trials.domains import Categorical, Domain, Float, Int, Value
from sweep.trials.records import Ending, EpochRecord, Failure, Pause, TrialRecord
from sweep.trials.worker import to_worker

STATES = {
    Ending.RUNNING: TrialState.RUNNING,
    Ending.COMPLETE: TrialState.COMPLETE,
    Ending.PRUNED: TrialState.PRUNED,
    # Optuna's samplers ignore failed trials and would suggest similar ones again; a pruned trial
    # without any value ranks last of all.
    Ending.DIVERGED: TrialState.PRUNED,
    Ending.TIMEOUT: TrialState.PRUNED,
    Ending.OOM: TrialState.PRUNED,
    Ending.ERROR: TrialState.FAIL,
    Ending.LOST: TrialState.FAIL,
}
"""Optuna's state for each ending, as recorded in the database."""


EPOCH = "epoch:"

INFEASIBLE_DRAWS = "infeasible_draws"

CONSTRAINT = "constraints:"
"""Begins the names of the system attributes in which Optuna looks for a trial's constraints."""


def epoch_key(number: int) -> str:
    """Return the name of the trial attribute that holds an epoch."""
    return f"{EPOCH}{number:05d}"


def create_trial(record: TrialRecord, **fields: Any) -> FrozenTrial:
    """Return an Optuna trial with the parameters of a record.

    Args:
        record: The trial.
        **fields: Further arguments of `optuna.trial.create_trial`, such as `state` and `value`.
    """
    distributions = {name: to_distribution(domain) for name, domain in record.domains.items()}
    return optuna.trial.create_trial(params=record.params, distributions=distributions, **fields)


def constraint_attributes(record: TrialRecord) -> dict[str, float]:
    """Return the system attributes that tell Optuna how far a trial violates its constraints."""
    return {CONSTRAINT + name: value for name, value in record.violations.items()}


def to_frozen(record: TrialRecord) -> FrozenTrial:
    """Return a trial that has just begun, as the database keeps it."""
    attributes: dict[str, Any] = {
        "config": record.config,
        "seed": record.seed,
        "told": record.endings_known,
        "worker": asdict(record.worker) if record.worker else None,
        "reused": record.reused,
        **({"given": record.given, "source": record.source} if record.source else {}),
    }
    if record.jobs != [record.number + 1]:
        attributes["jobs"] = record.jobs
    if record.infeasible_draws:
        attributes[INFEASIBLE_DRAWS] = record.infeasible_draws
    return create_trial(record, state=TrialState.RUNNING, user_attrs=attributes)


def to_record(frozen: FrozenTrial) -> TrialRecord:
    """Return the record of a trial from the database.

    Raises:
        RunError: If another program began or ended the trial.
    """
    attributes = frozen.user_attrs
    finished = frozen.state.is_finished()
    if "config" not in attributes or (finished and "ending" not in attributes):
        raise RunError(
            f"database: expected trials that sweep began and ended, got trial {frozen.number} of "
            f"another program; let only `sweep run` write to it"
        )
    epochs = [EpochRecord(**value) for key, value in attributes.items() if key.startswith(EPOCH)]
    ending = attributes["ending"] if finished else {}
    failure, worker = ending.get("failure"), attributes.get("worker")
    values = frozen.values or [] if frozen.state is TrialState.COMPLETE else []
    return TrialRecord(
        number=frozen.number,
        params=frozen.params,
        domains={name: to_domain(d) for name, d in frozen.distributions.items()},
        config=attributes["config"],
        seed=attributes["seed"],
        endings_known=attributes["told"],
        ending=Ending(ending.get("ending", "running")),
        ending_number=ending.get("ended", 0),
        score=next(iter(values), None),
        further_scores=tuple(values[1:]),
        violations=frozen.constraints,
        infeasible_draws=attributes.get(INFEASIBLE_DRAWS, 0),
        score_std=ending.get("spread"),
        given=attributes.get("given", {}),
        source=attributes.get("source", ""),
        reused=attributes.get("reused"),
        epochs=sorted(epochs, key=lambda epoch: epoch.number),
        attempts=attributes.get("attempts", []),
        failure=Failure(**failure | {"ending": Ending(failure["ending"])}) if failure else None,
        worker=to_worker(worker) if worker else None,
        jobs=attributes.get("jobs", []),
        pauses=[Pause(*pause) for pause in attributes.get("pauses", [])],
        kept=ending.get("kept"),
        started=_in_utc(frozen.datetime_start),
        finished=_in_utc(frozen.datetime_complete),
    )


def _in_utc(local: datetime | None) -> datetime | None:
    """Convert Optuna's times, which are in this machine's zone; tables must not depend on it."""
    return local.astimezone(UTC) if local else None


def to_distribution(domain: Domain) -> BaseDistribution:
    """Return Optuna's distribution for a domain."""
    match domain:
        case Float(low, high, step, log):
            return FloatDistribution(low, high, step=step, log=log)
        case Int(low, high, step, log):
            return IntDistribution(low, high, step=step, log=log)
        case Categorical(choices):
            return CategoricalDistribution(choices)


def suggest(asked: optuna.Trial, name: str, domain: Domain) -> Value:
    """Return the value that Optuna suggests for a parameter of a trial."""
    match domain:
        case Float(low, high, step, log):
            return asked.suggest_float(name, low, high, step=step, log=log)
        case Int(low, high, step, log):
            return asked.suggest_int(name, low, high, step=step, log=log)
        case Categorical(choices):
            return asked.suggest_categorical(name, choices)


def to_domain(distribution: BaseDistribution) -> Domain:
    """Return the domain for one of Optuna's distributions.

    Raises:
        StudyError: If sweep never uses such a distribution.
    """
    match distribution:
        case FloatDistribution(low=low, high=high, step=step, log=log):
            return Float(low, high, step, log)
        case IntDistribution(low=low, high=high, step=step, log=log):
            return Int(low, high, step, log)
        case CategoricalDistribution(choices=choices):
            return Categorical(choices)
    raise StudyError(f"database: expected a distribution known here, got {distribution}")
