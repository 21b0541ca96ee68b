import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from optuna import TrialPruned
from safetensors import safe_open
from safetensors.numpy import load_file

import sweep
from sweep.cli.main import main

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

opened: list[str] = []


@pytest.fixture(autouse=True)
def nothing_opened() -> None:
    opened.clear()


def train(
    config: dict[str, Any], data: str, _seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    for epoch in range(0 if state is None else state["epoch"], 3):
        weights = {"w": np.full(2, config["x"], np.float32)}
        metrics = {"train_loss": abs(config["x"]) / (epoch + 1)}
        if data == "train and validation":
            metrics["loss"] = config["x"] ** 2
        yield sweep.Epoch(metrics, {"epoch": epoch + 1, "weights": weights})


def test_set() -> str:
    opened.append("test")
    return "test"


test_set.__test__ = False  # type: ignore[attr-defined]


def evaluate(config: dict[str, Any], state: dict[str, Any], test: str) -> dict[str, float]:
    assert test == "test"
    return {"test_error": float(state["weights"]["w"][0]) - config["x"]}


@pytest.fixture
def final_study(make_study: MakeStudy) -> Callable[..., sweep.Study]:
    def make(final: dict[str, Any] | None = None, **changes: Any) -> sweep.Study:
        fields = {
            "data": lambda: "everything",
            "test": test_set,
            "evaluate": evaluate,
            "minimize": "train_loss",
        } | (final or {})
        declared = {"train": train, "data": lambda: "train and validation"} | changes
        return make_study(final=sweep.Final(**fields), **declared)

    return make


def test_the_best_configuration_is_trained_again_and_meets_the_test_set_once(
    final_study: MakeStudy, inline: Inline
) -> None:
    run = inline(final_study())
    assert run.best is not None
    assert run.final is not None
    assert run.final.params == run.best.params
    assert run.final.epochs[-1].metrics.keys() == {"train_loss"}
    assert run.test is not None
    assert run.test.metrics == {"test_error": pytest.approx(0, abs=1e-6)}
    assert opened == ["test"]


def test_running_again_opens_the_test_set_no_more(final_study: MakeStudy, inline: Inline) -> None:
    inline(final_study())
    inline(final_study())
    assert opened == ["test"]


def test_a_new_best_is_a_new_final_training_and_the_old_one_stays_on_record(
    final_study: MakeStudy, inline: Inline
) -> None:
    first = inline(final_study(trials=1))
    second = inline(final_study(trials=30))
    assert second.best is not None
    assert second.best.number != 0
    assert len(second.finals) == 2
    assert second.finals[0].params == first.finals[0].params
    assert [test.trial for test in second.tests] == [0, 1]
    assert opened == ["test", "test"]


def test_a_final_training_of_higher_loss_is_evaluated_too(
    final_study: MakeStudy, inline: Inline
) -> None:
    def harder(config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "x": 1 / (config["x"] or 1)}  # a better trial has a higher final loss

    inline(final_study(final={"config": harder}, trials=1))
    run = inline(final_study(final={"config": harder}, trials=30))
    assert run.finals[1].score is not None
    assert run.finals[0].score is not None
    assert run.finals[1].score > run.finals[0].score
    assert [test.trial for test in run.tests] == [0, 1]


def test_an_evaluation_that_was_cut_short_is_on_record_and_done_again(
    final_study: MakeStudy, inline: Inline
) -> None:
    def interrupted(*_: object) -> dict[str, float]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inline(final_study(final={"evaluate": interrupted}))
    run = inline(final_study(), accept_changes=True)
    assert [test.metrics is None for test in run.tests] == [True, False]
    assert len(run.finals) == 1


def test_the_search_never_sees_what_the_final_training_sees(
    final_study: MakeStudy, inline: Inline
) -> None:
    seen: list[str] = []

    def watching(config: Any, data: str, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        seen.append(data)
        yield from train(config, data, seed, state)

    inline(final_study(train=watching, trials=3))
    assert seen == ["train and validation"] * 3 + ["everything"]


def test_the_final_training_may_change_the_configuration(
    final_study: MakeStudy, inline: Inline
) -> None:
    run = inline(final_study(final={"config": lambda config: {**config, "x": 0.25}}))
    assert run.final is not None
    assert run.final.config["x"] == 0.25
    weights = load_file(run.directory.best / "weights.safetensors")
    assert weights["w"].tolist() == [0.25, 0.25]


def test_a_training_without_states_has_nothing_to_evaluate(
    final_study: MakeStudy, inline: Inline
) -> None:
    def stateless(*arguments: Any) -> Iterator[dict[str, float]]:
        for epoch in train(*arguments):
            yield dict(epoch.metrics)

    with pytest.raises(sweep.StudyError, match=r"expected the state of training 0 .* got none \("):
        inline(final_study(train=stateless))


@pytest.mark.parametrize("returned", [None, {"test_error": "low"}, 0.5])
def test_an_evaluation_that_returns_no_numbers_is_refused(
    final_study: MakeStudy, inline: Inline, returned: object
) -> None:
    with pytest.raises(sweep.StudyError, match="expected evaluate to return numbers by name, got"):
        inline(final_study(final={"evaluate": lambda *_: returned}))


def test_an_evaluation_that_raises_names_its_line(final_study: MakeStudy, inline: Inline) -> None:
    def broken(*_: object) -> dict[str, float]:
        raise IndexError("no such class")

    message = r"evaluate\(\) raised IndexError: no such class"
    with pytest.raises(sweep.StudyError, match=message):
        inline(final_study(final={"evaluate": broken}))


def test_the_report_lists_every_opening_of_the_test_set(
    final_study: MakeStudy, inline: Inline
) -> None:
    inline(final_study(trials=1))
    run = inline(final_study(trials=30))
    text = (run.directory.path / "report.md").read_text()
    assert text.count("final training 0, test_error") == 1
    assert text.count("final training 1, test_error") == 1


def test_a_final_training_that_failed_is_tried_again_by_running_again(
    final_study: MakeStudy, inline: Inline
) -> None:
    def out_of_luck(config: Any, data: str, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        if data == "everything":
            raise OSError("no luck")
        yield from train(config, data, seed, state)

    failed = inline(final_study(train=out_of_luck))
    assert (failed.final, failed.test) == (None, None)
    run = inline(final_study(), accept_changes=True)
    assert [record.ending for record in run.finals] == ["error", "complete"]
    assert [test.trial for test in run.tests] == [1]
    assert inline(final_study()).finals == run.finals


def test_a_final_training_that_raises_trial_pruned_has_failed(
    final_study: MakeStudy, inline: Inline
) -> None:
    def pruned(config: Any, data: str, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        if data == "everything":
            raise TrialPruned
        yield from train(config, data, seed, state)

    failed = inline(final_study(train=pruned, trials=2))
    assert (failed.final, failed.test) == (None, None)
    assert failed.final_failure is not None
    assert failed.final_failure.message == "it raised TrialPruned"
    run = inline(final_study(trials=2), accept_changes=True)
    assert [record.ending for record in run.finals] == ["pruned", "complete"]
    assert run.final_failure is None


def test_best_says_what_loads_a_model_that_is_described(
    final_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    model = {"load": "mine.load", "layers": ["dense", 2]}

    def describing(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(*arguments):
            yield sweep.Epoch(epoch.metrics, {**(epoch.state or {}), "model": model})

    run = inline(final_study(train=describing, trials=2))
    path = run.directory.best / "weights.safetensors"
    with safe_open(path, "np") as file:
        assert json.loads(file.metadata()["model"]) == model
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    assert capsys.readouterr().out.endswith(f'model: mine.load("{path}")\n')
    path.write_bytes(b"damaged")
    assert main(["best", str(run.directory.path)]) == 0
    assert "mine.load" not in capsys.readouterr().out


@pytest.mark.parametrize("model", [{"a": np.ones(2)}, "mine.load", None])
def test_a_state_may_call_anything_else_its_model(
    model: object, final_study: MakeStudy, inline: Inline
) -> None:
    def otherwise(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(*arguments):
            yield sweep.Epoch(epoch.metrics, {**(epoch.state or {}), "model": model})

    run = inline(final_study(train=otherwise, trials=1))
    with safe_open(run.directory.best / "weights.safetensors", "np") as file:
        assert file.metadata() is None
