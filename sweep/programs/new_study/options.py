"""Reads what a script can be given: the options of its argparse parser, or a function's arguments.

The script is read, not run.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

FLAGS = {"store_true": True, "store_false": False}

UNKNOWN = object()
"""The default of an option that has none, or one that only the script can compute."""


@dataclass(frozen=True)
class Option:
    """An option of a program, or an argument of a function.

    Attributes:
        name: What the parameter is called.
        words: The word of the command line, with a placeholder; "" for a function.
        kind: "float", "int", "bool" or "str".
        default: Its default, or UNKNOWN.
        choices: What it can be; empty for anything.
        help: What the script says of it.
    """

    name: str
    words: str
    kind: str
    default: Any = UNKNOWN
    choices: tuple[Any, ...] = ()
    help: str = ""


def argparse_options(tree: ast.Module) -> list[Option]:
    """Return the options of a script's `add_argument` calls, in their order."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    calls = [
        call
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_argument"
    ]
    found = (_option(call) for call in sorted(calls, key=lambda call: call.lineno))
    return [option for option in found if option is not None]


def function_of(tree: ast.Module) -> ast.FunctionDef | None:
    """Return the function of a script to sweep: `train`, `main`, or the only one with arguments."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    known = {name: f for name, f in functions.items() if name[0] != "_" and _arguments(f)}
    for name in ("train", "main"):
        if name in known:
            return known[name]
    return next(iter(known.values())) if len(known) == 1 else None


def function_options(function: ast.FunctionDef) -> list[Option]:
    """Return the arguments of a function."""
    arguments = _arguments(function)
    defaults: list[ast.expr | None] = list(function.args.defaults)
    missing = len(function.args.posonlyargs + function.args.args) - len(defaults)
    values = [*[None] * missing, *defaults, *function.args.kw_defaults]
    options = []
    for argument, value in zip(arguments, values, strict=True):
        default = UNKNOWN if value is None else _literal(value)
        kind = _name(argument.annotation) or _kind(default)
        options.append(Option(argument.arg, "", kind, default))
    return options


def _arguments(function: ast.FunctionDef) -> list[ast.arg]:
    arguments = function.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _option(call: ast.Call) -> Option | None:
    names = [name for name in map(_literal, call.args) if isinstance(name, str)]
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    if not names or "nargs" in given:
        return None
    long = max(names, key=lambda name: (name.startswith("--"), len(name)))
    dest = _literal(given["dest"]) if "dest" in given else long.lstrip("-").replace("-", "_")
    action = given.get("action")
    about = _literal(given["help"]) if "help" in given else ""
    about = " ".join(about.split()) if isinstance(about, str) else ""
    default = _literal(given["default"]) if "default" in given else UNKNOWN
    if action is not None:
        if "BooleanOptionalAction" in ast.unparse(action):
            word = f"{{{dest}:{long}|--no-{long.lstrip('-')}}}"
            return Option(str(dest), word, "bool", default, (), about)
        if _literal(action) not in FLAGS:
            return None  # --version and the like
        return Option(str(dest), f"{{{dest}:{long}}}", "bool", default=False, help=about)
    choices = _literal(given["choices"]) if "choices" in given else ()
    choices = tuple(choices) if isinstance(choices, list | tuple) else ()
    kind = _name(given.get("type")) or _kind(choices[0] if choices else default)
    word = f"{long}={{{dest}}}" if long.startswith("--") else f"{{{dest}}}"
    return Option(str(dest), word, kind, default, choices, about)


def printed(tree: ast.Module) -> Iterator[str]:
    """Yield what a script prints, with "{}" in place of what it computes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.Dict):
            names = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield " ".join(f"{name!s}={{}}" for name in names)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return UNKNOWN


def _name(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) and node.id in ("float", "int", "str") else ""


def _kind(value: Any) -> str:
    kinds = {bool: "bool", int: "int", float: "float"}
    return kinds.get(type(value), "str")
