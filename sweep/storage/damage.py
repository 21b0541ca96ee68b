"""What is told of a database whose records are not as sweep writes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from sweep.errors import StorageError, SweepError


@contextmanager
def damage_named() -> Iterator[None]:
    """Explain the exceptions of code that reads records.

    Raises:
        StorageError: If a record cannot be read.
    """
    try:
        yield
    except SweepError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        raise StorageError(
            f"database: expected records as sweep writes them, got {type(error).__name__}: "
            f"{error}; restore the database from a copy, or start another run with --name"
        ) from error
