"""`sweep run`: starts or resumes a run, and ends in good order when interrupted."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from sweep.cli.best import print_best
from sweep.cli.shared.exits import EXIT_INTERRUPTED, INTERRUPTED
from sweep.cli.shared.options import run_option, run_options, study_command
from sweep.display.terminal import LiveStatus, Terminal, relative
from sweep.driver.options import Options
from sweep.driver.run import run as run_study
from sweep.errors import RunError
from sweep.files import copy_of
from sweep.reports.formats import to_markdown
from sweep.study.study import Study
from sweep.trials.ranking import n_ended
from sweep.workers.process.kernel import forcing, kernel, slower, usual_simd

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

MAX_EXIT_SECONDS = 2.0
"""How long an orderly exit may take; `ray job stop` kills after 3 s."""

_told = threading.Lock()
"""Held as soon as the interruption has been told: a second signal, or the timer, says no more."""


@study_command
@run_options
@run_option("--pool", "inline: train one trial at a time in this process, for debugging.",
            type=click.Choice(["ray", "inline"]))  # fmt: skip
@run_option("--address", "auto: join the Ray cluster that this machine is a node of.",
            metavar="local|auto")  # fmt: skip
def run(
    study: Study, options: Options, *, deterministic: bool, quiet: bool, show_output: bool
) -> None:
    """Start or resume a study's run.

    If all its trials have ended, prints the result and changes nothing.
    """
    study = replace(study, deterministic=deterministic or study.deterministic)
    for line in () if quiet else _about_kernel(options, deterministic=study.deterministic):
        click.echo(line)
    with closing(Terminal(quiet=quiet)) as terminal, interruptible():
        shows_table = terminal.is_terminal and not quiet
        with LiveStatus(terminal, show_output=show_output) as live_status:
            result = run_study(study, options, live_status)
    path, n_done = relative(result.directory.path), n_ended(result.records)
    if result.best is None and n_done >= result.n_trials:
        raise RunError(f"no trial has a score; see `python -m sweep status {path}`")
    if result.best is not None and shows_table:
        click.echo("\n" + to_markdown(result.leaders()))
    print_best(result)
    limits = result.limits
    reason = limits.reason() if n_done == result.n_trials < study.trials else ""
    if n_done < result.n_trials:
        left = f" ({'; '.join(limits.left())})" if limits.left() else ""
        click.echo(f"{n_done} of {result.n_trials} trials have ended{left}: run again to continue")
    elif reason:
        click.echo(f"the search is over after {n_done} trials, {reason}: {path}/report.html")
    else:
        what = "trials" if result.n_trials == study.trials else "points of the grid"
        click.echo(f"all {n_done} {what} are done: {path}/report.html")
    if failure := result.final_failure:
        what = "final training" if result.chosen else "runoff"
        raise RunError(f"the {what} failed, {failure.message}; see {path}/logs/run.log, "
                       f"and run the same command again to retry it")  # fmt: skip


def _about_kernel(options: Options, *, deterministic: bool) -> Iterator[str]:
    """Yield what to know before a run on another kernel than the processor's own."""
    asked = options.blas_kernel if options.pool == "ray" else ""
    if options.address == "local" and (line := slower(asked)):
        yield line
    if asked and deterministic and (kernel().simd != usual_simd(asked)):
        yield (f"kernel: this process draws the parameters, with NumPy {kernel().simd}; for their "
               f"last bits too to be the same on other machines, put {forcing(asked)} before the "
               f"command")  # fmt: skip


@contextmanager
def interruptible() -> Iterator[None]:
    """Let a signal end the process: in order if that is quick, otherwise at once.

    This is safe at any moment, because everything that counts is recorded before anything is built
    on it. "In order" means that the signal raises KeyboardInterrupt, and the process exits as soon
    as that has unwound the stack to here.
    """

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        for number in before:
            signal.signal(number, leave)
        timer.start()
        raise KeyboardInterrupt

    outputs = copy_of(1), copy_of(2)  # a trial's may be captured
    leave = partial(_exit, *outputs)
    timer = threading.Timer(MAX_EXIT_SECONDS, leave)
    timer.daemon = True
    # nohup ignores SIGHUP, and that has to stay so
    before = {n: signal.getsignal(n) for n in SIGNALS if signal.getsignal(n) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    except KeyboardInterrupt:
        if timer.is_alive():
            timer.cancel()
            with suppress(OSError):
                sys.stdout.flush()
            leave()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for output in outputs:
            os.close(output)


def _exit(stdout: int, stderr: int, *_: object) -> NoReturn:
    if _told.acquire(blocking=False):
        show_cursor = "\x1b[?25h" if os.isatty(stdout) else ""  # the live status hides it
        with suppress(OSError):
            os.write(stderr, f"{show_cursor}{INTERRUPTED}\n".encode())
    for pid in _descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)  # some of Ray's would outlive this one by half a minute
    os._exit(EXIT_INTERRUPTED)


def _descendants(pid: int) -> list[int]:
    """Return the processes that descend from process `pid`, oldest first; none except on Linux."""
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    children = [int(child) for text in texts for child in text.split()]
    return [*children, *(other for child in children for other in _descendants(child))]
