"""Progress in a notebook: below its cell, updated in place."""

import io
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rich.console import Console

from sweep.display.terminal import REFRESH_SECONDS, heading, line
from sweep.display.view import view
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.driver.progress import Event, Snapshot

WIDTH, HEIGHT = 110, 24
"""Columns and rows of the view."""

MAX_LINES = 10
"""Warnings and failures that are shown, the latest ones; the log file has all."""


def in_notebook() -> bool:
    """Return whether this process runs the cells of a notebook."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return getattr(get_ipython(), "kernel", None) is not None  # IPython on a terminal has none


class NotebookStatus:
    """An observer that shows a study's progress below the cell that runs."""

    def __init__(self) -> None:
        self._update: Callable[[str], Any] = _display()
        self._shown_at = 0.0
        self._study = ""
        self._lines: list[str] = []
        self._times: list[float] = []  # of the trials that ended since this driver took over

    def __call__(self, snapshot: "Snapshot", event: "Event") -> None:
        """Refresh the view, and keep what failed in it."""
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            self._times.clear()
            self._lines.append(heading(snapshot))
        if isinstance(event, TrialRecord):
            self._times.append(event.seconds)
            if event.failure is not None:
                self._lines.append(line(snapshot, event).plain)
        elif isinstance(event, str):
            self._lines.append(f"! {event}")
        is_over = not snapshot.counts.running
        if is_over or time.monotonic() - self._shown_at > REFRESH_SECONDS:
            self._shown_at = time.monotonic()
            self._show(_text(view(snapshot, self._times, WIDTH, HEIGHT)))

    def end(self, result: str) -> None:
        """Show how the run ended, in place of the view."""
        self._show(result)

    def _show(self, text: str) -> None:
        head, *others = self._lines or [""]
        self._update("\n".join(filter(None, [head, *others[-MAX_LINES:], text])))


def _display() -> Callable[[str], Any]:
    """Make a place below the cell; return the function that shows a text there."""
    handle = import_module("IPython.display").display({"text/plain": ""}, raw=True, display_id=True)
    return lambda text: handle.update({"text/plain": text}, raw=True)


def _text(content: object) -> str:
    """Return what a terminal would show, without colours."""
    console = Console(file=io.StringIO(), width=WIDTH, force_terminal=False, force_jupyter=False)
    console.print(content)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue().rstrip()
