"""Numbers, durations, URLs and what programs print as text for people."""

import re
from collections.abc import Mapping

ESCAPE_SEQUENCES = re.compile(
    r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[ -/]*[0-Z\\^-~])"
)
"""What moves the cursor of a terminal, or changes its colours or title."""


UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Other characters that a terminal or a page may obey instead of showing them."""


GAP = re.compile(rb"\n-- (\d+) bytes left out --\n")


def terminal_text(text: bytes) -> str:
    """Return the lines that a program has printed as a terminal would show them in the end.

    Progress bars are in their last state, colours are left out, and what is no text is escaped.
    """
    lines = text.decode(errors="backslashreplace").replace("\r\n", "\n").split("\n")
    shown = (ESCAPE_SEQUENCES.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in lines)
    return "\n".join(UNPRINTABLE.sub(_escaped, line) for line in shown)


def shortened(text: bytes, most: int) -> bytes:
    """Return the beginning and the end of a text, and between them how many bytes are left out.

    Args:
        text: The text; it may be shortened already.
        most: Number of bytes to keep, in addition to the line that says how many are left out.
    """
    if len(text) <= most:
        return text
    gaps = list(GAP.finditer(text))
    end = min([most // 2, *(gap.start() for gap in gaps)])
    begin = len(text) - most // 2
    gaps = [gap for gap in gaps if gap.start() < begin]
    begin = max([begin, *(gap.end() for gap in gaps)])
    left_out = begin - end + sum(int(gap[1]) - len(gap[0]) for gap in gaps)
    return text[:end] + gap_line(left_out) + text[begin:]


def gap_line(n: int) -> bytes:
    """Return the line that stands for `n` bytes."""
    return b"\n-- %d bytes left out --\n" % n


def _escaped(character: re.Match[str]) -> str:
    return character[0].encode("unicode_escape").decode()


def without_password(text: str) -> str:
    """Return the text without the passwords of any URL in it."""
    text = re.sub(r"(://[^:/@\s]*):\S*@", r"\1@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1", text)


def printable(text: str) -> str:
    """Return the text with lone surrogates, which no file or terminal takes, escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def metrics_text(metrics: Mapping[str, float] | None) -> str:
    """Return metrics as text, such as "loss 0.25, error 0.01"; empty if there are none."""
    return ", ".join(f"{name} {short(value)}" for name, value in (metrics or {}).items())


def mean_text(mean: float, deviation: float | None) -> str:
    """Return a mean and its standard deviation as text, such as "0.25 ± 0.01"."""
    return short(mean) if deviation is None else f"{short(mean)} ± {deviation:.2g}"


def short(value: object) -> str:
    """Return a value as text, floats with four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Return seconds as text, with two digits or in whole units: 0.012 s, 45 s, 3.2 min, 150 h."""
    value, unit = round(seconds, 3), "s"
    if seconds >= 5400:
        value, unit = seconds / 3600, "h"
    elif seconds >= 90:
        value, unit = seconds / 60, "min"
    return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.2g} {unit}"


def counted(n: int, noun: str) -> str:
    """Return how many there are: 1 trial, 2 trials."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def shown(value: object, most: int = 80) -> str:
    """Return a value of a study as Python writes it, in one line of at most `most` characters."""
    try:
        text = " ".join(printable(repr(value)).split())
    except BaseException:  # noqa: BLE001 - its __repr__ may be the user's; long integers raise, too
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= most else f"{text[: most - 3]}..."
