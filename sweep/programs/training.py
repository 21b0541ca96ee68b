"""The generator of a program's epochs: starts it, holds it after each of them, and ends it."""

import json
import signal
from collections import deque
from collections.abc import Callable, Iterator

from sweep.errors import ProgramError
from sweep.programs.checkpoints import Checkpoints
from sweep.programs.directory import KEY
from sweep.programs.metrics.epochs import Epochs, RestartError
from sweep.programs.metrics.lines import Values
from sweep.programs.metrics.table_file import TableFile
from sweep.programs.plan import Command, ProgramEpoch, Rules
from sweep.programs.process.folder import Folder
from sweep.programs.process.running import Running
from sweep.programs.process.usage import cpu_seconds, kill, memory_bytes
from sweep.text import printable
from sweep.trials.epoch import State
from sweep.workers.process.memory_limit import allowed_bytes

LOOK_SECONDS = 0.05
"""Seconds between two looks at the files and the memory of a program that prints nothing."""


def trained(
    rules: Rules,
    new_folder: Callable[[], Folder],
    command: Callable[[Folder], Command],
    state: State | None,
) -> Iterator[ProgramEpoch]:
    """Run a program and yield its epochs; it is held until the next one is asked for.

    Args:
        rules: How to read it.
        new_folder: Makes a folder for a start of it.
        command: Returns what to start there.
        state: The state after an earlier epoch, to continue from.
    """
    known: State = (state or {}).get(KEY, {})
    try:
        yield from _begun(rules, new_folder(), command, known).epochs()
    except RestartError:
        again = {**known, "files": None}
        yield from _begun(rules, new_folder(), command, again).epochs()


def _begun(
    rules: Rules, folder: Folder, command: Callable[[Folder], Command], known: State
) -> "_Training":
    try:
        return _Training(rules, folder, command(folder), known)
    except BaseException:
        folder.delete()
        raise


class _Training:
    def __init__(self, rules: Rules, folder: Folder, command: Command, known: State) -> None:
        self._rules = rules
        self._known = known
        place = (folder.checkpoints, rules.limit, command.table)
        self._checkpoints = Checkpoints(*place, known.get("files"))
        self._epochs = Epochs(rules.needed, rules.ends, known)
        tables = [folder.metrics, *([command.table] if command.table else [])]
        self._tables = [TableFile(path) for path in tables]
        self._queue: deque[Values] = deque()
        self._metrics: Values | None = None  # of the last epoch
        self._cpu_seconds = 0.0
        start = (command.words, command.environment, command.place, folder)
        self._running = Running(*start, rules.grace_seconds)

    def epochs(self) -> Iterator[ProgramEpoch]:
        """Yield the epochs, and a last state if the program saves one after the last of them."""
        try:
            while self._await_epoch():
                self._running.hold()
                self._read(0)
                metrics = self._queue.popleft()
                yield ProgramEpoch(metrics, self._state(), self._spent())
                if not self._queue:
                    self._running.resume()
            self._check_ending()
            if self._metrics is not None and (state := self._state()) is not None:
                yield ProgramEpoch(self._metrics, state, is_late=True)
        finally:
            self._running.end()

    def _await_epoch(self) -> bool:
        """Wait for the next epoch; return whether there is one."""
        while not self._queue:
            has_ended = self._running.has_ended
            self._read(0 if has_ended else LOOK_SECONDS)
            self._check_memory()
            if has_ended:
                break
        return bool(self._queue)

    def _read(self, timeout_s: float) -> None:
        for line in self._running.lines(timeout_s):
            values = self._rules.read(line)
            if values or self._rules.ends:
                self._add(values, line.decode(errors="replace"))
        for table in self._tables:
            for row in table.rows():
                self._add(row, json.dumps(row))

    def _add(self, values: Values, line: str) -> None:
        metrics = self._epochs.add(values, line)
        if metrics is None:
            return
        missing = [name for name in self._rules.needed if name not in metrics]
        if missing:
            raise ProgramError(
                f"metrics: expected {missing[0]} in the lines of every epoch, got "
                f"{', '.join(metrics) or 'none'}; print it before the line that ends an epoch"
            )
        self._metrics = metrics
        self._queue.append(metrics)

    def _state(self) -> State | None:
        if not self._rules.limit or self._queue:
            return None
        files = self._checkpoints.changed(self._running, self._is_ahead)
        if files is None:
            return None
        return {KEY: {"files": files, **self._epochs.position()}}

    def _is_ahead(self) -> bool:
        self._read(0)
        return bool(self._queue)

    def _spent(self) -> float:
        """Return the processor time of the program since the last call."""
        before, self._cpu_seconds = self._cpu_seconds, cpu_seconds(self._running.guard)
        return max(0.0, self._cpu_seconds - before)

    def _check_memory(self) -> None:
        allowed = allowed_bytes()
        if allowed is not None and memory_bytes(self._running.guard, allowed) > allowed:
            kill(self._running.guard)
            raise MemoryError(f"{self._rules.name} and its children need too much memory")

    def _check_ending(self) -> None:
        name, running = self._rules.name, self._running
        continues = self._known.get("files") is not None and self._metrics is None
        if continues and (running.code or self._epochs.last is not None):
            raise RestartError  # its files are damaged, or of a later epoch than the record
        if why := ending_text(running.code, running.error):
            error = ProgramError(f"{name} {why}")
            lines = [printable(line.decode(errors="replace")) for line in running.last_lines]
            error.add_note(
                "\n".join(["its last lines:", *lines]) if lines else "it printed nothing"
            )
            raise error
        if not self._known and self._metrics is None:
            seen = ", ".join(sorted(self._epochs.seen)) or "no metrics"
            raise ProgramError(
                f"{name} ended without an epoch: expected the metric "
                f"{' and '.join(self._rules.needed) or 'of any name'}, got {seen}; see metrics and "
                f"epoch_ends of sweep.program"
            )


def ending_text(code: int | None, error: str) -> str:
    """Return how a program has failed; "" if it has not.

    Args:
        code: Its exit code, negative for a signal; None if nobody knows.
        error: Why it could not be started.
    """
    if error:
        return f"cannot be started: {error}"
    if code is None:
        return "was lost: its guard was killed"
    names = {known.value: known.name for known in signal.Signals}
    if code < 0:
        return f"was ended by {names.get(-code, f'signal {-code}')}"
    return f"ended with exit code {code}" if code else ""
