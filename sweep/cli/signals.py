"""This file turns the signals that end a program into an orderly end that does not take long."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


EXIT_CODE = 130


MESSAGE = "interrupted: the same command goes on from here, nothing done is lost"


MOST_SECONDS = 2.0
"""What an orderly end may take; `ray job stop` kills after 3 s."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside, a signal ends the process: in order if that is quick, or else at once.

    That is safe at any moment: whatever counts is on record before anything is built on it. In
    order means that it raises KeyboardInterrupt; the process is left when that gets here.
    """
    timer = threading.Timer(MOST_SECONDS, _leave)
    timer.daemon = True

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        for number in before:
            signal.signal(number, _leave)
        timer.start()
        raise KeyboardInterrupt

    # nohup ignores a closed terminal
    before = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        if timer.is_alive():
            timer.cancel()
            sys.stdout.flush()
            _leave()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(*_: object) -> NoReturn:
    show_cursor = "\x1b[?25h" if sys.stdout.isatty() else ""  # the live status hides it
    os.write(sys.stderr.fileno(), f"{show_cursor}{MESSAGE}\n".encode())
    for pid in _descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # some of Ray's would outlive us by half a minute
    os._exit(EXIT_CODE)


def _descendants(pid: int) -> list[int]:
    """The processes that come from process `pid`, oldest first; Linux tells, others do not."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for text in texts for child in text.split()]
    return [*children, *(other for child in children for other in _descendants(child))]
