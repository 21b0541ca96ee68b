from collections.abc import Callable, Iterator
from statistics import mean, stdev
from typing import Any

import pytest

import sweep
from sweep.driver.ledger import Ledger
from sweep.driver.verify.replay import other_suggestions, retrain
from sweep.trials.records import Ending, TrialRecord

MakeStudy = Callable[..., sweep.Study]
Inline = Callable[..., sweep.Run]


def noisy(
    config: dict[str, Any], _data: object, seed: int, state: dict[str, Any] | None
) -> Iterator[sweep.Epoch]:
    for epoch in range(state["epoch"] if state else 0, 3):
        loss = config["x"] ** 2 + (seed % 101) / 100 / (epoch + 1)
        yield sweep.Epoch({"loss": loss}, {"epoch": epoch + 1})


def test_a_trial_trains_with_several_seeds_and_its_score_is_the_mean(
    make_study: MakeStudy, inline: Inline
) -> None:
    run = inline(make_study(train=noisy, repeats=3))
    for record in run.records:
        curves = record.curves("loss")
        assert [len(curve) for curve in curves] == [3, 3, 3]
        last = [curve[-1] for curve in curves]
        assert len(set(last)) == 3
        assert record.score == pytest.approx(mean(last))
        assert record.score_std == pytest.approx(stdev(last))
    table = run.trials()
    assert list(table.columns[:4]) == ["trial", "status", "loss", "loss_std"]
    assert table["loss_std"].notna().all()
    epochs = run.epochs()
    first = epochs[epochs["trial"] == 0]
    assert first["repeat"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert first["epoch"].tolist() == [1, 2, 3] * 3


def test_the_first_training_is_that_of_a_study_without_repeats(
    make_study: MakeStudy, inline: Inline
) -> None:
    once = inline(make_study(train=noisy, trials=1), name="once")
    thrice = inline(make_study(train=noisy, trials=1, repeats=3), name="thrice")
    assert thrice.records[0].curve("loss") == once.records[0].curve("loss")
    assert once.records[0].score_std is None
    assert "loss_std" not in once.trials()
    assert "repeat" not in once.epochs()


def test_the_best_epoch_of_each_training_counts_if_the_study_says_so(
    make_study: MakeStudy, inline: Inline
) -> None:
    def rising(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in noisy(*arguments):
            yield sweep.Epoch({"loss": -epoch.metrics["loss"]}, epoch.state)

    run = inline(make_study(train=rising, repeats=2, score="best"))
    for record in run.records:
        assert record.score == pytest.approx(mean(min(c) for c in record.curves("loss")))


def test_pruning_is_decided_in_the_first_training(make_study: MakeStudy, inline: Inline) -> None:
    run = inline(make_study(train=noisy, repeats=2, trials=20, pruner=sweep.Asha(factor=2)))
    pruned = [record for record in run.records if record.ending is Ending.PRUNED]
    complete = [record for record in run.records if record.ending is Ending.COMPLETE]
    assert pruned
    assert all(len(record.curves("loss")) == 1 for record in pruned)
    assert all(len(record.epochs) == 6 for record in complete)


def test_a_trial_is_continued_in_the_training_that_was_interrupted(
    make_study: MakeStudy, inline: Inline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sweep.workers.keeping.CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr("sweep.workers.session.REPORT_SECONDS", 0.0)
    started: list[tuple[int, int]] = []

    def dying(config: Any, data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        started.append((seed, state["epoch"] if state else 0))
        for epoch in noisy(config, data, seed, state):
            yield epoch
            if len(started) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inline(make_study(train=dying, repeats=3, trials=1))
    run = inline(make_study(train=dying, repeats=3, trials=1))
    undisturbed = inline(make_study(train=noisy, repeats=3, trials=1), name="undisturbed")
    assert run.records[0].curves("loss") == undisturbed.records[0].curves("loss")
    seeds = [seed for seed, _ in started]
    assert seeds == [seeds[0], seeds[1], seeds[1], seeds[3]]
    assert [epoch for _, epoch in started] == [0, 0, 1, 0]


def test_a_later_training_without_epochs_is_refused(make_study: MakeStudy, inline: Inline) -> None:
    def once(config: Any, data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        if not (seen and seen[0] != seed):
            seen.append(seed)
            yield from noisy(config, data, seed, state)

    seen: list[int] = []
    with pytest.raises(sweep.StudyError, match="expected at least one epoch, got none"):
        inline(make_study(train=once, repeats=2))


def test_repeats_replay(make_study: MakeStudy, inline: Inline) -> None:
    study = make_study(train=noisy, repeats=2)
    run = inline(study)
    assert not list(other_suggestions({0: study}, run.records))
    pairs = list(retrain(study, run.records[3]))
    assert len(pairs) == 6
    assert all(again and again.metrics == epoch.metrics for epoch, again in pairs)


def test_another_number_of_repeats_is_another_study(make_study: MakeStudy, inline: Inline) -> None:
    inline(make_study(train=noisy, repeats=2))
    with pytest.raises(sweep.RunError, match="repeats 2 -> 3; undo them, or start another"):
        inline(make_study(train=noisy, repeats=3), accept_changes=True)


@pytest.mark.parametrize("repeats", [0, 1.5, True])
def test_repeats_are_counted(make_study: MakeStudy, repeats: object) -> None:
    with pytest.raises(sweep.StudyError, match="expected repeats to be a whole number >= 1, got"):
        make_study(repeats=repeats)


def coarse(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_int("x", 1, 3), "k": 1}


def test_a_configuration_with_a_score_is_not_trained_again(
    make_study: MakeStudy, inline: Inline
) -> None:
    study = make_study(space=coarse, train=noisy, duplicates="reuse", trials=12)
    run = inline(study)
    trained = [record for record in run.records if record.reused is None]
    assert sorted(record.params["x"] for record in trained) == [1, 2, 3]
    for record in run.records:
        if record.reused is not None:
            twin = run.records[record.reused]
            assert twin in trained
            assert (record.params, record.score) == (twin.params, twin.score)
            assert not record.epochs
    assert [record.ending_number for record in run.records] == list(range(1, 13))
    assert not list(other_suggestions({0: study}, run.records))


def test_a_score_is_taken_over_although_the_driver_dies_in_between(
    make_study: MakeStudy, inline: Inline, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = make_study(space=coarse, train=noisy, duplicates="reuse", trials=12)
    undisturbed = inline(study, name="undisturbed")

    end = Ledger.end

    def killed(ledger: Ledger, record: TrialRecord, *how: Any) -> None:
        if record.reused is not None:
            raise KeyboardInterrupt
        end(ledger, record, *how)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "end", killed)
        with pytest.raises(KeyboardInterrupt):
            inline(study)
    run = inline(study)
    assert [(r.score, r.reused, r.ending_number) for r in run.records] == [
        (r.score, r.reused, r.ending_number) for r in undisturbed.records
    ]
