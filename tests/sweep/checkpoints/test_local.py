from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.checkpoints.format import Checkpoint, decode, encode
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.progress import Snapshot
from sweep.trials.records import TrialRecord
from sweep.workers import keeping

MakeStudy = Callable[..., sweep.Study]
FIRST, SECOND, THIRD = (encode(Checkpoint(n, {"x": n + 0.5})) for n in (1, 2, 3))


@pytest.fixture
def checkpoints(tmp_path: Path) -> LocalCheckpoints:
    return LocalCheckpoints(tmp_path, "toy")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def flip_a_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGES = [
    (truncate, "damaged"),
    (flip_a_bit, "damaged"),
    (Path.unlink, "missing"),
]


def test_a_checkpoint_is_read_back(checkpoints: LocalCheckpoints) -> None:
    assert checkpoints.recover(3, n_epochs=2) == (None, "")
    checkpoints.write(3, SECOND)
    assert checkpoints.read(3, n_epochs=2) == SECOND
    assert checkpoints.recover(3, n_epochs=2) == (SECOND, "")
    checkpoints.clean_up([], [])
    assert checkpoints.read(3, n_epochs=2) is None


def test_the_last_two_checkpoints_are_kept_until_the_trial_ends(
    checkpoints: LocalCheckpoints, tmp_path: Path
) -> None:
    for data in (FIRST, SECOND, THIRD):
        checkpoints.write(0, data)
    assert names(tmp_path) == ["toy-00000.former.safetensors", "toy-00000.safetensors"]
    assert (tmp_path / "toy-00000.former.safetensors").read_bytes() == SECOND
    checkpoints.clean_up(running=[0], ended=[])
    assert len(names(tmp_path)) == 2
    checkpoints.clean_up(running=[], ended=[0])
    assert names(tmp_path) == ["toy-00000.safetensors"]
    assert checkpoints.read(0, n_epochs=3) == THIRD


def test_ending_a_trial_discards_only_its_own_checkpoints(
    checkpoints: LocalCheckpoints, tmp_path: Path
) -> None:
    for number in range(2):
        checkpoints.write(number, FIRST)
        checkpoints.write(number, SECOND)
    checkpoints.discard(0, keep_last=True)
    assert names(tmp_path) == [
        "toy-00000.safetensors",
        "toy-00001.former.safetensors",
        "toy-00001.safetensors",
    ]
    checkpoints.discard(1, keep_last=False)
    checkpoints.discard(1, keep_last=False)
    assert names(tmp_path) == ["toy-00000.safetensors"]


def test_keeping_some_checkpoints_removes_the_others_and_torn_ones(tmp_path: Path) -> None:
    search, final = LocalCheckpoints(tmp_path, "toy"), LocalCheckpoints(tmp_path, "toy-final")
    for number in range(3):
        search.write(number, FIRST)
    final.write(0, FIRST)
    (tmp_path / ".toy-00002.safetensors.x7f").write_bytes(b"half of it")
    search.clean_up([], [1])
    assert names(tmp_path) == ["toy-00001.safetensors", "toy-final-00000.safetensors"]


def test_files_of_other_studies_and_of_the_user_are_left_alone(tmp_path: Path) -> None:
    others = ["final-final-00000.safetensors", "final-00000.safetensors.old", "a-final-00000.txt"]
    for name in [*others, "final-00000.safetensors", ".final-00000.former.safetensors.x1_y"]:
        (tmp_path / name).write_bytes(FIRST)
    LocalCheckpoints(tmp_path, "final").clean_up([], [])
    assert names(tmp_path) == sorted(others)


@pytest.mark.parametrize(("damage", "flaw"), DAMAGES)
def test_the_former_checkpoint_takes_the_place_of_a_damaged_one(
    checkpoints: LocalCheckpoints, damage: Callable[[Path], None], flaw: str
) -> None:
    checkpoints.write(0, FIRST)
    checkpoints.write(0, SECOND)
    path = checkpoints.path(0)
    damage(path)
    data, words = checkpoints.recover(0, n_epochs=2)
    assert data == FIRST
    assert words == (f"checkpoint {path} is {flaw}; resuming from the one before it, of epoch 1")
    assert checkpoints.recover(0, n_epochs=2) == (FIRST, "")
    checkpoints.write(0, SECOND)
    path.unlink()
    assert checkpoints.recover(0, n_epochs=2)[0] == FIRST


