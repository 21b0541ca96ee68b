"""What the functions of a script do: noticed when it changes, the same in every process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import sweep
from sweep.study.code.functions import parts
from sweep.study.code.functions.parts import function_changes, note_own_changes, of_functions
from sweep.study.fields import difference, identity

SCRIPT = '''
import functools
import math as m
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

import sweep

BIAS = 0.0
TOKEN = "abc"
SIZES = (16, 32)
CHOICES = {"a", "b", "c"}
TABLE = {"rate": 0.1, "deep": {"layers": [1, 2]}}
WEIGHTS = np.arange(3)
UNUSED = 1


class Kind(Enum):
    SUM = 1


@dataclass(frozen=True)
class Config:
    x: float
    steps: list = field(default_factory=list)

    def scaled(self):
        return self.x * FACTOR


FACTOR = 2
BASE = Config(1.0)


class Model:
    depth = 3

    def __init__(self, width):
        self.width = width

    def __call__(self, x):
        return x + self.width

    @property
    def half(self):
        return self.width / 2

    @staticmethod
    def twice(x):
        return 2 * x


MODEL = Model(4)


def multiplier(k):
    def multiply(x):
        return x * k

    return multiply


double = multiplier(2)


def helper(x, power=2):
    """Square."""
    # a comment
    try:
        y = x**power
    except ValueError:
        y = 0
    return y if x in {"p", "q", "r"} else y + 1


def deep(x):
    return helper(x)


def counted(function):
    @functools.wraps(function)
    def call(*args, **more):
        return function(*args, **more)

    return call


def space(trial):
    return Config(trial.suggest_float("x", 0, 1))


@counted
def train(config, data, seed, state, gain=1.0):
    loss = [deep(value) + gain for value in SIZES]
    kind = Kind.SUM, TABLE, WEIGHTS, TOKEN, CHOICES, m.pi
    yield {"loss": config.x + BIAS + MODEL(1) + double(3) + BASE.x + sum(loss) + len(kind)}


study = sweep.Study(
    name="script", space=space, train=functools.partial(train, gain=2.0), minimize="loss",
    data=lambda: [BIAS], trials=3,
)
'''


def made_by(text: str) -> sweep.Study:
    """The study of a script that Python runs."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, "script.py", "exec"), names)
    study = names["study"]
    assert isinstance(study, sweep.Study)
    return study


def changes(before: str, after: str) -> list[str]:
    assert SCRIPT.count(before) == 1
    changed = of_functions(made_by(SCRIPT.replace(before, after)))
    return function_changes(of_functions(made_by(SCRIPT)), changed)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('    """Square."""\n    # a comment\n', ""),
        ("    # a comment\n", "    # another\n\n\n"),
        ("helper(x, power=2)", "helper(\n    x,\n    power=2,\n)"),
        ("UNUSED = 1", "UNUSED = 2"),
        ("trials=3", "trials=4, keep='all'"),
        ('{"a", "b", "c"}', '{"c", "a", "b"}'),
        ("BIAS = 0.0\n", "\n\nBIAS = 0.0\nprint\n"),
        ("def space(trial):", "def unused():\n    return 1\n\n\ndef space(trial):"),
    ],
)
def test_what_leaves_the_results_as_they_are_is_no_change(before: str, after: str) -> None:
    assert changes(before, after) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("BIAS = 0.0", "BIAS = 1", ["value BIAS 0.0 -> 1"]),
        ('"abc"', '"abd"', ["value TOKEN"]),
        ("(16, 32)", "(16, 64)", ["value SIZES (16, 32) -> (16, 64)"]),
        ('{"a", "b", "c"}', '{"a", "b", "d"}', ["value CHOICES"]),
        (
            "[1, 2]",
            "[1, 3]",
            [
                "value TABLE {'rate': 0.1, 'deep': {'layers': [1, 2]}} -> "
                "{'rate': 0.1, 'deep': {'layers': [1, 3]}}"
            ],
        ),
        ("arange(3)", "arange(4)", ["value WEIGHTS"]),
        ("import math as m", "import cmath as m", ["value m math -> cmath"]),
        ("SUM = 1", "SUM = 2", ["class Kind"]),
        ("x: float", "x: float = 3.0", ["class Config"]),
        ("default_factory=list", "default_factory=dict", ["class Config", "value BASE"]),
        ("self.x * FACTOR", "self.x / FACTOR", ["function Config.scaled"]),
        ("FACTOR = 2", "FACTOR = 3", ["value FACTOR 2 -> 3"]),
        ("Config(1.0)", "Config(2.0)", ["value BASE"]),
        ("depth = 3", "depth = 4", ["class Model"]),
        ("x + self.width", "x - self.width", ["function Model.__call__"]),
        ("self.width / 2", "self.width / 3", ["function Model.half"]),
        ("2 * x", "3 * x", ["function Model.twice"]),
        ("Model(4)", "Model(5)", ["value MODEL"]),
        ("multiplier(2)", "multiplier(3)", ["value k of double 2 -> 3"]),
        ("x * k", "x / k", ["function double"]),
        ("power=2", "power=3", ["value power of helper 2 -> 3"]),
        ("y + 1", "y + 2", ["function helper"]),
        ('"p", "q", "r"', '"p", "q", "s"', ["function helper"]),
        ("        y = x**power\n", "        y = x**power\n        y = y\n", ["function helper"]),
        ("    return helper(x)", "    import json\n    return helper(x)", ["function deep"]),
        ("function(*args, **more)\n", "function(*args)\n", ["function train"]),
        ("deep(value) + gain", "deep(value) - gain", ["function train"]),
        ("gain=2.0", "gain=3.0", ["train()"]),
        ("gain=1.0", "gain=0.5", ["value gain of train 1.0 -> 0.5"]),
        ("[BIAS]", "[BIAS + 0]", ["function data"]),
        ("    data=lambda: [BIAS],", "", ["data() (gone)", "function data (gone)"]),
        ('"x", 0, 1', '"x", 0, 2', ["function space"]),
    ],
)
def test_what_functions_use_is_a_change_and_is_named(
    before: str, after: str, told: list[str]
) -> None:
    assert changes(before, after) == told


