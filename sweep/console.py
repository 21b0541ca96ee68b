"""This file is all that a running sweep prints: a line per ended trial, and the live view."""

import time
from typing import NoReturn

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sweep.live import Pace, view
from sweep.records import Ending, TrialRecord
from sweep.snapshot import Snapshot
from sweep.tables import short

STYLES = {
    Ending.COMPLETE: "green",
    Ending.PRUNED: "dim",
    Ending.DIVERGED: "yellow",
    Ending.TIMEOUT: "yellow",
    Ending.OOM: "yellow",
    Ending.ERROR: "red",
    Ending.LOST: "red",
}


REFRESH_S = 0.25


class Terminal(Console):
    """Where a run prints; a reader that goes away interrupts it."""

    def on_broken_pipe(self) -> NoReturn:
        """Leaves it to the command line what to do then."""
        raise BrokenPipeError


class LiveStatus:
    """Shows a study's progress on a terminal; in a pipe only the lines of ended trials."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=1 / REFRESH_S, transient=True)
        self._shown_at = 0.0
        self._study = ""
        self._pace = Pace()

    def __enter__(self) -> "LiveStatus":
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def __call__(self, snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        """Shows how the study stands, and the trial that ended or what else there is to know."""
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            self._console.print(_opening(snapshot), highlight=False)
            self._pace = Pace()
        if isinstance(event, TrialRecord):
            self._pace.note(event)
            self._print(_line(snapshot, event), whole=event.failure is not None)
        elif event is not None:
            self._print(Text(f"! {event}", "yellow"), whole=True)
        if self._console.is_terminal and time.monotonic() - self._shown_at > REFRESH_S:
            self._shown_at = time.monotonic()
            self._live.update(view(snapshot, self._pace, *self._console.size))

    def _print(self, line: Text, *, whole: bool) -> None:
        """Prints a line; on a terminal it ends where that does, unless it has to be seen whole."""
        if self._console.is_terminal and not whole:
            self._console.print(line, highlight=False, no_wrap=True, overflow="ellipsis")
        else:
            self._console.print(line, highlight=False, soft_wrap=True)


def _opening(snapshot: Snapshot) -> str:
    done = snapshot.standing.n_ended
    before = f", {done} of them done before" if done else ""
    noun = "slot" if snapshot.slots == 1 else "slots"
    return f"{snapshot.study.name}: {snapshot.n_trials} trials{before}, on {snapshot.slots} {noun}"


def _line(snapshot: Snapshot, ended: TrialRecord) -> Text:
    study = snapshot.study
    curve = ended.curve(study.metric)
    score = short(ended.score) if ended.score is not None else short(curve[-1]) if curve else "-"
    mark = "*" if snapshot.standing.best is ended else " "
    what = (
        " ".join(ended.failure.message.split())
        if ended.failure
        else " ".join(f"{name}={short(value)}" for name, value in ended.params.items())
    )
    return Text.assemble(
        (f"{mark} trial {ended.number:>3}  {ended.ending.value:<8}", STYLES[ended.ending]),
        (f"  {study.metric} {score:<9}", "bold" if mark == "*" else ""),
        (f"  {len(ended.epochs):>2} epochs {ended.seconds:6.1f} s  ", ""),
        (what, "dim"),
    )
