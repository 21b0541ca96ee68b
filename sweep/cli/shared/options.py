"""Arguments and options that several commands share, and what they name: studies, runs, trials."""

import math
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sweep.driver.options import Options
from sweep.errors import OptionError, RunError
from sweep.reports.results import Run
from sweep.storage.run_directory import RunDirectory
from sweep.study.code.loading import load_study
from sweep.study.study import Study

Function = Callable[..., Any]


def study_command(function: Function) -> click.Command:
    """Make a command with STUDY.py and the options that change it; the function gets a `Study`."""

    @click.command()
    @click.argument("study", type=click.Path(path_type=Path), metavar="STUDY.py")
    @click.option("--trials", type=click.IntRange(1), help="Total number of trials, including "
                  "those of earlier commands.  [default: the study's]")  # fmt: skip
    @click.option("--seed", type=click.IntRange(0), help="Seed that all others derive from.  "
                  "[default: the study's]")  # fmt: skip
    @click.option("--warm-start", multiple=True, metavar="RUN|URL", help="Show the sampler the "
                  "trials of this run, or Optuna study, too; can be repeated.")  # fmt: skip
    @click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                  help="Change one of the study's settings; can be repeated.")  # fmt: skip
    @wraps(function)
    def with_study(study: Path, settings: Sequence[str], **others: Any) -> Any:
        overrides = dict(_key_and_value(setting) for setting in settings)
        changes = {k: v for k in ("trials", "seed") if (v := others.pop(k)) is not None}
        loaded = load_study(study, overrides)
        shown = (*loaded.warm_start, *others.pop("warm_start"))
        return function(replace(loaded, warm_start=shown, **changes), **others)

    return with_study


def run_option(name: str, help_text: str, **more: Any) -> Callable[[Function], Function]:
    """Return a decorator for one field of `Options`, with its default; a limit's is none."""
    default = getattr(Options(), name.removeprefix("--").replace("-", "_"))
    show = default not in ("", False, math.inf)
    return click.option(name, default=default, show_default=show, help=help_text, **more)


def run_options(function: Function) -> Function:
    """Add the options that say how a study is run; the function gets them as `Options`."""

    @run_option("--name", "Name of the run directory.  [default: the study's name]")
    @run_option("--runs", "Directory that holds the run directories.",
                type=click.Path(path_type=Path))  # fmt: skip
    @run_option("--slots", "Number of trials that run at a time; max: as many as there are cores, "
                "also of nodes that join later.", type=_slots, metavar="N|max")  # fmt: skip
    @run_option("--hours", "Stop after this many hours; run again to continue.", type=float)
    @run_option("--core-hours", "Begin no trial after this much processor time of all commands.",
                type=float)  # fmt: skip
    @run_option("--trial-timeout", "Stop a trial for good after this time, even if it is stuck.",
                type=float, metavar="SECONDS")  # fmt: skip
    @run_option("--retries", "Retries for a trial whose worker process died.",
                type=click.IntRange(0))  # fmt: skip
    @run_option("--memory-per-slot", "Memory limit per trial, such as 2GiB (shared data not "
                "counted); a trial that exceeds it ends as oom.", metavar="SIZE")  # fmt: skip
    @run_option("--cpus-per-slot", "CPU cores, and BLAS threads, per trial.",
                type=click.IntRange(1))  # fmt: skip
    @run_option("--blas-kernel", "Kernel of OpenBLAS for all slots, such as Haswell, for the same "
                "bits on different processors.  [default: each processor's own]",
                metavar="NAME")  # fmt: skip
    @click.option("--deterministic", is_flag=True, help="Same results on any number of slots.")
    @run_option("--accept-changes", "Resume although the study has changed; the change is "
                "recorded.", is_flag=True)  # fmt: skip
    @run_option("--storage", "Keep the records in a PostgreSQL database: "
                "postgresql://user@host/database.  [default: a SQLite file in the run directory]",
                metavar="URL")  # fmt: skip
    @run_option("--checkpoints", "Keep the checkpoints at s3://bucket/folder, or at any other URL "
                "that fsspec can write.  [default: in the run directory]",
                metavar="URL")  # fmt: skip
    @click.option("--show-output", is_flag=True, help="Print what trials print, too, as they "
                  "report it: every second, or after each longer epoch.")  # fmt: skip
    @click.option("--quiet", is_flag=True, help="Print only the result.")
    @wraps(function)
    def with_options(study: Study, **given: Any) -> Any:
        chosen = {f.name: given.pop(f.name) for f in fields(Options) if f.name in given}
        # A command without --address runs elsewhere: this machine's memory is no limit there.
        return function(study, Options(**({"address": "auto"} | chosen)), **given)

    return with_options


def run_command(function: Function) -> click.Command:
    """Make a command with the argument RUN; the function gets a `Run`."""

    @click.command()
    @click.argument("run", metavar="RUN")
    @wraps(function)
    def with_run(run: str, **others: Any) -> Any:
        return function(open_run(run), **others)

    return with_run


def given_words(*but: str) -> list[str]:
    """Return the options that this command was given, as words for another command line.

    Args:
        but: Names of parameters to leave out.
    """
    context, words = click.get_current_context(), []
    for parameter in context.command.params:
        name, option = parameter.name or "", parameter.opts[0]
        if name in but or context.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        value = context.params[name]
        for one in value if parameter.multiple else [value]:
            words += [option] if one is True else [option, str(one)]
    return words


def open_run(run: str) -> Run:
    """Open the run at this path, or of this name below ./runs.

    Raises:
        RunError: If there is none.
    """
    for path in (Path(run), Path("runs", run)):
        if RunDirectory(path).exists:
            return Run(path)
    names = [path.name for path in Path("runs").glob("*") if RunDirectory(path).exists]
    near = get_close_matches(Path(run).name, names, 1)
    advice = "check the name, or run `python -m sweep run` first"
    raise RunError(f"{run}: expected a run directory or a name below ./runs, found no sweep.db or "
                   f"storage.json; {f'did you mean {near[0]}?' if near else advice}")  # fmt: skip


def open_runs(names: Sequence[str]) -> dict[str, Run]:
    """Open several runs, by the names of their directories, or their paths if two names are equal.

    Raises:
        RunError: If one does not exist.
        OptionError: If there are fewer than two different ones.
    """
    runs = [open_run(name) for name in dict.fromkeys(names)]
    if len(runs) < 2:
        raise OptionError(f"compare: expected two or more different runs, got {', '.join(names)}")
    short = [run.directory.path.resolve().name for run in runs]
    labels = short if len({*short}) == len(runs) else [str(run.directory.path) for run in runs]
    return dict(zip(labels, runs, strict=True))


def _key_and_value(setting: str) -> tuple[str, str]:
    """Split KEY=VALUE.

    Raises:
        OptionError: If it is written otherwise.
    """
    key, equals, value = setting.partition("=")
    if not (key and equals):
        raise OptionError(f"--set: expected KEY=VALUE, got {setting!r}")
    return key.strip(), value


def _slots(value: Any) -> int | str:
    return "max" if value == "max" else click.IntRange(1).convert(value, None, None)