def test_statements_moved_into_a_try_block_are_a_change() -> None:
    inside = "    try:\n        a()\n        b()\n    except ValueError:\n        pass\n"
    outside = (
        "    try:\n        a()\n    except ValueError:\n        pass\n    else:\n        b()\n"
    )
    head = "a = b = print\ndef train(config, data, seed, state):\n"
    tail = "    yield {}\nimport sweep\n"
    tail += "study = sweep.Study(name='s', space=a, train=train, minimize='x')"
    first, second = (of_functions(made_by(head + body + tail)) for body in (inside, outside))
    assert function_changes(first, second) == ["function train"]


def test_final_steps_count_too() -> None:
    text = SCRIPT + (
        "\ndef evaluate(config, state, test):\n    return {'error': 1.0}\n"
        "study = sweep.Study(name='script', space=space, train=train, minimize='loss',\n"
        "    final=sweep.Final(data=list, test=list, evaluate=evaluate, minimize='loss'))"
    )
    first = of_functions(made_by(text))
    changed = text.replace("'error': 1.0", "'error': 2.0")
    assert function_changes(first, of_functions(made_by(changed))) == ["function evaluate"]
    told = function_changes(first, of_functions(made_by(text.replace("test=list", "test=tuple"))))
    assert told == ["test() builtins.list -> builtins.tuple"]


def test_things_that_refer_to_themselves_or_cannot_be_compared_count_by_their_type() -> None:
    text = (
        "import sweep, threading, numpy, logging\n"
        "class Node: pass\n"
        "THINGS = [threading.Lock(), numpy.random.default_rng(), logging.getLogger('x')]\n"
        "THINGS += [Node(), iter([]), lambda: THINGS]\n"
        "THINGS[3].next = THINGS\n"
        "def train(config, data, seed, state):\n"
        "    yield {'loss': len(THINGS), 'late': MISSING}\n"
        "study = sweep.Study(name='s', space=print, train=train, minimize='loss')"
    )
    assert of_functions(made_by(text)) == of_functions(made_by(text))


