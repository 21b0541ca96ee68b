"""The tables of Optuna's storage that hold trials, as far as they are written here."""

from optuna.trial import TrialState
from sqlalchemy import DateTime, Enum, column, table

TRIALS = table(
    "trials",
    *map(column, ("trial_id", "study_id", "number")),
    column("state", Enum(TrialState)),
    column("datetime_start", DateTime),
    column("datetime_complete", DateTime),
)

PARAMS = table(
    "trial_params", *map(column, ("trial_id", "param_name", "param_value", "distribution_json"))
)

ATTRIBUTES = table("trial_user_attributes", *map(column, ("trial_id", "key", "value_json")))

SYSTEM_ATTRIBUTES = table(
    "trial_system_attributes", *map(column, ("trial_id", "key", "value_json"))
)

SCORES = table("trial_values", *map(column, ("trial_id", "objective", "value", "value_type")))

VALUES = table(
    "trial_intermediate_values",
    *map(column, ("trial_id", "step", "intermediate_value", "intermediate_value_type")),
)
