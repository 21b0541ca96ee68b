"""With score="best", the state that is kept and shown is that of the epoch that counts."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import sweep
from sweep.checkpoints.format import decode, encode
from sweep.cli.main import main
from sweep.reports import write
from sweep.workers import keeping, session

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]

N_EPOCHS = 6


def train(
    config: dict[str, Any], _data: object, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    """Best after epoch 2, 3 or 4; writes into the arrays of all states that it yields."""
    state = state or {"epoch": 0, "weights": {"w": np.zeros(2)}}
    weights = state["weights"]["w"]
    for epoch in range(state["epoch"] + 1, N_EPOCHS + 1):
        weights += config["x"]
        loss = abs(epoch - 2 - seed % 3) + abs(config["x"])
        yield sweep.Epoch(
            {"loss": loss, "epoch": epoch}, {"epoch": epoch, "weights": {"w": weights}}
        )
    weights[:] = 99.0


@pytest.fixture
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each epoch is sent at once, with a checkpoint."""
    monkeypatch.setattr(session, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 0.0)


def kept(run: sweep.Run) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.directory.checkpoints.iterdir()}


def best_epoch(record: sweep.TrialRecord) -> int:
    return min(record.epochs, key=lambda epoch: epoch.metrics["loss"]).number


@pytest.mark.parametrize("sign", [1, -1])
def test_the_state_of_the_best_epoch_is_kept(
    make_study: MakeStudy, inline: Inline, sign: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def signed(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(*arguments):
            yield sweep.Epoch({"loss": sign * epoch.metrics["loss"]}, epoch.state)

    goal = {"minimize": "loss"} if sign > 0 else {"minimize": None, "maximize": "loss"}
    run = inline(make_study(train=signed, score="best", keep="all", **goal))
    for record in run.records:
        data = (run.directory.checkpoints / f"toy-{record.number:05d}.safetensors").read_bytes()
        checkpoint = decode(data)
        assert checkpoint.epoch == record.kept
        assert sign * record.epochs[checkpoint.epoch - 1].metrics["loss"] == abs(record.params["x"])
        expected = [sum([record.params["x"]] * checkpoint.epoch)] * 2
        assert checkpoint.state["weights"]["w"] == pytest.approx(expected)
    assert run.best is not None
    assert run.best.kept is not None
    weights = load_file(run.directory.best / "weights.safetensors")["w"]
    assert weights == pytest.approx([run.best.kept * run.best.params["x"]] * 2)
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    assert f"(epoch {run.best.kept} of 6)\n" in capsys.readouterr().out


def test_where_the_last_epoch_counts_its_state_is_kept_as_it_was_yielded(
    make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    run = inline(make_study(train=train))
    assert run.best is not None
    assert run.best.kept == N_EPOCHS
    weights = load_file(run.directory.best / "weights.safetensors")["w"]
    assert weights == pytest.approx([N_EPOCHS * run.best.params["x"]] * 2)
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    assert "(epoch" not in capsys.readouterr().out


@pytest.mark.usefixtures("every_epoch")
@pytest.mark.parametrize("changes", [{}, {"repeats": 2}, {"pruner": sweep.Asha(factor=2)}])
def test_killed_anywhere_and_resumed_the_same_bytes_are_kept(
    make_study: MakeStudy, inline: Inline, changes: dict[str, Any]
) -> None:
    study = make_study(train=train, trials=1, score="best", keep="all", **changes)
    whole = inline(study, name="whole")
    left = [0]

    def interrupted(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(*arguments):
            left[0] -= 1
            if left[0] == 0:
                raise KeyboardInterrupt
            yield epoch

    n_epochs = sum(len(record.epochs) for record in whole.records)
    for n in range(1, n_epochs + 1, 2):
        name = f"killed-{n}"
        left[0] = n
        with pytest.raises(KeyboardInterrupt):
            inline(replace(study, train=interrupted), name=name)
        run = inline(replace(study, train=interrupted), name=name)
        assert kept(run) == kept(whole)
        assert [r.score for r in run.records] == [r.score for r in whole.records]


@pytest.mark.usefixtures("every_epoch")
def test_with_repeats_it_is_the_best_epoch_of_all_trainings(
    make_study: MakeStudy, inline: Inline
) -> None:
    def rising(config: dict[str, Any], _data: object, seed: int, state: Any) -> Iterator[Any]:
        for epoch in train(config, None, 0, state):
            yield sweep.Epoch({"loss": epoch.metrics["loss"] + seed % 1000}, epoch.state)

    run = inline(make_study(train=rising, repeats=3, score="best", keep="all"))
    kept_in = {record.epochs[(record.kept or 0) - 1].repeat for record in run.records}
    assert [record.kept for record in run.records] == [best_epoch(r) for r in run.records]
    assert len(kept_in) > 1


def test_a_checkpoint_of_an_earlier_version_is_not_resumed_from_but_begun_again(
    make_study: MakeStudy,
) -> None:
    work = session.Work(0, {"x": 0.5, "k": 1}, seed=0)
    study = make_study(train=train, score="best")
    with closing(session.Session(study, None, blas_threads=1)) as slot:
        whole = slot.advance(work)
        earlier = encode(replace(decode(whole.checkpoint or b""), epoch=5, value=None))
        again = slot.advance(replace(work, checkpoint=earlier))
    assert again.checkpoint == whole.checkpoint
    assert [epoch.number for epoch in again.epochs] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(("epoch", "is_shown"), [(6, False), (2, True)])
def test_weights_of_an_epoch_that_does_not_count_are_not_shown(
    make_study: MakeStudy,
    inline: Inline,
    capsys: pytest.CaptureFixture[str],
    epoch: int,
    *,
    is_shown: bool,
) -> None:
    def best_after_two(config: Any, data: object, _seed: int, state: Any) -> Iterator[sweep.Epoch]:
        return train(config, data, 0, state)

    run = inline(make_study(train=best_after_two, trials=1, score="best"))
    path = run.directory.checkpoints / "toy-00000.safetensors"
    # Earlier versions kept the last epoch's, and did not say that.
    path.write_bytes(encode(replace(decode(path.read_bytes()), epoch=epoch, value=None)))
    write.write(run)
    assert (run.directory.best / "weights.safetensors").exists() == is_shown
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    reason = "weights: none; an earlier version kept those of the last epoch, not of the best one"
    assert (reason in capsys.readouterr().out) != is_shown


def test_the_test_set_meets_the_best_epoch_of_the_final_training(
    make_study: MakeStudy, inline: Inline
) -> None:
    def evaluate(config: dict[str, Any], state: dict[str, Any], _test: object) -> dict[str, float]:
        return {"epoch": state["epoch"], "w": state["weights"]["w"][0] / config["x"]}

    nothing = {"data": lambda: None, "test": lambda: None}
    final = sweep.Final(**nothing, evaluate=evaluate, minimize="loss")
    run = inline(make_study(train=train, score="best", final=final))
    assert run.final is not None
    assert run.test is not None
    assert run.test.metrics is not None
    assert run.final.kept == best_epoch(run.final) == run.test.metrics["epoch"]
    assert run.test.metrics["w"] == pytest.approx(run.final.kept)


@pytest.mark.parametrize(("score", "expected"), [("last", 5), ("best", 3)])
def test_an_epoch_without_a_state_leaves_the_one_before_it(
    make_study: MakeStudy, inline: Inline, score: str, expected: int
) -> None:
    def odd(config: Any, data: object, _seed: int, state: Any) -> Iterator[sweep.Epoch]:
        for epoch in train(config, data, 2, state):  # best after epoch 4, then 3 and 5
            yield epoch if epoch.metrics["epoch"] % 2 else sweep.Epoch(epoch.metrics)

    run = inline(make_study(train=odd, score=score, trials=1))
    assert run.records[0].kept == expected
    weights = load_file(run.directory.best / "weights.safetensors")["w"]
    assert weights == pytest.approx([expected * run.records[0].params["x"]] * 2)


def test_nothing_is_said_of_weights_where_no_training_yields_a_state(
    make_study: MakeStudy, inline: Inline, capsys: pytest.CaptureFixture[str]
) -> None:
    def stateless(*arguments: Any) -> Iterator[dict[str, float]]:
        for epoch in train(*arguments):
            yield dict(epoch.metrics)

    run = inline(make_study(train=stateless, score="best"))
    capsys.readouterr()
    assert main(["best", str(run.directory.path)]) == 0
    assert "weights" not in capsys.readouterr().out


@pytest.mark.ray
def test_two_slots_on_ray_keep_the_same_bytes(
    make_study: MakeStudy, inline: Inline, tmp_path: Path
) -> None:
    study = make_study(train=train, score="best", keep="all", deterministic=True, window=2)
    here = inline(study, name="here")
    there = sweep.run(study, sweep.Options(runs=tmp_path / "runs", name="there", slots=2))
    assert kept(there) == kept(here)
