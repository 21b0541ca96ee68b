"""First ranges for the parameters of a script, around their defaults."""

import re

from sweep.programs.new_study.options import UNKNOWN, Option

FIXED = re.compile(
    r"epochs?$|steps$|iters?$|seed|workers|interval|save|load|path|dir|file|port|rank|world|device"
    r"|cuda|gpu|mps|accel|verbose|debug|quiet|resume|download|dry|log|print|plot|checkpoint|version"
)
"""Names of options that say how a program works, not what it trains."""

SCALES = re.compile(r"(^|_)(lr|learning_rate|wd|weight_decay|eps|epsilon|l1|l2|reg|lambda|tol)")
"""Names of numbers that are compared by their logarithms."""


def is_fixed(option: Option) -> bool:
    """Return whether a parameter is left at its default: it is no number, or no hyperparameter."""
    is_text = option.kind == "str" and not option.choices
    return is_text or FIXED.search(option.name.lower()) is not None


def suggestion(option: Option) -> str:
    """Return the call that draws a parameter."""
    name = f'"{option.name}"'
    if option.choices or option.kind == "bool":
        choices = option.choices or (False, True)
        text = ", ".join(map(_written, choices)) + ("," if len(choices) == 1 else "")
        return f"trial.suggest_categorical({name}, ({text}))"
    if option.kind == "int":
        return f"trial.suggest_int({name}, {_whole_range(option.default)})"
    return f"trial.suggest_float({name}, {_range(option)})"


def default_text(option: Option) -> str:
    """Return the default of an option and what the script says of it, as a comment."""
    default = "" if option.default is UNKNOWN else f"default {_written(option.default)}"
    about = ": ".join(filter(None, [default, option.help]))
    return f"  # {about}" if about else ""


def _range(option: Option) -> str:
    value = option.default
    if not isinstance(value, int | float):
        value = 0.0
    if SCALES.search(option.name.lower()):
        low, high = (value / 10, value * 10) if value > 0 else (1e-6, 1e-2)
        return f"{low:.3g}, {high:.3g}, log=True"
    if 0 <= value <= 0.9:
        return "0.0, 0.9"
    if 0.9 < value < 1:
        return "0.8, 0.999"
    low, high = sorted((value / 10, value * 10))
    return f"{low:.3g}, {high:.3g}" + (", log=True" if low > 0 else "")


def _whole_range(value: object) -> str:
    if not isinstance(value, int) or value == 0:
        return "0, 10"
    if value < 0:
        return f"{4 * value}, 0"
    return f"{max(1, value // 4)}, {4 * value}, log=True"


def _written(value: object) -> str:
    if not isinstance(value, str):
        return repr(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
