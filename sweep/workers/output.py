"""Captures what trials print: everything written to file descriptors 1 and 2 of this process."""

import bdb
import ctypes
import fcntl
import io
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from sweep.files import copy_of
from sweep.text import gap_line, shortened

MESSAGE_BYTES = 256 * 1024
"""Bytes kept of what a trial prints between two messages."""


FILE_BYTES = 4 * 1024**2
"""Bytes to which the file of a capture may grow before what has been read is deleted."""


WATCH_SECONDS = 0.1
"""Seconds between two looks at the size of that file."""


NEW = os.O_RDWR | os.O_CREAT | os.O_TRUNC

DESCRIPTORS = (1, 2)

C_LIBRARY = ctypes.CDLL(None)
C_STDOUT = ctypes.c_void_p.in_dll(C_LIBRARY, "__stdoutp" if sys.platform == "darwin" else "stdout")


class Capture:
    """Collects what this process and its children print while it is entered.

    They write to a file, not to a pipe, since nobody has to read that for them to continue.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Make the file.

        Args:
            path: Where, so that it outlives this process; None for a file without a name.
        """
        self._file = _opened(path)
        fcntl.fcntl(self._file.fileno(), fcntl.F_SETFL, os.O_APPEND)
        self._position = 0
        self._kept = b""
        self._depth = 0
        self._outer: list[int] = []
        self._own: list[TextIO] = [_text(fd) for fd in DESCRIPTORS]
        self._streams = self._own
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self) -> "Capture":
        self._depth += 1
        if self._depth == 1:
            self._begin()
        return self

    def __exit__(self, *exception: object) -> None:
        self._depth -= 1
        if self._depth == 0:
            self.pause()

    def reset(self) -> None:
        """Give the next trial its own sys.stdout and sys.stderr, whatever the last one set."""
        if self._depth and not self._outer:  # it was paused
            self._begin()
        if self._outer:
            sys.stdout, sys.stderr = self._own
        else:
            self._streams = self._own

    def take(self) -> tuple[bytes, int]:
        """Return what was printed since the last call, and how far the file has been read.

        At most MESSAGE_BYTES are kept: the beginning and the end.
        """
        self._flush()
        with self._lock:
            self._read()
            text, self._kept = self._kept, b""
            return text, self._position

    def pause(self) -> None:
        """Let this process print where it did before, until the capture is entered again."""
        if not self._outer:
            return
        self._flush()
        bdb.Bdb.set_trace = self._set_trace  # type: ignore[method-assign]
        for outer, fd in zip(self._outer, DESCRIPTORS, strict=True):
            os.dup2(outer, fd)
            os.close(outer)
        self._outer = []
        self._swap_streams()

    def close(self) -> None:
        """Delete a file without a name, and stop watching its size."""
        self._closed.set()
        self._watcher.join()
        self._file.close()

    def _begin(self) -> None:
        self._flush()
        self._outer = [copy_of(fd) for fd in DESCRIPTORS]
        for fd in DESCRIPTORS:
            os.dup2(self._file.fileno(), fd)
        self._swap_streams()
        self._set_trace = bdb.Bdb.set_trace
        bdb.Bdb.set_trace = self._debugged()  # type: ignore[method-assign]

    def _swap_streams(self) -> None:
        # A training may replace them for longer than an epoch, as contextlib.redirect_stdout does.
        before = [sys.stdout, sys.stderr]
        sys.stdout, sys.stderr = self._streams
        for handler in logging.root.handlers:
            for old, new in zip(before, self._streams, strict=True):
                if isinstance(handler, logging.StreamHandler) and handler.stream is old:
                    handler.setStream(new)
        self._streams = before

    def _flush(self) -> None:
        """Write what Python and C keep in memory of what has been printed."""
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, *self._own):
            with suppress(Exception):  # one may be None, closed, or of the user's own kind
                stream.flush()  # type: ignore[union-attr]
        C_LIBRARY.fflush(C_STDOUT)

    def _debugged(self) -> Callable[..., Any]:
        """Return the method with which all debuggers begin, changed to print where people look."""

        def set_trace(debugger: bdb.Bdb, frame: Any = None, **others: Any) -> Any:
            self.pause()
            return bdb.Bdb.set_trace(debugger, frame or sys._getframe(1), **others)

        return set_trace

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            if os.fstat(self._file.fileno()).st_size > FILE_BYTES:
                with self._lock:
                    self._read()

    def _read(self) -> None:
        fd = self._file.fileno()
        size = os.fstat(fd).st_size
        if size == self._position:
            return
        start = self._position if size > self._position else 0  # `> /dev/stderr` empties the file
        self._kept = shortened(self._kept + _part(fd, start, size), MESSAGE_BYTES)
        if size > FILE_BYTES:
            os.ftruncate(fd, 0)
        self._position = 0 if size > FILE_BYTES else size


def left_behind(path: Path, position: int) -> bytes:
    """Return what is in the file of a process that has died, shortened if it is much.

    Args:
        path: The file; it may be missing.
        position: How far it has been read.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            return _part(file.fileno(), position if size >= position else 0, size)
    except OSError:
        return b""


def _part(fd: int, start: int, end: int) -> bytes:
    """Read a part of a file without what `shortened` would leave out."""
    if end - start <= MESSAGE_BYTES:
        return os.pread(fd, end - start, start)
    half = MESSAGE_BYTES // 2
    gap = gap_line(end - start - 2 * half)
    return os.pread(fd, half, start) + gap + os.pread(fd, half, end - half)


def _opened(path: Path | None) -> Any:
    """Open the file of a capture, to read and write at once."""
    if path is None:
        return tempfile.TemporaryFile(buffering=0)
    return os.fdopen(os.open(path, NEW, 0o600), "r+b", buffering=0)


class _Lenient(io.FileIO):
    """A file whose disk may be full: printing is no reason for a trial to fail."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def _text(fd: int) -> TextIO:
    """Return a text stream that can write whatever a trial prints."""
    raw = io.BufferedWriter(_Lenient(fd, "w", closefd=False))
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", line_buffering=True)
