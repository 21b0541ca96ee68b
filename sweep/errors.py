"""This file holds every error that sweep raises on purpose.

    SweepError                      what the user can mend
    ├── StudyError    (ValueError)  the study file, or what its functions return
    ├── RunError      (ValueError)  a run directory: another study's, another driver's, or none
    ├── OptionError   (ValueError)  a value given on the command line or to `sweep.run`
    └── StorageError  (OSError)     the disk or the database refuses to keep what it is given
        └── CorruptCheckpointError  a checkpoint's bytes are not those that were written

The command line prints these as one line and exits with 2. Anything else that escapes is a bug of
ours and keeps its traceback.
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


class CorruptCheckpointError(StorageError):
    """A checkpoint is torn, or its bytes are not those that were written."""
