"""Chooses how `sweep.run` shows its progress."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from sweep.display.notebook import NotebookStatus, in_notebook
from sweep.display.terminal import LiveStatus, Terminal


@contextmanager
def status(*, shown: bool) -> Iterator[LiveStatus | NotebookStatus]:
    """Provide an observer for a script or a notebook.

    It writes to standard error, so that what a script prints can be sent to a file or a program.

    Args:
        shown: Whether to show anything.
    """
    if shown and in_notebook():
        yield NotebookStatus()
        return
    terminal = Terminal(stderr=True, quiet=not shown, force_jupyter=False)
    with closing(terminal), LiveStatus(terminal) as live:
        yield live