@pytest.mark.parametrize(("damage", "flaw"), DAMAGES)
def test_without_any_good_checkpoint_a_trial_starts_over(
    checkpoints: LocalCheckpoints, tmp_path: Path, damage: Callable[[Path], None], flaw: str
) -> None:
    checkpoints.write(0, FIRST)
    checkpoints.write(0, SECOND)
    damage(checkpoints.path(0))
    former = tmp_path / "toy-00000.former.safetensors"
    truncate(former)
    data, words = checkpoints.recover(0, n_epochs=2)
    assert data is None
    assert words == (
        f"checkpoint {checkpoints.path(0)} is {flaw}; checkpoint {former} is damaged; starting over"
    )


def test_a_checkpoint_ahead_of_the_record_is_not_used(checkpoints: LocalCheckpoints) -> None:
    checkpoints.write(0, SECOND)
    checkpoints.write(0, THIRD)
    assert checkpoints.read(0, n_epochs=3) == THIRD
    assert checkpoints.read(0, n_epochs=2) is None
    data, words = checkpoints.recover(0, n_epochs=2)
    assert data == SECOND
    assert "is ahead of the record, of epoch 3; resuming" in words


def interrupted_after(n_epochs: int, study: sweep.Study) -> Callable[..., Iterator[sweep.Epoch]]:
    def train(*arguments: Any) -> Iterator[sweep.Epoch]:
        for epoch in study.train(*arguments):
            yield epoch
            assert epoch.state is not None
            if epoch.state["epoch"] == n_epochs:
                raise KeyboardInterrupt

    return train


@pytest.mark.parametrize(
    ("damage", "damage_former", "note"),
    [
        (truncate, None, "damaged; resuming from the one before it, of epoch 2"),
        (flip_a_bit, None, "damaged; resuming from the one before it, of epoch 2"),
        (Path.unlink, None, "missing; resuming from the one before it, of epoch 2"),
        (truncate, flip_a_bit, "damaged; checkpoint {former} is damaged; starting over"),
    ],
)
def test_a_run_whose_checkpoints_are_damaged_ends_like_one_that_was_not(
    make_study: MakeStudy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lasting: Callable[[sweep.Run], str],
    damage: Callable[[Path], None],
    damage_former: Callable[[Path], None] | None,
    note: str,
) -> None:
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 0.0)
    said: list[str] = []

    def observe(_snapshot: Snapshot, event: TrialRecord | str | None) -> None:
        if isinstance(event, str):
            said.append(event)

    def run(name: str, **changes: Any) -> sweep.Run:
        pruner = sweep.Median(warmup_epochs=0, min_trials=99)
        study = make_study(trials=2, pruner=pruner, **changes)
        options = sweep.Options(runs=tmp_path, name=name, pool="inline", accept_changes=True)
        return sweep.run(study, options, observe)

    with pytest.raises(KeyboardInterrupt):
        run("hurt", train=interrupted_after(3, make_study()))
    folder = tmp_path / "hurt" / "checkpoints"
    last, former = folder / "toy-00000.safetensors", folder / "toy-00000.former.safetensors"
    assert decode(last.read_bytes()).epoch == 3
    damage(last)
    if damage_former is not None:
        damage_former(former)
    hurt, whole = run("hurt"), run("whole")
    assert lasting(hurt) == lasting(whole)
    assert said == [f"trial 0: checkpoint {last} is {note.format(former=former)}"]
    assert said[0] in (tmp_path / "hurt" / "logs" / "run.log").read_text()
    kept = [path.name for path in folder.iterdir()]
    assert kept == [path.name for path in (tmp_path / "whole" / "checkpoints").iterdir()]
    assert len(kept) == 1
    for name in (f"checkpoints/{kept[0]}", "best/config.json"):
        hurt_bytes = (tmp_path / "hurt" / name).read_bytes()
        assert hurt_bytes == (tmp_path / "whole" / name).read_bytes()


def test_a_checkpoint_that_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    store = LocalCheckpoints(tmp_path, "toy")
    store.path(0).mkdir()
    message = r"toy-00000.safetensors: cannot delete: .*\. Fix the permissions of its folder"
    with pytest.raises(sweep.StorageError, match=message):
        store.discard(0, keep_last=False)
    with pytest.raises(sweep.StorageError, match=message):
        store.clean_up([], [])
