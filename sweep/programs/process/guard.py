"""Runs a program and ends it with all its children: as a script of its own, with Python alone.

python guard.py FOLDER GRACE LOCK STATUS WORD...

It runs the words as a command and writes lines of JSON to the file descriptor STATUS: the process
id, or why the program cannot start; then the exit code, once it and its children have ended. If
standard input ends, because the worker wants to be rid of the program or has died, the program gets
SIGTERM and, after GRACE seconds, SIGKILL. FOLDER is deleted at the end; the file descriptor LOCK
keeps others from deleting it before.

The process that a worker starts only waits for the guard: Ray kills the children of workers
without a warning, but not their grandchildren.
"""

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PAUSE_SECONDS = 0.005


def main() -> None:
    """Run the program of the command line."""
    folder, grace, *fds = sys.argv[1:5]
    lock, status = map(int, fds)
    for fd in (lock, status):
        os.set_inheritable(fd, False)  # noqa: FBT003 - it takes no name
    guard = os.fork()
    if guard:
        for fd in (0, 1, 2, status):
            os.close(fd)
        os.waitpid(guard, 0)
    else:
        os.setsid()
        _guard(sys.argv[5:], float(grace), status)
        shutil.rmtree(folder, ignore_errors=True)


def _guard(words: list[str], grace: float, status: int) -> None:
    """Run a program until it ends, or standard input does."""
    _control(PR_SET_CHILD_SUBREAPER, 1)  # so that no child escapes by becoming a daemon
    wakeup, note = os.pipe()
    os.set_blocking(note, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(note, warn_on_full_buffer=False)
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):  # that of the worker is not the program's
        resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    pid = _start(words, status)
    os.closerange(1, 3)  # the worker reads these until all that write to them have ended
    code = None
    while code is None:
        ready, _, _ = select.select([0, wakeup], [], [])
        if wakeup in ready:
            os.read(wakeup, 4096)
        code, _ = _reap(pid)
        if 0 in ready:
            break
    _tell(status, code=_end(pid, grace, code))
    os.close(status)
    os.read(0, 1)  # until the worker has read what is in the folder


def _start(words: list[str], status: int) -> int:
    """Start the program in a session of its own; the worker is told its process id."""
    began, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(told)
        os.read(began, 1)
        os.setsid()
        _control(PR_SET_PDEATHSIG, signal.SIGKILL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        try:
            os.execvp(words[0], words)
        except OSError as error:
            _tell(status, error=error.strerror or str(error))
            os._exit(127)
    _tell(status, pid=pid)
    os.close(told)
    return pid


def _end(pid: int, grace: float, code: int | None) -> int | None:
    """End the program and all its children; return its exit code."""
    deadline = time.monotonic() + grace
    number: int = signal.SIGTERM
    has_children = True
    while has_children:
        if code is None or sys.platform == "darwin":  # else its process id may be another's now
            with suppress(OSError):
                os.killpg(pid, number)
                os.killpg(pid, signal.SIGCONT)
        for other in _descendants(os.getpid()):
            with suppress(OSError):
                os.kill(other, number)
                os.kill(other, signal.SIGCONT)
        until = deadline if number == signal.SIGTERM else time.monotonic() + PAUSE_SECONDS
        while has_children and time.monotonic() < until:
            ended, has_children = _reap(pid)
            code = ended if code is None else code
            if has_children:
                time.sleep(PAUSE_SECONDS)
        number = signal.SIGKILL
    return code


def _reap(pid: int) -> tuple[int | None, bool]:
    """Collect children that have ended.

    Returns:
        The exit code of the program, if it is one of them; and whether there are other children.
    """
    code = None
    try:
        while True:
            other, status = os.waitpid(-1, os.WNOHANG)
            if other == 0:
                return code, True
            if other == pid:
                code = os.waitstatus_to_exitcode(status)
    except ChildProcessError:
        return code, False


def _descendants(pid: int) -> list[int]:
    """Return the processes that descend from this one; none except on Linux."""
    children: list[int] = []
    with suppress(OSError):  # it has ended
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            children += [int(child) for child in path.read_text().split()]
    return [*children, *(other for child in children for other in _descendants(child))]


def _control(option: int, value: int) -> None:
    """Call prctl, where there is one."""
    with suppress(Exception):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _tell(status: int, **what: object) -> None:
    with suppress(OSError):  # nobody reads it any more
        os.write(status, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    main()
