"""Doc."""

import re
from collections.abc import Mapping


def without_password(text: str) -> str:
    """The text, without the passwords of a URL in it."""
    text = re.sub(r"(://[^:/@\s]*):\S*@", r"\1@", text)
    return re.sub(r"(password=)[^&\s]*", r"\1", text)


def metrics_text(metrics: Mapping[str, float] | None) -> str:
    """Metrics by name, for people; empty if there are none."""
    return ", ".join(f"{name} {short(value)}" for name, value in (metrics or {}).items())


def short(value: object) -> str:
    """A value for people: numbers with four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Seconds in words, to two digits or the whole unit: 0.012 s, 45 s, 3.2 min, 150 h."""
    value, unit = round(seconds, 3), "s"
    if seconds >= 5400:
        value, unit = seconds / 3600, "h"
    elif seconds >= 90:
        value, unit = seconds / 60, "min"
    return f"{value:.0f} {unit}" if value >= 9.95 else f"{value:.2g} {unit}"
