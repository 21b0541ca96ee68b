"""What a running sweep prints: a line per ended trial and, on a terminal, a live view below."""

import io
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sweep.display.view import view
from sweep.files import StandardOutput, copy_of
from sweep.text import short, terminal_text
from sweep.trials.records import Ending, TrialRecord
from sweep.workers.messages import Output

if TYPE_CHECKING:
    from sweep.driver.progress import Event, Snapshot

STYLES = {Ending.COMPLETE: "green", Ending.PRUNED: "dim", Ending.ERROR: "red", Ending.LOST: "red"}
"""How a trial is printed by its ending; yellow by any other."""

REFRESH_SECONDS = 0.25

MAX_UNFINISHED = 4096
"""Bytes that a trial can print without a newline before `--show-output` shows them."""


class Terminal(Console):
    """Where a run prints; raises BrokenPipeError when nobody reads it any more."""

    def __init__(self, *, stderr: bool = False, **options: Any) -> None:
        """Print where this process does now, also while a trial's output is captured."""
        stream = sys.stderr if stderr else sys.stdout
        self._own = None if "file" in options else _copy(stream)
        place: dict[str, Any] = {"file": self._own or stream}
        super().__init__(**place | options)

    def close(self) -> None:
        """Close what this has opened."""
        if self._own is not None:
            self._own.close()

    def on_broken_pipe(self) -> NoReturn:
        """Leave the consequence to the command line; rich would exit at once."""
        raise BrokenPipeError


class LiveStatus:
    """An observer that prints a study's progress; the live view only on a terminal."""

    def __init__(self, console: Console, *, show_output: bool = False) -> None:
        """Print to `console`; with `show_output`, what trials print, too."""
        self._console = console
        self._shows_output = show_output
        self._unfinished: dict[int, bytes] = {}  # by trial, what it has printed of its next line
        self._is_live = console.is_terminal and not console.quiet
        self._live = Live(console=console, refresh_per_second=1 / REFRESH_SECONDS, transient=True,
                          redirect_stdout=bool(sys.stdout) and sys.stdout.isatty())  # fmt: skip
        self._shown_at = 0.0
        self._study = ""
        self._times: list[float] = []  # of the trials that ended since this driver took over

    def __enter__(self) -> "LiveStatus":
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._live.stop()

    def __call__(self, snapshot: "Snapshot", event: "Event") -> None:
        """Print the trial that ended, or a warning, and refresh the live view."""
        if snapshot.study.name != self._study:
            self._study = snapshot.study.name
            self._times.clear()
            self._console.print(heading(snapshot), highlight=False)
        if isinstance(event, Output):
            self._show(event.trial, event.text)
        elif isinstance(event, TrialRecord):
            self._show(event.number, b"\n" if event.number in self._unfinished else b"")
            self._times.append(event.seconds)
            self._print(line(snapshot, event), whole=event.failure is not None)
        elif event is not None:
            self._print(Text(f"! {event}", "yellow"), whole=True)
        if self._is_live and time.monotonic() - self._shown_at > REFRESH_SECONDS:
            self._shown_at = time.monotonic()
            self._live.update(view(snapshot, self._times, *self._console.size))

    def _show(self, trial: int, text: bytes) -> None:
        """Print the lines of a trial that are complete; of a very long one, what there is."""
        if not self._shows_output:
            return
        lines, newline, rest = (self._unfinished.pop(trial, b"") + text).rpartition(b"\n")
        if len(rest) > MAX_UNFINISHED:
            lines, newline, rest = lines + newline + rest, b"\n", b""
        if rest:
            self._unfinished[trial] = rest
        for printed in terminal_text(lines).split("\n") if newline else []:
            self._print(Text.assemble((f"trial {trial}: ", "cyan"), printed), whole=True)

    def end(self, result: str) -> None:
        """Print how the run ended."""
        self._live.stop()
        self._print(Text(result), whole=True)

    def _print(self, text: Text, *, whole: bool) -> None:
        """Print a line; cut it at the edge of a terminal, unless it has to be read whole."""
        cut = self._console.is_terminal and not whole
        self._console.print(text, highlight=False, soft_wrap=not cut, no_wrap=True,
                            overflow="ellipsis" if cut else "ignore")  # fmt: skip


def relative(path: Path) -> Path:
    """Return a path relative to the current directory if it is below it, else unchanged."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _copy(stream: TextIO) -> TextIO | None:
    """Return a stream to the same place with a descriptor of its own; None if it has none."""
    try:
        raw = StandardOutput(copy_of(stream.fileno()), "w")
    except (AttributeError, io.UnsupportedOperation):
        return None
    # Nothing is kept in memory, so nothing is left to write when the reader has gone.
    return io.TextIOWrapper(raw, stream.encoding, stream.errors, write_through=True)


def heading(snapshot: "Snapshot") -> str:
    """Return what is about to run."""
    n, done, slots = snapshot.n_trials, snapshot.counts.n_ended, snapshot.slots
    before = f", {done} of them already done" if done else ""
    return f"{snapshot.study.name}: {n} trials{before}, on {slots} slot{'s' * (slots != 1)}"


def line(snapshot: "Snapshot", ended: TrialRecord) -> Text:
    """Return how a trial ended, in one line."""
    metrics = [goal.metric for goal in snapshot.study.objectives]
    curves = [ended.curve(metric) for metric in metrics]
    scores = ended.scores or [curve[-1] if curve else None for curve in curves]
    values = ["-" if score is None else short(score) for score in scores]
    is_best = any(ended is best for best in snapshot.counts.front)
    style = STYLES.get(ended.ending, "yellow")
    params = [f"{name}={short(value)}" for name, value in ended.params.items()]
    words = ended.failure.message.split() if ended.failure else params
    return Text.assemble(
        (f"{'*' if is_best else ' '} trial {ended.number:>3}  {ended.ending.value:<8}", style),
        ("".join(f"  {name} {value:<9}" for name, value in zip(metrics, values, strict=True)),
         "bold" if is_best else ""),
        (f"  {len(ended.epochs):>2} epochs {ended.seconds:6.1f} s  ", ""),
        (" ".join(words), "dim"),
    )  # fmt: skip
