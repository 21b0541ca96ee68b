"""What the functions of a study do, part by part, so that the changes of a script are noticed.

A study from a script or a notebook has no file of its own. The rest of such a script may change
between two calls; what the study's functions use may not. Recorded are their code, as Python has
compiled it (comments, docstrings and layout do not count), and all that they refer to: functions
and classes, values, defaults, variables of enclosing functions, arguments of partials. Modules of
the user's own count as for a study file: whole, and with those that they import.

Not noticed are things that cannot be compared: what objects of installed packages hold, unless they
are arrays or dataclasses; functions and modules that are looked up by a text; compiled extensions.
Code is compared between calls with the same version of Python, as each compiles it differently.
"""

import inspect
import platform
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

from sweep.study.code.fingerprint import digest_of, module_digest
from sweep.study.code.functions.bytecode import code_text, global_names, imported_names
from sweep.study.code.functions.objects import WRITTEN, inside, is_own, is_shown, members, variables
from sweep.study.code.local_modules import is_installed, own_modules
from sweep.study.study import Study

PYTHON = "python"
"""Key of the version of Python that compiled the code."""

COMPILED = ("function ", "class ")
"""Beginnings of the names of parts that can only be compared within one version of Python."""


_given: dict[tuple[str, str], dict[str | None, str | None]] = {}
"""What parts were before a run in this process changed them, such as a cache that `data` fills.

By study and part, then by what the part became; None where there was or is none.
"""


def of_functions(study: Study) -> dict[str, str]:
    """Return what the functions of a study do: by the name of each part, a text that tells it.

    Empty for a study from a file, which counts as a whole.
    """
    if study.file:
        return {}
    texts = _texts(study)
    names = dict.fromkeys([*texts, *(part for name, part in _given if name == study.name)])
    given = {
        part: _given.get((study.name, part), {}).get(texts.get(part), texts.get(part))
        for part in names
    }
    return {part: text for part, text in given.items() if text is not None}


def note_own_changes(study: Study, before: Mapping[str, str]) -> None:
    """Note which values a run has changed itself: they count as they were before it.

    Args:
        study: The study.
        before: What its functions did when the run began.
    """
    if study.file:
        return
    after = _texts(study)
    for part in before.keys() | after.keys():
        old, new = before.get(part), after.get(part)
        if part.startswith("value ") or old is None or new is None:
            _given.setdefault((study.name, part), {})[new] = old


def function_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a text for each part that differs, with both values if they are recorded."""
    changes = []
    same_python = before.get(PYTHON) == after.get(PYTHON)
    for name in sorted((before.keys() | after.keys()) - {PYTHON}):
        old, new = before.get(name), after.get(name)
        if old == new or (old and new and name.startswith(COMPILED) and not same_python):
            continue
        if old is None or new is None:
            changes.append(f"{name} ({'new' if old is None else 'gone'})")
        else:
            is_hidden = old.startswith("#") or new.startswith("#")
            changes.append(name if is_hidden else f"{name} {old} -> {new}")
    return changes


def _texts(study: Study) -> dict[str, str]:
    used = {name: getattr(study, name) for name in ("space", "train", "data")}
    if is_own(type(study.pruner)):  # others are recorded with the study
        used["pruner"] = study.pruner
    if final := study.final:
        used |= {"final data": final.data, "test": final.test}
        used |= {"evaluate": final.evaluate, "config": final.config, "ensemble": final.ensemble}
    parts = _Parts()
    for name, value in used.items():
        if value is not None:
            parts.texts[f"{name}()"] = parts.text(value, name)
    return {PYTHON: ".".join(platform.python_version_tuple()[:2]), **parts.texts}


class _Parts:
    """Collects the parts; `texts` has a text for each, which differs if the part does."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._modules: dict[str, bool] = {}  # whether they are the user's own
        self._known: dict[int, tuple[str, Any]] = {}  # the objects, too: an id may be used again

    def text(self, value: Any, name: str) -> str:
        """Return a text for a value, and collect what it refers to.

        Args:
            value: Any object.
            name: What it is called where it is referred to; some have no name of their own.
        """
        if is_shown(value):
            return repr(value)
        if isinstance(value, WRITTEN):
            return "#" + digest_of(repr(value))
        if id(value) not in self._known:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            self._known[id(value)] = kind, value  # it may refer to itself
            self._known[id(value)] = self._text(value, name, kind), value
        return self._known[id(value)][0]

    def _text(self, value: Any, name: str, kind: str) -> str:
        if isinstance(value, ModuleType):
            self._add_modules(value.__name__)
            return value.__name__
        if isinstance(value, FunctionType):
            return self._function(value, name)
        if inspect.isclass(value):
            return self._class(value)
        if inspect.isbuiltin(value) and value.__module__:
            return f"{value.__module__}.{value.__qualname__}"
        if isinstance(value, set | frozenset):
            texts = sorted(self.text(item, name) for item in value)
        else:
            texts = [self.text(item, name) for item in inside(value)]
        own_name = getattr(value, "__qualname__", "") if inspect.isroutine(value) else ""
        return "#" + digest_of(f"{kind} {own_name} {texts}")

    def _function(self, function: FunctionType, name: str) -> str:
        qualname, module = function.__qualname__, function.__module__ or "__main__"
        if is_installed(module):
            for variable, value in variables(function).items():
                if callable(value):  # the user's function, in a decorator's wrapper
                    self.text(value, variable)
            return f"{module}.{qualname}"
        label = f"{module}.{qualname}"
        if not self._add_modules(module):
            label = f"function {name if '<' in qualname else qualname}"
            self._add(label, "#" + digest_of(code_text(function.__code__)))
            self._add_globals(function)
        for variable, value in sorted(variables(function).items()):
            self._refer(variable, value, f"value {variable} of {label.removeprefix('function ')}")
        return label

    def _class(self, cls: type) -> str:
        if not is_own(cls) or self._add_modules(cls.__module__):
            return f"{cls.__module__}.{cls.__qualname__}"
        label = f"class {cls.__qualname__}"
        texts = [self.text(member, f"{cls.__qualname__}.member") for member in members(cls)]
        self._add(label, "#" + digest_of(str(texts)))
        return label

    def _add_globals(self, function: FunctionType) -> None:
        for name in sorted(global_names(function.__code__)):
            if name in function.__globals__:
                self._refer(name, function.__globals__[name], f"value {name}")
        for name in imported_names(function.__code__):
            self._add_modules(name)

    def _refer(self, name: str, value: Any, label: str) -> None:
        """Collect what a name refers to, unless that is called the same."""
        text = self.text(value, name)
        if text not in (name, f"function {name}", f"class {name}"):
            self._add(label, text)

    def _add(self, label: str, text: str) -> None:
        """Collect a part; several of one name are one part."""
        other = self.texts.get(label, text)
        self.texts[label] = text if other == text else "#" + digest_of(other + text)

    def _add_modules(self, name: str) -> bool:
        """Collect a module and those that it imports, if it is the user's own and has a file."""
        if name not in self._modules:
            files = own_modules(name)
            self._modules[name] = bool(files)
            for module, file in files.items():
                if f"module {module}" not in self.texts:
                    self.texts[f"module {module}"] = "#" + module_digest(file)
        return self._modules[name]
