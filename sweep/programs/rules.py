"""What the fields of a program have to be."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from sweep.errors import OptionError, StudyError
from sweep.machine import n_bytes
from sweep.study.rules import either
from sweep.text import shown

if TYPE_CHECKING:
    from sweep.programs.program import Program

KINDS = ("json", "pairs")

WHAT_METRICS_ARE = """'json', 'pairs', a regular expression with groups like (?P<loss>...), or the \
path of a file that ends in .csv, .tsv, .json, .jsonl or .ndjson"""

PLACES = ("study", "checkpoints")


def broken_rules(program: "Program") -> Iterator[tuple[str, str]]:
    """Yield the name of each field that is wrong, and what it is expected to be."""
    metrics: object = program.metrics
    texts: object = program.environment
    seconds: object = program.grace_seconds
    is_text = isinstance(metrics, str | re.Pattern)
    if not is_text or not (program.pattern or program.table or metrics in KINDS):
        yield "metrics", WHAT_METRICS_ARE
    is_mapping = isinstance(texts, Mapping) and all(
        isinstance(text, str) for item in texts.items() for text in item
    )
    if not is_mapping and texts != "parameters":
        yield "environment", "a dictionary of texts, or 'parameters'"
    if program.runs_in not in PLACES:
        yield "runs_in", either(PLACES)
    if program.resumes not in (True, False):
        yield "resumes", "True or False"
    if not _is_size(program.checkpoint_limit):
        yield "checkpoint_limit", "a size like '256MiB'"
    if not isinstance(seconds, int | float) or not seconds >= 0:
        yield "grace_seconds", "a number >= 0"


def compiled(name: str, pattern: str) -> re.Pattern[str]:
    """Return a regular expression.

    Raises:
        StudyError: If it is none.
    """
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as error:
        raise StudyError(
            f"program: expected {name} to be a regular expression, got {shown(pattern)} ({error}); "
            f"fix it"
        ) from None


def _is_size(value: object) -> bool:
    """Return whether a value is a size such as "256MiB"."""
    try:
        return isinstance(value, str) and n_bytes(value) > 0
    except OptionError:
        return False
