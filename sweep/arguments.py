"""This file turns the words of a command line into studies, runs and trials."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from sweep.errors import OptionError, RunError
from sweep.folder import RunFolder
from sweep.loading import load_study
from sweep.records import TrialRecord
from sweep.results import Run
from sweep.study import Study


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
        if RunFolder(path).exists:
            return Run(path)
    raise RunError(
        f"{run}: expected a run directory or a name below ./runs, found no sweep.db or "
        f"storage.json in {' or '.join(map(str, candidates))}; `python -m sweep run` makes one"
    )


def trial_of(run: Run, number: int) -> TrialRecord:
    """Trial `number` of a run.

    Raises:
        OptionError: If there is none.
    """
    if number >= len(run.records):
        raise OptionError(
            f"trial: expected one below {len(run.records)}, got {number}; "
            f"see `python -m sweep status {run.folder.path}`"
        )
    return run.records[number]
