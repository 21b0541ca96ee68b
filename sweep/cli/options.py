"""This file turns the words of a command line into studies, runs and trials."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from sweep.errors import OptionError, RunError
from sweep.reports.results import Run
from sweep.storage.run_directory import RunDirectory
from sweep.study.loading import load_study
from sweep.study.study import Study
from sweep.trials.records import TrialRecord


def study_arguments(command: Any) -> Any:
    """Decorates a command with what names a study and changes it."""
    for decorate in (
        click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                     help="Change one of the study's own settings; may be repeated."),
        click.option("--seed", type=click.IntRange(0), help="The one seed all others derive from."),
        click.option("--trials", type=click.IntRange(1), help="How many trials in the end: the "
                     "total, not more of them.  [default: the study's]"),
        click.argument("study", type=click.Path(path_type=Path), metavar="STUDY.py"),
    ):  # fmt: skip
        command = decorate(command)
    return command


def run_options(command: Any) -> Any:
    """Decorates a command with how a study is run, wherever that is."""
    for decorate in (
        click.option("--quiet", is_flag=True, help="Print nothing but the result."),
        click.option("--deterministic", is_flag=True, help="The same table on any number of "
                     "slots."),
        click.option("--accept-changes", is_flag=True, help="Go on although the study has "
                     "changed; that it did is on record."),
        click.option("--trial-timeout", type=float, metavar="SECONDS",
                     help="End a trial for good after so long, stuck or not."),
        click.option("--retries", type=click.IntRange(0), default=2, show_default=True,
                     help="How often a trial is tried again whose process died."),
        click.option("--memory-per-slot", metavar="SIZE",
                     help="As 2GiB: end a trial (oom) that takes more, shared data aside."),
        click.option("--cpus-per-slot", type=click.IntRange(1), default=1, show_default=True,
                     help="Cores, and BLAS threads, of each."),
        click.option("--slots", type=Slots(), default="max", show_default=True, help="How many "
                     "trials at a time; max: as many as the cores allow, of nodes that join too."),
        click.option("--hours", type=float, help="Stop after so long; the same command goes on."),
        click.option("--storage", metavar="URL", help="Keep the records in a PostgreSQL database, "
                     "postgresql://user@host/database.  [default: a SQLite file]"),
        click.option("--checkpoints", metavar="URL", help="Keep them at s3://bucket/folder, or "
                     "wherever fsspec can write.  [default: in the run directory]"),
        click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"),
                     show_default=True, help="The directory of all run directories."),
        click.option("--name", default="", help="Of the run directory.  [default: the study's]"),
    ):  # fmt: skip
        command = decorate(command)
    return command


class Slots(click.ParamType[int | str]):
    """A number from 1, or "max"."""

    name = "N|max"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """See `click.ParamType`."""
        return "max" if value == "max" else click.IntRange(1).convert(value, param, ctx)


def given_words(context: click.Context, *but: str) -> list[str]:
    """The options that a command was given, as words for another command line.

    Args:
        context: Of the command.
        but: Names of parameters to leave out.
    """
    words = []
    for parameter in context.command.params:
        name = parameter.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not given or name in but:
            continue
        value = context.params[name]
        for one in value if parameter.multiple else [value]:
            words += [parameter.opts[0]] if one is True else [parameter.opts[0], str(one)]
    return words


def chosen_study(
    path: Path, trials: int | None, seed: int | None, settings: tuple[str, ...]
) -> Study:
    """The study of a file, with what the command line changes.

    Raises:
        OptionError: If a setting is not written KEY=VALUE.
    """
    overrides = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise OptionError(f"--set: expected KEY=VALUE, got {setting!r}")
        overrides[key.strip()] = value
    study = load_study(path, overrides)
    return replace(
        study,
        trials=study.trials if trials is None else trials,
        seed=study.seed if seed is None else seed,
    )


def open_run(run: str) -> Run:
    """The run at this path, or of this name below ./runs.

    Raises:
        RunError: If there is none.
    """
    candidates = [Path(run), Path("runs") / run]
    for path in candidates:
        if RunDirectory(path).exists:
            return Run(path)
    raise RunError(
        f"{run}: expected a run directory or a name below ./runs, found no sweep.db or "
        f"storage.json in {' or '.join(map(str, candidates))}; `python -m sweep run` makes one"
    )


def open_runs(names: Sequence[str]) -> dict[str, Run]:
    """Several runs by the names of their directories, or by their whole paths if these are alike.

    Raises:
        RunError: If there is none of such a name.
        OptionError: If there are fewer than two different ones.
    """
    runs = [open_run(name) for name in dict.fromkeys(names)]
    if len(runs) < 2:
        raise OptionError(f"compare: expected two or more different runs, got {', '.join(names)}")
    short = [run.directory.path.resolve().name for run in runs]
    labels = short if len({*short}) == len(runs) else [str(run.directory.path) for run in runs]
    return dict(zip(labels, runs, strict=True))


def trial_of(run: Run, number: int) -> TrialRecord:
    """Trial `number` of a run.

    Raises:
        OptionError: If there is none.
    """
    if number >= len(run.records):
        raise OptionError(
            f"trial: expected one below {len(run.records)}, got {number}; "
            f"see `python -m sweep status {run.directory.path}`"
        )
    return run.records[number]
