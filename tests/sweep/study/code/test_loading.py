"""Study files: loaded from a path, and whatever is wrong in one is told with its line."""

import ast
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from textwrap import dedent

import pytest

import sweep
from sweep.errors import OptionError, StudyError
from sweep.study.code import loading
from sweep.study.code.loading import load_study
from sweep.study.code.user_code import guarded, where
from sweep.study.study import MINIMUM
from tests.machine import environment_without_ray

HEAD = """\
import sweep

def space(trial):
    return {"x": trial.suggest_float("x", -1, 1)}

def train(config, data, seed, state):
    yield {"loss": config["x"] ** 2}

"""
STUDY = 'study = sweep.Study(name="toy", space=space, train=train, minimize="loss")\n'
SETTINGS = """\
from dataclasses import dataclass

@dataclass(frozen=True)
class Settings:
    epochs: int = 6

settings = sweep.settings(Settings)

"""


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(text, name="study.py"):
    path = Path(name).absolute()
    path.parent.mkdir(exist_ok=True)
    path.write_text(dedent(text))
    return path


def test_a_study_file_gives_its_study():
    study = load_study(write(HEAD + STUDY))
    assert (study.name, study.metric, study.settings) == ("toy", "loss", {})
    assert next(iter(study.train({"x": 3.0}, None, 0, None))) == {"loss": 9.0}


@pytest.mark.parametrize("name", ["study.py", "./study.py", "with blanks & ümlauts.py"])
def test_a_path_can_be_relative_and_of_any_name(name):
    write(HEAD + STUDY, name)
    assert load_study(name).name == "toy"


def test_settings_are_changed_and_kept_on_record():
    path = write(HEAD + SETTINGS + STUDY.replace("name=", "trials=settings.epochs, name="))
    assert load_study(path).settings == {"epochs": 6}
    changed = load_study(path, {"epochs": "3"})
    assert (changed.settings, changed.trials) == ({"epochs": 3}, 3)


def test_a_setting_that_is_none_is_refused():
    with pytest.raises(OptionError, match=r"--set epoch: expected one of .*; it has epochs"):
        load_study(write(HEAD + SETTINGS + STUDY), {"epoch": "3"})


def test_a_setting_of_another_type_is_refused_with_the_line_that_declares_it():
    message = r"^study.py:15: --set epochs: expected a value of type int, like 6, got 'six'"
    with pytest.raises(OptionError, match=message):
        load_study(write(HEAD + SETTINGS + STUDY), {"epochs": "six"})


def test_modules_beside_the_file_can_be_imported():
    write("LIMIT = 7\n", "folder/beside_the_study.py")
    path = write("import beside_the_study\n" + HEAD + STUDY, "folder/study.py")
    assert load_study(path).name == "toy"
    assert sys.modules["beside_the_study"].LIMIT == 7


def with_limit(limit):
    return f"import sizes\nassert sizes.LIMIT == {limit}\n" + HEAD + STUDY


def test_a_study_gets_the_modules_beside_it_and_not_those_of_another():
    paths = []
    for limit in (7, 8):
        write(f"LIMIT = {limit}\n", f"folder{limit}/sizes.py")
        paths.append(write(with_limit(limit), f"folder{limit}/study.py"))
    for path in [*paths, *paths]:
        load_study(path)


def test_a_module_beside_the_file_is_run_anew_each_time_even_after_an_error():
    sizes = write("LIMIT = 1\n", "sizes.py")
    path = write(with_limit(1))
    load_study(path)
    sizes.write_text("LIMIT = 10\n")
    with pytest.raises(StudyError, match="AssertionError"):
        load_study(path)
    sizes.write_text("LIMIT = 100\n")
    load_study(write(with_limit(100)))


def test_other_modules_are_left_as_they_are():
    path = write("import beside_the_study, sweep, colorsys\n" + HEAD + STUDY)
    write("", "beside_the_study.py")
    before = []
    for _ in range(2):
        load_study(path)
        before.append([sys.modules[name] for name in ("sweep", "colorsys", "beside_the_study")])
    assert before[0][:2] == before[1][:2]
    assert before[0][2] is not before[1][2]


