"""Reads metrics from the lines that a program prints."""

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from sweep.errors import ProgramError
from sweep.text import shown

Values = dict[str, float]

Reader = Callable[[bytes], Values]
"""Returns the metrics in a line; none in most."""

NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|NaN|inf|Infinity)"

PAIR = re.compile(rf"([A-Za-z_][\w./-]*)['\"]?\s*[=:]\s*({NUMBER})(?![\w.])")

EPOCH = re.compile(r"\bepoch\s*[\[#:=]?\s*(\d+)", re.IGNORECASE)
"""The number of an epoch, as in "Epoch 3/10", "epoch: 3" and "[Epoch 3]"."""


def json_values(line: bytes) -> Values:
    """Return the numbers of a line that is a JSON object."""
    if not line.lstrip().startswith(b"{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return numbers(found) if isinstance(found, dict) else {}


def pair_values(line: bytes) -> Values:
    """Return the numbers of a line that names them as in `loss=0.5` or `loss: 0.5`."""
    if b"=" not in line and b":" not in line and b"poch" not in line.lower():
        return {}
    text = line.decode(errors="replace")
    values = numbers({name: float(value) for name, value in PAIR.findall(text)})
    epoch = EPOCH.search(text)
    return values | ({"epoch": float(epoch[1])} if epoch else {})


def group_values(pattern: re.Pattern[str]) -> Reader:
    """Return a reader of the named groups of a regular expression, anywhere in a line."""

    @lru_cache(maxsize=32)  # floods repeat themselves
    def read(line: bytes) -> Values:
        match = pattern.search(line.decode(errors="replace").rstrip("\r"))
        found = match.groupdict() if match else {}
        return {name: _number(name, text) for name, text in found.items() if text is not None}

    return read


def numbers(found: Mapping[str, object]) -> Values:
    """Return the values that are numbers, with the epoch under the one name that it has here."""
    values = {str(name): value for name, value in found.items()}
    numeric = {n: float(v) for n, v in values.items() if isinstance(v, int | float)}
    return {"epoch" if name.lower() == "epoch" else name: v for name, v in numeric.items()}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ProgramError(
            f"metrics: expected a number for {name}, got {shown(text)}; change the group (?P<{name}"
            f">...) of the regular expression"
        ) from None
