"""Every error that sweep raises on purpose.

    SweepError                      something that the user can fix
    ├── StudyError    (ValueError)  the study file, or what its functions return
    │   └── EpochError              a wrong or missing epoch, perhaps of some parameters only
    ├── RunError      (ValueError)  a run directory: missing, in use, or of another study
    ├── ProgramError (RuntimeError) a program that trains failed: the failure of its trial
    ├── OptionError   (ValueError)  a value given on the command line or to `sweep.run`
    └── StorageError  (OSError)     the disk or the database failed
        └── CorruptCheckpointError  a checkpoint does not hold the bytes that were written

The command line prints these, and what the operating system refuses, as one line and exits with 2.
A study's `space` raises `Infeasible`, which is no error: the configuration is drawn again.
Any other exception is a bug in sweep: the command line says so, and it keeps its traceback.
"""


class SweepError(Exception):
    """Base of all errors that the user can fix."""


class Infeasible(Exception):  # noqa: N818 - no error: it has a trial drawn again
    """Raise this in `space` for a configuration that cannot be trained; another one is drawn."""


class StudyError(SweepError, ValueError):
    """A study file, or something that one of its functions returned, breaks the contract."""


class EpochError(StudyError):
    """A wrong or missing epoch: perhaps the study's mistake, perhaps of some parameters only."""


class RunError(SweepError, ValueError):
    """A run directory cannot be used for what was asked."""


class ProgramError(SweepError, RuntimeError):
    """A program that trains has failed, which is the failure of its trial."""


class OptionError(SweepError, ValueError):
    """An option has a value that cannot be used."""


class StorageError(SweepError, OSError):
    """The disk or the database failed."""


class CorruptCheckpointError(StorageError):
    """A checkpoint is torn, or its bytes are not those that were written."""


def not_installed(package: str, extra: str) -> OptionError:
    """Return the error for a missing optional package, with the command that installs it.

    Args:
        package: Name of the package that cannot be imported.
        extra: The extra of this project that installs it.
    """
    return OptionError(f"{package} is not installed: in your clone, pip install -e '.[{extra}]'")
