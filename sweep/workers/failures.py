"""Describes the exceptions that trainings raise."""

import traceback

from sweep.errors import ProgramError
from sweep.study.code.user_code import text_of
from sweep.text import printable
from sweep.trials.records import Ending, Failure


def ending_of(error: BaseException) -> Ending:
    """Return how a training ends that raises this: Optuna's TrialPruned means pruned."""
    names = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    return Ending.PRUNED if "optuna.TrialPruned" in names else Ending.ERROR


def failure_of(ending: Ending, error: BaseException, why: str = "") -> Failure:
    """Describe an exception, and its traceback without the frames of the file that caught it."""
    frames = error.__traceback__
    own = frames.tb_frame.f_code.co_filename if frames else ""
    while frames is not None and frames.tb_frame.f_code.co_filename == own:
        frames = frames.tb_next
    if isinstance(error, ProgramError):
        frames = None  # its own calls are in what it has printed; ours tell nothing
    trace = printable("".join(traceback.format_exception(type(error), error, frames)))
    message = f"{type(error).__name__}: {text_of(error)}".removesuffix(": ") + why
    return Failure(ending, message, trace)
