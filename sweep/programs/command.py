"""The command line of a program: words with placeholders for parameters."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import Any

from sweep.errors import StudyError
from sweep.text import shown

ALL = "parameters"
"""The placeholder, as a word of its own, for --name=value of all parameters without one."""

OURS = {"parameters_file": "parameters.json", "checkpoints": "checkpoints"}
"""Placeholders for files in the folder of a training."""

OURSELVES = ("python", "python3")
"""Programs that mean the Python that runs sweep, in whose environment the packages are."""

INTERPRETERS = re.compile(r"(python|pypy)[\d.]*|(ba|da|z)?sh|node|Rscript|julia|perl|ruby|lua|php")
"""Programs whose first word is a file, if it begins with no "-"."""


def placeholders(texts: Iterable[str]) -> set[str]:
    """Return the names of the placeholders in the words of a command line.

    Raises:
        StudyError: If a brace has no partner.
    """
    names: set[str] = set()
    for text in texts:
        try:
            names |= {name for _, name, _, _ in Formatter().parse(text) if name is not None}
        except ValueError as error:
            raise StudyError(
                f"program: expected words with placeholders like {{learning_rate}}, got "
                f"{shown(text)} ({error}); write {{{{ and }}}} for braces"
            ) from None
    return names


def filled(command: Sequence[str], values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return the words of a command line.

    A word whose only placeholder has no value (None), or stands for nothing, is left out.

    Args:
        command: The words with placeholders.
        values: Values by placeholder.
        names: The parameters; `{parameters}` stands for those without a placeholder.
    """
    words: list[str] = []
    rest = [name for name in names if name not in placeholders(command)]
    for text in command:
        if text == f"{{{ALL}}}":
            known = [name for name in rest if values[name] is not None]
            words += [f"--{name}={in_text(values[name])}" for name in known]
        elif _says_something(text, values):
            words.append(with_values(text, values))
    return words


def with_values(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with values for its placeholders.

    `{flag:--on|--off}` stands for one text or the other of a true or false value; other formats are
    Python's.
    """
    parts: list[str] = []
    for literal, name, form, _ in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(in_text(values[name], form or ""))
    return "".join(parts)


def in_text(value: Any, form: str = "") -> str:
    """Return a value as a word: numbers as Python writes them, others as JSON does."""
    if form and isinstance(value, bool):
        return (*form.split("|", 1), "")[0 if value else 1]
    if form:
        return format(value, form)
    if value is None:
        return ""
    return value if isinstance(value, str) else _plain(value)


def located(words: list[str], place: Path) -> list[str]:
    """Return the words of a command line with the path of the program that the first one names.

    Raises:
        StudyError: If there is none, it cannot be executed, or an interpreter's file is missing.
    """
    name = words[0]
    found = _executable(name, place)
    if found is None:
        path = place / name
        what = "a file that is not executable" if path.is_file() else "none"
        then = f"chmod +x {name}" if path.is_file() else "install it, or give its path"
        raise StudyError(
            f"program: expected a program called {shown(name)} in {place} or on the PATH, got "
            f"{what}; {then}"
        )
    script = next(iter(words[1:]), "-")
    is_interpreter = INTERPRETERS.fullmatch(Path(name).name) is not None
    if is_interpreter and not script.startswith("-") and not (place / script).exists():
        raise StudyError(
            f"program: expected the file {shown(script)} in {place}, got none; give its path from "
            f"there"
        )
    return [found, *words[1:]]


def own_files(command: Iterable[str], place: Path) -> Iterator[tuple[str, Path]]:
    """Yield the words that name files in a folder, with their paths."""
    for word in command:
        if "{" not in word and (place / word).is_file():
            yield word, place / word


def _executable(name: str, place: Path) -> str | None:
    if name in OURSELVES:
        return sys.executable
    path = place / name
    if os.sep in name or path.is_file():
        return str(path) if path.is_file() and os.access(path, os.X_OK) else None
    return shutil.which(name)


def _says_something(text: str, values: Mapping[str, Any]) -> bool:
    found = [(name, form) for _, name, form, _ in Formatter().parse(text) if name is not None]
    if len(found) != 1:
        return True
    name, form = found[0]
    is_all = text.startswith("{") and text.endswith("}")
    return values[name] is not None and not (is_all and in_text(values[name], form or "") == "")


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def params_and_ours(params: Mapping[str, Any], folder: Path, seed: int) -> dict[str, Any]:
    """Return the values of placeholders: those of sweep, and parameters, which come first."""
    paths = {name: str(folder / file) for name, file in OURS.items()}
    return {"seed": seed, **paths, **params}
