"""The errors that netlib raises on purpose; any other exception is a bug.

    NetlibError
    ├── ShapeError        (ValueError)         an array has the wrong shape or dtype
    ├── ConfigError       (ValueError)         a setting is outside its range
    ├── NotBuiltError     (RuntimeError)       a layer is used before `build`
    ├── StateError        (ValueError)         weights or a training state do not fit
    └── DataError         (ValueError)         a data set or a file breaks its format
        └── DataNotFoundError (FileNotFoundError)  a file is not where it should be

Every message reads `where: expected law, got value; what to do`.
"""


class NetlibError(Exception):
    """Base class: catches everything that netlib raises on purpose."""


class ShapeError(NetlibError, ValueError):
    """An array has the wrong shape or dtype."""


class ConfigError(NetlibError, ValueError):
    """A setting of a layer, a schedule or a recipe is outside its range."""


class NotBuiltError(NetlibError, RuntimeError):
    """A layer is used before `build` has given it its parameters."""


class StateError(NetlibError, ValueError):
    """Weights or a training state do not belong to the object they are given to."""


class DataError(NetlibError, ValueError):
    """A data set or a file breaks its format."""


class DataNotFoundError(DataError, FileNotFoundError):
    """A data file is not where it should be."""
