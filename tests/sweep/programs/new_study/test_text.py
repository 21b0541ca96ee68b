"""Studies that `sweep init` writes: they load, and their first trial trains."""

import textwrap
from pathlib import Path

import pytest

import sweep
from sweep.cli.main import main

ARGPARSE = """
    import argparse

    parser = argparse.ArgumentParser()
    group = parser.add_argument_group("training")
    group.add_argument("-l", "--learning-rate", type=float, default=0.1, help="step  size")
    group.add_argument("--units", type=int, default=64)
    parser.add_argument("--dropout", default=0.5, type=float)
    parser.add_argument("--momentum", default=0.95)
    parser.add_argument("--decay", type=float, default=1e-4, dest="weight_decay")
    parser.add_argument("--shift", type=float, default=-2.0)
    parser.add_argument("--levels", type=int, default=-1)
    parser.add_argument("--zero", type=int, default=0)
    parser.add_argument("--kind", choices=("a", 'b"'), default="a")
    parser.add_argument("--nesterov", action="store_true")
    parser.add_argument("--bias", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--sizes", nargs="+")
    parser.add_argument("--version", action="version", version="1")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--name", default="x")
    parser.add_argument("data")
    options = parser.parse_args()
    for epoch in range(options.epochs):
        print(f"Epoch {epoch}: train_loss: {1 / (epoch + 1):.3f}")
        print("validation: loss = {:.3f}, ok".format(options.learning_rate))
"""

FUNCTION = """
    def helper(x):
        return x

    def train(rate: float = 0.1, *, layers=2, name="a", seed=0):
        return rate * layers
"""


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "train.py") -> str:
    Path(name).write_text(textwrap.dedent(text))
    assert main(["init", name]) == 0
    return Path(name.replace(".py", "_study.py")).read_text()


def test_the_options_of_a_program_become_parameters() -> None:
    text = written(ARGPARSE)
    for line in (
        '"learning_rate": trial.suggest_float("learning_rate", 0.01, 1, log=True),  # default 0.1: '
        "step size",
        '"units": trial.suggest_int("units", 16, 256, log=True),  # default 64',
        '"dropout": trial.suggest_float("dropout", 0.0, 0.9)',
        '"momentum": trial.suggest_float("momentum", 0.8, 0.999)',
        '"weight_decay": trial.suggest_float("weight_decay", 1e-05, 0.001, log=True)',
        '"shift": trial.suggest_float("shift", -20, -0.2)',
        '"levels": trial.suggest_int("levels", -4, 0)',
        '"zero": trial.suggest_int("zero", 0, 10)',
        '"kind": trial.suggest_categorical("kind", ("a", "b\\""))',
        '"nesterov": trial.suggest_categorical("nesterov", (False, True))',
        '"--learning-rate={learning_rate}",',
        '"--decay={weight_decay}",',
        '"{nesterov:--nesterov}",',
        '"{bias:--bias|--no-bias}",',
        '"--seed={seed}",',
        '"CHANGE_ME",  # data',
        'metrics="pairs",',
        'minimize="loss",',
    ):
        assert line in text
    for name in ("epochs", "sizes", "version", "name"):
        assert f'"{name}"' not in text
    run = sweep.run(
        sweep.load_study("train_study.py"), sweep.Options(pool="inline", core_hours=0.1)
    )
    assert run.best is not None
    assert run.best.score == run.best.params["learning_rate"].__round__(3)  # type: ignore[union-attr]


def test_the_arguments_of_a_function_become_parameters() -> None:
    text = written(FUNCTION, "model.py")
    assert "from model import train as function" in text
    assert '"rate": trial.suggest_float("rate", 0.0, 0.9),  # default 0.1' in text
    assert 'yield {"loss": function(**config, seed=seed)}' in text
    assert main(["check", "model_study.py"]) == 0


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ('return {"accuracy": x}', "yield function(**config)  # a dictionary of metrics"),
        ('yield {"accuracy": x}', "yield from function(**config)  # a dictionary of metrics per"),
    ],
)
def test_functions_may_return_metrics_or_yield_them(body: str, line: str) -> None:
    text = written(f"def fit(x=0.5):\n    {body}\n")
    assert line in text
    assert 'maximize="accuracy"' in text
    assert main(["check", "train_study.py"]) == 0


def test_lines_of_json_are_noticed() -> None:
    text = written(
        "import argparse, json\n"
        "p = argparse.ArgumentParser()\n"
        'p.add_argument("--x", type=float)\n'
        'print(json.dumps({"val_error": p.parse_args().x}))\n'
    )
    assert 'metrics="json"' in text
    assert 'minimize="val_error"' in text
    assert main(["check", "train_study.py"]) == 0


def test_no_file_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    before = written(FUNCTION)
    Path("train_study.py").write_text("mine")
    assert main(["init", "train.py"]) == 2
    assert "train_study.py: expected a new file, got one that exists" in capsys.readouterr().err
    assert Path("train_study.py").read_text() == "mine"
    assert main(["init", "train.py", "-o", "other.py"]) == 0
    assert Path("other.py").read_text() == before.replace("train_study.py", "other.py")


@pytest.mark.parametrize(
    ("text", "words", "message"),
    [
        (None, [], "train.py: expected a Python script, found none; check the path"),
        ("x = ", [], "train.py: expected a Python script, got invalid syntax"),
        ("x = 1", [], "train.py: expected options of argparse, or a function train(...) with"),
        ("def f(x=1): ...", ["-o", "a/b.py"], "--output: expected a file next to train.py, got"),
    ],
)
def test_what_no_study_can_be_written_for_is_told(
    capsys: pytest.CaptureFixture[str], text: str | None, words: list[str], message: str
) -> None:
    if text is not None:
        Path("train.py").write_text(text)
    assert main(["init", "train.py", *words]) == 2
    assert message in capsys.readouterr().err
    assert not [*Path().glob("*_study.py")]