def test_a_text_is_recorded_as_a_digest_for_it_may_be_a_secret() -> None:
    texts = of_functions(made_by(SCRIPT))
    assert "abc" not in str(texts)
    assert texts["value TOKEN"].startswith("#")


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package beside a script."""
    package = tmp_path / "parts_of_script"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "layers.py").write_text("from .units import UNIT\n\ndef layer(): return UNIT\n")
    (package / "units.py").write_text("UNIT = 1\n")
    (package / "late.py").write_text("from parts_of_script import units\n")
    (package / "unused.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    yield package
    for name in [name for name in sys.modules if name.startswith("parts_of_script")]:
        del sys.modules[name]


def test_modules_beside_a_script_count_with_what_they_import(beside: Path) -> None:
    text = (
        "import sweep\nfrom parts_of_script.layers import layer\n"
        "def train(config, data, seed, state):\n"
        "    from parts_of_script import late\n"
        "    yield {'loss': layer()}\n"
        "study = sweep.Study(name='s', space=print, train=train, minimize='loss')"
    )
    first = of_functions(made_by(text))
    modules = {name for name in first if name.startswith("module ")}
    assert modules == {f"module parts_of_script{end}" for end in ("", ".layers", ".units", ".late")}
    for name, told in (("units", ["module parts_of_script.units"]), ("unused", [])):
        path = beside / f"{name}.py"
        code = path.read_text()
        path.write_text(code + "# a comment\n")
        assert function_changes(first, of_functions(made_by(text))) == []
        path.write_text(code + "MORE = 2\n")
        assert function_changes(first, of_functions(made_by(text))) == told
        path.write_text(code)


def test_a_study_of_a_module_beside_a_script_counts_as_that_module(beside: Path) -> None:
    (beside / "study.py").write_text(
        "import sweep\n"
        "def make(bias):\n"
        "    def train(config, data, seed, state):\n        yield {'loss': bias}\n"
        "    return sweep.Study(name='s', space=print, train=train, minimize='loss')\n"
    )
    text = "from parts_of_script.study import make\nstudy = make(1)"
    first = of_functions(made_by(text))
    assert "module parts_of_script.study" in first
    assert function_changes(first, of_functions(made_by(text.replace("1", "2")))) == [
        "value bias of parts_of_script.study.make.<locals>.train 1 -> 2"
    ]


def test_a_study_of_a_file_counts_as_its_file() -> None:
    study = sweep.Study(name="s", space=print, train=print, minimize="x", file="study.py")
    assert of_functions(study) == {}


def test_code_compiled_by_another_python_says_nothing() -> None:
    first = of_functions(made_by(SCRIPT))
    other = first | {"python": "3.9", "function helper": "#0", "value BIAS": "1.0"}
    assert function_changes(other, first) == ["value BIAS 1.0 -> 0.0"]
    del other["function helper"]
    assert function_changes(other, first) == ["function helper (new)", "value BIAS 1.0 -> 0.0"]


def test_a_difference_is_told_by_part() -> None:
    study = made_by(SCRIPT)
    recorded = identity(study)["functions"]
    assert difference("functions", recorded, recorded) == ""
    changed = {"functions": recorded | {"value BIAS": "1.0", "function helper": "#0"}}
    told = difference("functions", recorded, changed["functions"])
    assert told == "function helper; value BIAS 0.0 -> 1.0"


def test_what_a_run_itself_has_changed_is_no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_given", {})
    study, cache = made_by(SCRIPT), made_by(SCRIPT).train.func.__globals__  # type: ignore[attr-defined]
    study = SimpleNamespace(name="s", file="", pruner=None, final=None, data=None, space=print)  # type: ignore[assignment]
    cache["CACHE"] = {}
    exec("def train(*_): CACHE", cache)
    study.train = cache["train"]  # type: ignore[misc]
    before = of_functions(study)
    cache["CACHE"]["loaded"] = 1
    note_own_changes(study, before)
    assert of_functions(study) == before
    cache["CACHE"]["loaded"] = eval("lambda: 1", cache)
    assert function_changes(before, of_functions(study)) == ["function CACHE (new)", "value CACHE"]
    note_own_changes(study, before)
    assert of_functions(study) == before
    cache["CACHE"]["loaded"] = 2
    assert function_changes(before, of_functions(study)) == ["value CACHE {} -> {'loaded': 2}"]


def test_digests_are_the_same_in_every_process_and_folder(tmp_path: Path) -> None:
    script = tmp_path / "go.py"
    show = "from sweep.study.code.functions.parts import of_functions\nprint(of_functions(study))"
    script.write_text(SCRIPT + show)
    texts = [
        subprocess.run(
            [sys.executable, *words], cwd=folder, env={"PYTHONHASHSEED": seed, "PYTHONPATH": path},
            input=script.read_text(), capture_output=True, text=True, check=True, timeout=120,
        ).stdout
        for words, folder, seed in (([script], "/", "1"), (["-"], tmp_path, "2"))
        for path in [str(Path(sweep.__file__).parents[1])]
    ]  # fmt: skip
    assert texts[0] == texts[1]
    assert "value BIAS" in texts[0]


def test_a_pruner_of_the_script_counts_by_its_class() -> None:
    text = (
        "import sweep\nfrom dataclasses import dataclass\n"
        "@dataclass(frozen=True)\n"
        "class Never:\n"
        "    wait: int = 1\n"
        "    decides_after = prunes = lambda self, *_: False\n"
        "study = sweep.Study(name='s', space=print, train=print, minimize='x', pruner=Never())"
    )
    first = of_functions(made_by(text))
    told = function_changes(first, of_functions(made_by(text.replace("False", "0"))))
    assert told == ["function Never.member"]
    assert "pruner()" not in of_functions(made_by(text.replace("Never()", "sweep.Median()")))
