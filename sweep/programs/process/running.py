"""A program while it runs: its lines as they come, and what it takes to hold and to end it."""

import json
import os
import selectors
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sweep.programs.process import guard
from sweep.programs.process.folder import Folder

CHUNK_BYTES = 2**16

MAX_LINE_BYTES = 2**20
"""Bytes of a line that are read for metrics; the rest of a longer one is only kept as output."""

LAST_LINES = 15
MAX_SHOWN = 300
"""Bytes of each of the last lines that are kept for the message of a failure."""


class Running:
    """A program that runs below a guard; what it prints is also printed by this process.

    Attributes:
        code: Its exit code, negative for a signal; None while it or its children run.
        error: Why it could not be started; empty if it was.
        last_lines: The last lines that it has printed, shortened.
        guard: Process id of the guard's parent, from which all its processes descend.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        place: Path,
        folder: Folder,
        grace_seconds: float,
    ) -> None:
        """Start a program.

        Args:
            words: The command line.
            environment: All environment variables of the program.
            place: Its current directory.
            folder: Its folder, to be deleted once it has ended.
            grace_seconds: Seconds between SIGTERM and SIGKILL when it is ended.
        """
        status, told = os.pipe()
        output, printed = os.pipe()
        errors, complained = os.pipe()
        command = [sys.executable, "-I", "-S", str(guard.__file__)]
        command += [str(folder.path), str(grace_seconds), str(folder.lock), str(told)]
        self._process = subprocess.Popen(
            [*command, *words],
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=complained,
            cwd=place,
            env=dict(environment),
            pass_fds=[told, folder.lock],
        )
        for fd in (told, printed, complained, folder.lock):
            os.close(fd)
        self.guard = self._process.pid
        self.code: int | None = None
        self.error = ""
        self.last_lines: deque[bytes] = deque(maxlen=LAST_LINES)
        self._pid: int | None = None
        self._status, self._output = status, output
        self._shown = {output: 1, errors: 2}
        self._rest = dict.fromkeys((status, output, errors), b"")
        self._selector = selectors.DefaultSelector()
        for fd in self._rest:
            self._selector.register(fd, selectors.EVENT_READ)

    @property
    def has_ended(self) -> bool:
        """Whether it has ended, and all that it has printed is read."""
        return not self._selector.get_map()

    def lines(self, timeout_s: float | None) -> list[bytes]:
        """Return the lines that it has printed since the last call; wait for the first one."""
        lines: list[bytes] = []
        is_over = self._status not in self._selector.get_map()
        ready = self._selector.select(0 if is_over else timeout_s)
        if is_over and not ready:  # a process has escaped that holds its output open
            for fd in [*self._selector.get_map()]:
                self._selector.unregister(fd)
        for key, _ in ready:
            fd, whole = key.fd, self._read(key.fd)
            if fd == self._status:
                self._note(whole)
            else:
                self.last_lines.extend(line[:MAX_SHOWN] for line in whole[-LAST_LINES:])
            if fd == self._output:
                lines += whole
        return lines

    def hold(self) -> None:
        """Stop the program where it is, until `resume`."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it continue."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """End the program and its children, print what they still had to say, and clean up."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        while not self.has_ended:
            self.lines(None)
        self._process.wait()
        self._selector.close()
        for fd in self._rest:
            os.close(fd)

    def _read(self, fd: int) -> list[bytes]:
        """Read and print what there is; return the lines that are whole."""
        part = os.read(fd, CHUNK_BYTES)
        if not part:
            self._selector.unregister(fd)
            part = b"\n" if self._rest[fd] else b""
        elif fd in self._shown:
            _print(part, self._shown[fd])
        *whole, rest = (self._rest[fd] + part).split(b"\n")
        self._rest[fd] = rest[:MAX_LINE_BYTES]
        return whole

    def _note(self, lines: list[bytes]) -> None:
        for line in lines:
            about = json.loads(line)
            self._pid = about.get("pid", self._pid)
            self.code = about.get("code", self.code)
            self.error = about.get("error", self.error)

    def _signal(self, number: int) -> None:
        if self._pid is not None and self.code is None:
            with suppress(OSError):  # it has ended
                os.killpg(self._pid, number)


def _print(part: bytes, fd: int) -> None:
    """Print what a program has printed, unless nobody can take it."""
    with suppress(OSError):
        while part:
            part = part[os.write(fd, part) :]
