"""Starts a program for a configuration: its command line, its environment, its files."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from sweep.errors import ProgramError, StudyError
from sweep.programs.command import filled, in_text, located, own_files, params_and_ours, with_values
from sweep.programs.metrics.lines import Reader, group_values, json_values, pair_values
from sweep.programs.plan import Command, ProgramEpoch, Rules
from sweep.programs.process.folder import Folder
from sweep.programs.program import Program
from sweep.programs.training import trained
from sweep.trials.epoch import State


def start(
    program: Program, params: Mapping[str, Any], seed: int, state: State | None
) -> Iterator[ProgramEpoch]:
    """Run a program and yield its epochs.

    Args:
        program: The program, for its study.
        params: The configuration.
        seed: The seed of the training.
        state: The state after an earlier epoch, to continue from.
    """
    rules = Rules(
        name=named(program.words),
        read=reader(program),
        ends=program.epoch_ends,
        needed=program.needed,
        limit=program.limit if program.resumes else 0,
        grace_seconds=program.grace_seconds,
    )
    yield from trained(
        rules, partial(Folder, params), partial(command, program, params, seed), state
    )


def command(program: Program, params: Mapping[str, Any], seed: int, folder: Folder) -> Command:
    """Return what to start.

    Args:
        program: The program.
        params: The configuration.
        seed: The seed of the training.
        folder: The folder of the training.

    Raises:
        ProgramError: If this host does not have the program.
    """
    values = params_and_ours(params, folder.path, seed)
    words = filled(program.words, values, params)
    try:
        words = located(words, program.place)
    except StudyError as error:
        raise ProgramError(str(error)) from None
    place = program.place
    if program.runs_in == "checkpoints":
        files = {word: str(path) for word, path in own_files(program.words, place)}
        words = [files.get(word, word) for word in words]
        place = folder.checkpoints
    table = place / with_values(program.table, values) if program.table else None
    return Command(words, environment(program, params, values, folder), place, table)


def environment(
    program: Program, params: Mapping[str, Any], values: Mapping[str, Any], folder: Folder
) -> dict[str, str]:
    """Return the environment variables of a program: those of this process, and more."""
    if program.environment == "parameters":
        own = {name: in_text(value) for name, value in params.items()}
    else:
        own = {name: with_values(text, values) for name, text in program.templates.items()}
    ours = {
        "SWEEP_CHECKPOINTS": str(folder.checkpoints),
        "SWEEP_METRICS": str(folder.metrics),
        "SWEEP_PARAMETERS": str(folder.parameters),
        "SWEEP_SEED": str(values["seed"]),
        "PYTHONUNBUFFERED": "1",  # else Python prints to a pipe when it ends
    }
    return {**os.environ, **ours, **own}


def reader(program: Program) -> Reader:
    """Return what reads the metrics in the lines that a program prints."""
    if program.table:
        return lambda _: {}
    if program.pattern is not None:
        return group_values(program.pattern)
    return json_values if program.metrics == "json" else pair_values


def named(words: tuple[str, ...]) -> str:
    """Return what messages call a program: its first words, up to an option."""
    short = [Path(word).name for word in words[:2] if not word.startswith("-") and "{" not in word]
    return " ".join(short) or words[0]
