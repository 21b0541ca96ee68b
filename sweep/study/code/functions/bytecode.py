"""Compiled code as text that is the same in every process, and the names that it uses."""

import dis
from bisect import bisect_left
from collections.abc import Iterator
from types import CodeType
from typing import Any

LAYOUT = ("NOP", "EXTENDED_ARG", "CACHE")
"""Instructions that do nothing by themselves and come and go with the layout of the source."""

JUMPS = {*dis.hasjrel, *dis.hasjabs}
GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME")


def code_text(code: CodeType) -> str:
    """Return a text that differs if the code does something else.

    File, line numbers, comments and docstrings do not count. The text depends on the version of
    Python.
    """
    instructions = [i for i in dis.get_instructions(code) if i.opname not in LAYOUT]
    offsets = [i.offset for i in instructions]

    def argument(instruction: dis.Instruction) -> str:
        value = instruction.argval
        is_jump = instruction.opcode in JUMPS
        return str(bisect_left(offsets, value)) if is_jump else _constant(value)

    lines = [f"{i.opname} {argument(i)}" for i in instructions]
    lines += [
        f"except {[bisect_left(offsets, at) for at in (e.start, e.end, e.target)]} {e.depth}"
        for e in dis.Bytecode(code).exception_entries  # type: ignore[attr-defined]
    ]
    arguments = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
    return "\n".join([f"{arguments} {code.co_flags} {code.co_varnames}", *lines])


def global_names(code: CodeType) -> set[str]:
    """Return the names that code looks up outside of functions."""
    return {i.argval for i in _instructions(code) if i.opname in GLOBAL}


def imported_names(code: CodeType) -> list[str]:
    """Return the full names that code may import; not all of them are modules."""
    names, base = [], ""
    for instruction in _instructions(code):
        if instruction.opname == "IMPORT_NAME":
            base = instruction.argval
            names.append(base)
        elif instruction.opname == "IMPORT_FROM":
            names.append(f"{base}.{instruction.argval}")
    return names


def _instructions(code: CodeType) -> Iterator[dis.Instruction]:
    """Yield the instructions of code and of the functions and classes in it."""
    for instruction in dis.get_instructions(code):
        yield instruction
        if isinstance(instruction.argval, CodeType):
            yield from _instructions(instruction.argval)


def _constant(value: Any) -> str:
    if isinstance(value, CodeType):
        return f"({code_text(value)})"
    if isinstance(value, frozenset):  # its order differs from process to process
        return f"{{{', '.join(sorted(map(_constant, value)))}}}"
    if isinstance(value, tuple):
        return f"({', '.join(map(_constant, value))})"
    return repr(value)
