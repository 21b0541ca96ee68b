"""One table, whatever the number of slots and whatever dies; and every run replays."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.cli.shared.options import open_run
from sweep.driver.verify.replay import other_suggestions, versions_of
from sweep.trials.records import TrialRecord
from sweep.workers.process.kernel import forcing, kernel
from tests.lasting import lasting
from tests.sweep.driver.shuffled import drive

MakeStudy = Callable[..., sweep.Study]


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., list[TrialRecord]]:
    """The records of a study that was driven by so many slots, in an order of their own."""

    def driven(study: sweep.Study, slots: int, order: int, deaths: float = 0) -> list[TrialRecord]:
        folder = tmp_path / f"{slots}-{order}-{deaths}"
        folder.mkdir()
        return drive(study, folder, slots, order, deaths=deaths)

    return driven


ASHA = sweep.Asha(min_epochs=1, factor=2, max_epochs=4)
KINDS = ["none", "asha", "asha-stops", "hyperband", "median"]
PRUNERS = [
    None,
    ASHA,
    replace(ASHA, resume=False),
    sweep.Hyperband(max_epochs=4, factor=2),
    sweep.Median(1, 2),
]


@pytest.mark.parametrize(
    "pruner", PRUNERS, ids=["none", "asha", "asha-stops", "hyperband", "median"]
)
def test_the_table_is_the_same_on_any_number_of_slots_and_after_deaths(
    make_study: MakeStudy, table: Callable[..., list[TrialRecord]], pruner: Any
) -> None:
    study = make_study(deterministic=True, window=4, trials=30, pruner=pruner)
    one = lasting(table(study, slots=1, order=0))
    assert len(one) == 30
    for slots, deaths in ((9, 0.0), (3, 0.2)):
        assert lasting(table(study, slots, order=slots, deaths=deaths)) == one


def test_without_it_the_order_of_arrival_matters(
    make_study: MakeStudy, table: Callable[..., list[TrialRecord]]
) -> None:
    study = make_study(trials=30, pruner=PRUNERS[1])
    assert lasting(table(study, 4, order=1)) != lasting(table(study, 4, order=2))


def test_a_trial_knows_those_at_least_a_window_before_it(
    make_study: MakeStudy, table: Callable[..., list[TrialRecord]]
) -> None:
    study = make_study(deterministic=True, window=3, trials=8)
    records = table(study, slots=3, order=5)
    assert [record.endings_known for record in records] == [0, 0, 0, 1, 2, 3, 4, 5]
    assert [record.ending_number for record in records] == list(range(1, 9))


@pytest.mark.parametrize("deterministic", [False, True])
def test_every_suggestion_replays_whatever_the_order_of_arrival(
    make_study: MakeStudy, table: Callable[..., list[TrialRecord]], *, deterministic: bool
) -> None:
    study = make_study(trials=40, pruner=PRUNERS[1], deterministic=deterministic)
    records = table(study, slots=4, order=3, deaths=0.1)
    assert list(other_suggestions({0: study}, records)) == []
    records[25].params["x"] += 0.01
    found = list(other_suggestions({0: study}, records))
    assert [record.number for record, _ in found][:1] == [25]


def test_a_deterministic_run_is_not_continued_in_the_other_mode(
    make_study: MakeStudy, inline: Callable[..., sweep.Run]
) -> None:
    inline(make_study(deterministic=True))
    with pytest.raises(sweep.RunError, match="window 8 -> None"):
        inline(make_study())


@pytest.fixture
def replayable(
    study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    monkeypatch.chdir(tmp_path)
    path = study_file(("trials=5", "trials=15, pruner=sweep.Asha(max_epochs=3)"))
    assert main(["run", str(path), "--pool", "inline", "--seed", "4", "--quiet"]) == 0
    return path


def test_replay_says_that_all_suggestions_are_the_same(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "toy"]) == 0
    assert "toy: 15 of 15 suggestions are identical" in capsys.readouterr().out


def test_replay_trains_a_trial_to_the_same_bits(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "toy", "--trial", "0"]) == 0
    assert "trial 0: 3 of 3 epochs are identical to the last bit" in capsys.readouterr().out


def test_replay_finds_a_training_that_has_changed(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replayable.write_text(replayable.read_text().replace("** 2", "** 4"))
    assert main(["replay", "toy", "--trial", "0"]) == 1
    out = capsys.readouterr().out
    assert re.search(r"epoch 1: DIFFERENT \(largest relative difference \S+\): loss \S+, now", out)
    assert "trial 0: 0 of 3 epochs are identical to the last bit; the others are DIFFERENT" in out


def test_replay_tells_the_last_bits_from_another_result(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replayable.write_text(replayable.read_text().replace("** 2", "** 2 * (1 + 1e-9)"))
    assert main(["replay", "toy", "--trial", "0"]) == 1
    out = capsys.readouterr().out
    assert "epoch 1: equal but for the last bits (largest" in out
    assert "0 of 3 epochs are identical to the last bit; the others are equal but for the " in out


@pytest.mark.parametrize("words", [[], ["--trial", "0"]])
def test_replay_on_another_kernel_says_so_first(
    replayable: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    here = kernel()
    then = replace(here, name="Prescott", simd="X86_V2")
    with closing(sqlite3.connect(Path("runs/toy/sweep.db"))) as connection:
        for table in ("study_user_attributes", "trial_user_attributes"):
            swap = f"UPDATE {table} SET value_json = replace(value_json, ?, ?)"
            texts = [json.dumps(asdict(one))[1:-1] for one in (here, then)]
            connection.execute(swap, texts)
        connection.commit()
    capsys.readouterr()
    assert main(["replay", "toy", *words]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    what = "trained" if words else "suggested"
    assert first.startswith(f"{what} on {then}, replayed on {here}: the last bits may differ")
    advice = f". For the kernel of then, put {forcing('Prescott')} before the command"
    assert (advice in first) == (here.blas == "OpenBLAS")


def test_replay_of_a_run_that_recorded_no_kernel_says_nothing_of_one(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(Path("runs/toy/sweep.db"))) as connection:
        for table in ("study_user_attributes", "trial_user_attributes"):
            cut = f"UPDATE {table} SET value_json = json_remove(value_json, '$.kernel')"
            connection.execute(f"{cut} WHERE key IN ('worker', 'provenance')")
        connection.commit()
    capsys.readouterr()
    assert main(["replay", "toy"]) == main(["replay", "toy", "--trial", "0"]) == 0
    assert "replayed on" not in capsys.readouterr().out


def test_replay_asks_each_version_of_the_study_for_its_own_trials(
    replayable: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on = ["run", str(replayable), "--pool", "inline", "--quiet", "--accept-changes"]
    assert main([*go_on, "--seed", "5", "--trials", "25"]) == 0
    replayable.write_text(replayable.read_text().replace("max_epochs=3", "max_epochs=4"))
    assert main([*go_on, "--seed", "6", "--trials", "35"]) == 0
    capsys.readouterr()
    assert main(["replay", "toy"]) == 0
    assert "toy: 35 of 35 suggestions are identical" in capsys.readouterr().out
    for trial in ("0", "20", "34"):
        assert main(["replay", "toy", "--trial", trial]) == 0


def test_a_run_of_before_the_sampler_had_a_bound_is_replayed_without_one(replayable: Path) -> None:
    with closing(sqlite3.connect(Path("runs/toy/sweep.db"))) as connection:
        for key in ("sampler_memory", "errors"):
            connection.execute("DELETE FROM study_user_attributes WHERE key = ?", (key,))
        connection.commit()
    go_on = ["run", str(replayable), "--pool", "inline", "--seed", "4", "--trials", "20"]
    assert main(go_on) == 2
    assert main([*go_on, "--accept-changes"]) == 0
    versions = versions_of(open_run("toy"))
    assert {first: (study.sampler_memory, study.errors) for first, study in versions.items()} == {
        0: (None, "ignore"),
        15: (250, "avoid"),
    }
    assert main(["replay", "toy"]) == 0


def test_replay_needs_the_study_file(replayable: Path, capsys: pytest.CaptureFixture[str]) -> None:
    moved = replayable.rename(replayable.parent / "moved.py")
    assert main(["replay", "toy"]) == 2
    assert "toy.py: expected a study file, found none" in capsys.readouterr().err
    assert main(["replay", "toy", "--study", str(moved)]) == 0


def test_replay_needs_a_run_of_a_file(
    make_study: MakeStudy, inline: Callable[..., sweep.Run], capsys: pytest.CaptureFixture[str]
) -> None:
    run = inline(make_study())
    assert main(["replay", str(run.directory.path)]) == 2
    assert "expected a run of a study file, got one made in " in capsys.readouterr().err
