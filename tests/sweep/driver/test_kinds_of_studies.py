"""Studies as people write them: many parameters, odd names, callables, nested configurations."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import sweep
from sweep.cli.main import main
from sweep.trials.records import Ending

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def resumed(study: sweep.Study, more: sweep.Study, inline: Inline) -> sweep.Run:
    """Run a study, then again with more trials; all commands can read the run."""
    inline(study)
    run = inline(more)
    assert all(record.ending is Ending.COMPLETE for record in run.records)
    for command in ("status", "best", "report", "replay"):
        words = [command, str(run.directory.path)]
        assert main(words) == (2 if command == "replay" else 0)  # it needs a study file
    return run


def test_a_hundred_parameters_half_of_them_switches(make_study: MakeStudy, inline: Inline) -> None:
    def space(trial: sweep.Trial) -> dict[str, Any]:
        switches = {f"s{i}": trial.suggest_categorical(f"s{i}", [True, False]) for i in range(50)}
        return switches | {f"x{i}": trial.suggest_float(f"x{i}", 0, 1) for i in range(50)}

    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": float(sum(config.values()))}

    study = partial(make_study, space=space, train=train)
    run = resumed(study(trials=4), study(trials=6), inline)
    losses = [sum(map(float, record.params.values())) for record in run.records]
    assert run.trials()["loss"].tolist() == pytest.approx(losses)


NAMES = ["lr/encoder", "a b", "x,y", 'q"uote', "äöü_λ", "trial", "loss", "", "new\nline", "a|b",
         "50%", "$m$", "<b>", "status", "__metadata__", "{x}", 100 * "a"]  # fmt: skip
TEXTS = ["a,b", 'say "hi"', "two\nlines", "x|y", "=1+1", "", " pad ", "None", "1", "日本語"]


def test_names_and_texts_are_kept_whatever_is_in_them(
    make_study: MakeStudy, inline: Inline
) -> None:
    def space(trial: sweep.Trial) -> dict[str, Any]:
        text = trial.suggest_categorical("text", TEXTS)
        return {name: trial.suggest_float(name, 0, 1) for name in NAMES} | {"text": text}

    def train(config: dict[str, Any], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": config["a b"], "val/acc,top 1": config["<b>"], "{epoch}": 3.0}

    study = partial(make_study, space=space, train=train)
    run = resumed(study(trials=12), study(trials=14), inline)
    assert all(record.params.keys() == {*NAMES, "text"} for record in run.records)
    assert {record.params["text"] for record in run.records} <= {*TEXTS}
    assert all(r.epochs[0].metrics["val/acc,top 1"] == r.params["<b>"] for r in run.records)
    table = pd.read_csv(run.directory.path / "trials.csv", keep_default_na=False)
    for name in ("äöü_λ", 'q"uote', "new\nline"):
        assert table[name].tolist() == pytest.approx([r.params[name] for r in run.records])
    assert table["text"].tolist() == [record.params["text"] for record in run.records]


class Objective:
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def __call__(self, config: dict[str, float], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": config["x"] * self.scale}

    def method(self, config: dict[str, float], *_: object) -> Iterator[dict[str, float]]:
        yield {"loss": config["x"] * self.scale}


def drawn_from(low: float, trial: sweep.Trial) -> dict[str, float]:
    return {"x": trial.suggest_float("x", low, 1)}


@pytest.mark.parametrize("train", [Objective(2.0), Objective(2.0).method, partial(Objective(2.0))])
def test_functions_may_be_partials_objects_and_methods(
    make_study: MakeStudy, inline: Inline, train: Any
) -> None:
    study = partial(make_study, space=partial(drawn_from, 0.1), train=train)
    run = resumed(study(trials=2), study(trials=3), inline)
    assert [r.score for r in run.records] == [2 * r.params["x"] for r in run.records]


class Activation(StrEnum):
    RELU = "relu"
    TANH = "tanh"


@dataclass(frozen=True)
class Layer:
    width: int
    activation: Activation


@dataclass(frozen=True)
class Network:
    layers: tuple[Layer, ...]
    extra: dict[Any, Any]


def test_a_configuration_may_be_nested_and_its_length_drawn(
    make_study: MakeStudy, inline: Inline
) -> None:
    def layer(trial: sweep.Trial, i: int) -> Layer:
        choice = trial.suggest_categorical(f"activation{i}", list(Activation))
        return Layer(trial.suggest_int(f"width{i}", 1, 9), Activation(choice))

    def space(trial: sweep.Trial) -> Network:
        n = trial.suggest_int("n", 1, 3)
        return Network(tuple(layer(trial, i) for i in range(n)), {1: "one", "inf": float("inf")})

    def train(config: Network, *_: object) -> Iterator[dict[str, float]]:
        assert all(isinstance(each.activation, Activation) for each in config.layers)
        yield {"loss": float(sum(each.width for each in config.layers))}

    study = partial(make_study, space=space, train=train)
    run = resumed(study(trials=6), study(trials=8), inline)
    for record in run.records:
        assert len(record.config["layers"]) == record.params["n"]
        assert record.score == sum(each["width"] for each in record.config["layers"])


NUMBERS = {
    "int": (-3, -3.0),
    "bool": (True, 1.0),
    "float32": (np.float32(-0.5), -0.5),
    "array": (np.array(-0.25), -0.25),
    "decimal": (Decimal("-0.3"), -0.3),
    "fraction": (Fraction(-1, 2), -0.5),
    "infinite": (float("-inf"), None),
    "too large": (-(10**400), None),
    "several": (np.array([1.0, 2.0]), None),
}


def test_scores_of_many_kinds_are_numbers_or_fail_their_own_trial(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    def train(config: dict[str, str], *_: object) -> Iterator[dict[str, Any]]:
        yield {"score": NUMBERS[config["kind"]][0]}

    study = make_study(
        space=lambda trial: {"kind": trial.suggest_categorical("kind", [*NUMBERS])},
        train=train,
        minimize=None,
        maximize="score",
        sampler="grid",
        trials=len(NUMBERS),
    )
    run = inline(study)
    found = {record.params["kind"]: record.score for record in run.records}
    assert found == {kind: score for kind, (_, score) in NUMBERS.items()}
    assert run.best is not None
    assert run.best.params == {"kind": "bool"}
    assert tmp_path.joinpath("runs/toy/report.html").is_file()
