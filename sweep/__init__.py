"""Hyperparameter sweeps that survive every kill: declare a Study, run it, read its tables."""

from sweep.errors import OptionError, RunError, StorageError, StudyError, SweepError
from sweep.exhibits import Evaluation, Exhibit
from sweep.loading import load_study
from sweep.options import Options
from sweep.presentation import Curve, Figure, Rows, tables_in
from sweep.pruning import Asha, Median
from sweep.records import Epoch, TrialRecord
from sweep.results import Run
from sweep.run import run
from sweep.settings import settings
from sweep.space import Trial
from sweep.study import Final, Study

__all__ = [
    "Asha",
    "Curve",
    "Epoch",
    "Evaluation",
    "Exhibit",
    "Figure",
    "Final",
    "Median",
    "OptionError",
    "Options",
    "Rows",
    "Run",
    "RunError",
    "StorageError",
    "Study",
    "StudyError",
    "SweepError",
    "Trial",
    "TrialRecord",
    "load_study",
    "run",
    "settings",
    "tables_in",
]
