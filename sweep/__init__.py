"""Hyperparameter sweeps that survive every kill: declare a Study, run it, read its tables."""

from sweep import import_path  # isort: skip  # noqa: F401 - before everything else

from importlib import import_module
from typing import TYPE_CHECKING

from sweep.driver.options import Options
from sweep.errors import Infeasible, OptionError, RunError, StorageError, StudyError, SweepError
from sweep.programs.metrics.log import log
from sweep.programs.program import program
from sweep.pruners.asha import Asha
from sweep.pruners.freeze_thaw import FreezeThaw
from sweep.pruners.hyperband import Hyperband
from sweep.pruners.median import Median
from sweep.pruners.optuna_pruner import OptunaPruner
from sweep.pruners.patient import Patient
from sweep.pruners.percentile import Percentile
from sweep.pruners.threshold import Threshold
from sweep.pruners.wilcoxon import Wilcoxon
from sweep.study.code.loading import load_study
from sweep.study.final import Final
from sweep.study.published import PublishedCurve, PublishedTable, Quantity, tables_in
from sweep.study.sampler import OptunaSampler
from sweep.study.settings import settings
from sweep.study.space import Trial
from sweep.study.stopping import NoImprovement, Target
from sweep.study.study import Study
from sweep.trials.epoch import Epoch
from sweep.trials.evaluation import Evaluation, Exhibit
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.driver.run import run
    from sweep.driver.verify.replay import replay
    from sweep.reports.results import Run

__all__ = [
    "Asha",
    "Epoch",
    "Evaluation",
    "Exhibit",
    "Final",
    "FreezeThaw",
    "Hyperband",
    "Infeasible",
    "Median",
    "NoImprovement",
    "OptionError",
    "Options",
    "OptunaPruner",
    "OptunaSampler",
    "Patient",
    "Percentile",
    "PublishedCurve",
    "PublishedTable",
    "Quantity",
    "Run",
    "RunError",
    "StorageError",
    "Study",
    "StudyError",
    "SweepError",
    "Target",
    "Threshold",
    "Trial",
    "TrialRecord",
    "Wilcoxon",
    "load_study",
    "log",
    "program",
    "replay",
    "run",
    "settings",
    "tables_in",
]

_LAZY = {
    "Run": "sweep.reports.results",
    "replay": "sweep.driver.verify.replay",
    "run": "sweep.driver.run",
}
"""Names that need pandas, Optuna and SQLAlchemy, which a worker process does without."""


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