def test_a_file_is_run_anew_each_time():
    assert load_study(write(HEAD + STUDY)).trials == 20
    assert load_study(write(HEAD + STUDY.replace("name=", "trials=100, name="))).trials == 100


@pytest.mark.parametrize("name", ["missing.py", "."])
def test_a_missing_file_is_named(name):
    with pytest.raises(StudyError, match=r"^\S+: expected a study file, found none; check the"):
        load_study(name)


def test_a_file_of_another_kind_is_refused():
    path = write(HEAD + STUDY, "study.txt")
    with pytest.raises(StudyError, match=r"study.txt: expected a Python file, got another kind; n"):
        load_study(path)


def test_a_file_without_a_study_is_shown_the_minimum():
    with pytest.raises(StudyError, match=r"expected an attribute `study`, found none") as caught:
        load_study(write(HEAD))
    assert str(caught.value).endswith(MINIMUM)


def test_a_study_of_another_type_is_shown_the_minimum():
    with pytest.raises(
        StudyError, match=r"expected `study` to be a sweep.Study, got dict"
    ) as caught:
        load_study(write(HEAD + "study = {}\n"))
    assert str(caught.value).endswith(MINIMUM)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "x = 1\ndef broken(:\n",
            r"^study.py:2: the study file raised SyntaxError: ",
        ),
        (
            "\n\nimport no_such_module\n",
            r"^study.py:3: .* raised ModuleNotFoundError: No module named",
        ),
        (
            "def f():\n    return 1 / 0\nf()\n",
            r"^study.py:2: the study file raised ZeroDivisionError: ",
        ),
        (
            HEAD + STUDY.replace("minimize", "goal"),
            r"^study.py:9: .* raised TypeError: .*'goal'$",
        ),
        (
            HEAD + STUDY.replace("minimize", "trials=0, minimize"),
            r"^study.py:9: Study: expected trials to be a whole number >= 1, got 0$",
        ),
    ],
)
def test_what_a_study_file_raises_is_told_with_its_line(text, message):
    with pytest.raises(StudyError, match=message):
        load_study(write(text))


def test_an_error_in_a_module_beside_the_file_is_told_with_the_line_that_imports_it():
    write("1 / 0\n", "broken_beside.py")
    path = write("import sys\nimport broken_beside\n")
    with pytest.raises(StudyError, match=r"^study.py:2: .* raised ZeroDivisionError"):
        load_study(path)


# What the study's functions raise


def test_a_guarded_call_gives_its_result():
    study = load_study(write(HEAD + STUDY))
    assert guarded("data", lambda: 3, study) == 3


def test_what_a_function_of_the_study_raises_is_told_with_its_line():
    text = HEAD + "def data():\n    return open('missing.idx')\n\n" + STUDY
    study = load_study(
        write(text.replace("study = sweep.Study(", "study = sweep.Study(data=data, "))
    )
    message = r"^study.py:10: data\(\) raised FileNotFoundError: .*$"
    with pytest.raises(StudyError, match=message):
        guarded("data", study.data, study)


def test_what_sweep_itself_says_about_a_function_passes_unchanged():
    study = load_study(write(HEAD + STUDY))

    def call():
        raise StudyError("space: expected a better one")

    with pytest.raises(StudyError, match=r"^space: expected a better one$"):
        guarded("space", call, study)


def test_the_place_of_an_error_elsewhere_is_the_file_alone():
    assert where(ValueError("never raised"), str(Path("study.py").absolute())) == "study.py"


def test_a_study_that_imports_ray_finds_it_set_up():
    Path("early.py").write_text(
        "import os, ray\nassert os.environ['RAY_AUTH_MODE'] == 'token'\n" + HEAD + STUDY
    )
    code = "import sweep; sweep.load_study('early.py')"
    command = [sys.executable, "-c", code]
    subprocess.run(command, env=environment_without_ray(), check=True, timeout=120)


