"""This file holds every error that sweep raises on purpose.

    SweepError                     the user can mend it; the command line prints one line and exits with 2
    ├── StudyError  (ValueError)   the study file, or what its functions return
    ├── RunError    (ValueError)   the run directory: another study's, another driver's, or not there
    ├── OptionError (ValueError)   a value given on the command line or to `sweep.run`
    └── StorageError (OSError)     the disk or the database refuses to keep what it is given

Anything else that escapes is a bug of ours and keeps its traceback.
"""


class SweepError(Exception):
    """Base of all errors that the user can mend."""


class StudyError(SweepError, ValueError):
    """A study file, or something that one of its functions returned, breaks the contract."""


class RunError(SweepError, ValueError):
    """A run directory cannot be used for what was asked."""


class OptionError(SweepError, ValueError):
    """An option has a value that cannot be used."""


class StorageError(SweepError, OSError):
    """The disk or the database refused to keep what it was given."""