# What a study file can do to the process that loads it


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "from argparse import ArgumentParser as A\np = A()\np.add_argument('--x')\n"
            "p.parse_args(['run', '--slots'])\n",
            r"^study.py:4: the study file raised SystemExit: unrecognized arguments: run --slots; "
            r"declare what varies with sweep.settings, and change it with --set$",
        ),
        ("import sys\nsys.exit()\n", r"^study.py:2: .* SystemExit: ; declare what varies with"),
        (
            "import asyncio\nraise asyncio.CancelledError('x')\n",
            r"^study.py:2: the study file raised CancelledError: x$",
        ),
        (
            "from .model import loss\n",
            r"^study.py:1: .* raised ImportError: attempted relative import .*; a study file "
            r"belongs to no package: put .* `from \S+.study import study`, and run that one$",
        ),
    ],
)
def test_what_would_end_the_process_is_an_error_of_the_study_file(text, message, capsys):
    with pytest.raises(StudyError, match=message):
        load_study(write(text))
    assert capsys.readouterr() == ("", "")


def test_argparse_is_itself_again_afterwards(capsys):
    load_study(write("import argparse\nargparse.ArgumentParser().parse_args([])\n" + HEAD + STUDY))
    with pytest.raises(SystemExit):
        ArgumentParser().parse_args(["--no-such"])
    assert "usage" in capsys.readouterr().err


def test_an_interrupt_stays_one():
    with pytest.raises(KeyboardInterrupt):
        load_study(write("raise KeyboardInterrupt\n"))
    study = load_study(write(HEAD + "def data():\n    raise KeyboardInterrupt\n" + STUDY))
    with pytest.raises(KeyboardInterrupt):
        guarded("data", sys.modules["study"].data, study)


def test_a_function_that_ends_the_process_is_told_with_its_line():
    study = load_study(write(HEAD + "def data():\n    raise SystemExit(3)\n" + STUDY))
    with pytest.raises(StudyError, match=r"^study.py:10: data\(\) raised SystemExit: 3$"):
        guarded("data", sys.modules["study"].data, study)


def test_a_study_inside_a_package_is_run_by_a_file_next_to_it():
    write("", "kit/__init__.py")
    write("LIMIT = 7\n", "kit/model.py")
    write("from .model import LIMIT\n" + HEAD + STUDY, "kit/study.py")
    assert load_study(write("from kit.study import study\n", "outer.py")).name == "toy"


@pytest.mark.parametrize("name", ["ray.py", "optuna.py", "sweep.py"])
def test_a_file_named_like_a_package_that_sweep_imports_is_named(name):
    message = rf"^{name}: expected a name that .*, got {name[:-3]}, which sweep imports; rename it$"
    path = write(HEAD + STUDY, name)
    with pytest.raises(StudyError, match=message):
        load_study(path)
    with pytest.raises(StudyError, match=message):
        load_study(write(HEAD + STUDY))


def test_a_folder_named_like_a_package_that_sweep_imports_is_named():
    write("", "numpy/__init__.py")
    with pytest.raises(StudyError, match=r"^numpy.__init__.py: expected .*, got numpy, which"):
        load_study(write(HEAD + STUDY))


def test_every_package_that_sweep_imports_is_on_that_list():
    imported = set()
    for path in Path(sweep.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.split(".")[0])
    assert set(loading.PACKAGES) == imported - sys.stdlib_module_names


@pytest.mark.parametrize("space", ["partial(space)", "partial(partial(space), trial=1 / 2)"])
def test_an_error_in_a_partial_is_told_with_the_line_of_its_function(space):
    text = HEAD + STUDY.replace("=space", f"={space}")
    study = load_study(write("from functools import partial\n" + text))
    with pytest.raises(StudyError, match=r"^study.py:5: space\(\) raised AttributeError"):
        guarded("space", lambda: study.space(trial=None), study)
