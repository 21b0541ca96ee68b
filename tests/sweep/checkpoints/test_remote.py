"""Checkpoints at a URL: of this machine's disk and of its memory, which need no server."""

import shutil
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

import sweep
from sweep.checkpoints.format import Checkpoint, encode
from sweep.checkpoints.remote import RemoteCheckpoints
from sweep.driver.progress import Snapshot
from sweep.workers import keeping
from tests import postgres

MakeStudy = Callable[..., sweep.Study]
FIRST, SECOND, THIRD = (encode(Checkpoint(n, {"x": n + 0.5})) for n in (1, 2, 3))


@pytest.fixture(params=["file", "memory"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"file://{tmp_path}/deep/down" if request.param == "file" else f"memory://{uuid.uuid4()}"


@pytest.fixture
def checkpoints(url: str) -> RemoteCheckpoints:
    return RemoteCheckpoints(url, "toy")


def names(url: str) -> list[str]:
    files, root = fsspec.url_to_fs(url)
    return sorted(path.rpartition("/")[2] for path in files.ls(root, detail=False))


def replace(url: str, name: str, data: bytes) -> None:
    files, root = fsspec.url_to_fs(url)
    assert files.exists(f"{root}/{name}")
    files.pipe_file(f"{root}/{name}", data)


def test_a_checkpoint_is_read_back_by_this_process_and_by_the_next(
    checkpoints: RemoteCheckpoints, url: str
) -> None:
    assert checkpoints.recover(3, n_epochs=2) == (None, "")
    assert checkpoints.read(3, n_epochs=2) is None
    checkpoints.write(3, FIRST)
    checkpoints.write(3, SECOND)
    for reader in (checkpoints, RemoteCheckpoints(url, "toy")):
        assert reader.read(3, n_epochs=2) == SECOND
        assert reader.recover(3, n_epochs=2) == (SECOND, "")


def test_the_last_two_are_kept_until_the_trial_ends_and_no_other_studys_is_touched(
    checkpoints: RemoteCheckpoints, url: str
) -> None:
    final = RemoteCheckpoints(url, "toy-final")
    final.write(0, FIRST)
    for data in (FIRST, SECOND, THIRD):
        checkpoints.write(0, data)
        checkpoints.write(1, data)
    RemoteCheckpoints(url, "toy").clean_up(running=[0], ended=[1])
    assert names(url) == [
        "toy-00000-00000002.safetensors",
        "toy-00000-00000003.safetensors",
        "toy-00001-00000003.safetensors",
        "toy-final-00000-00000001.safetensors",
    ]


def test_one_of_an_earlier_epoch_replaces_those_of_later_ones(
    checkpoints: RemoteCheckpoints, url: str
) -> None:
    for data in (SECOND, THIRD, FIRST):
        checkpoints.write(0, data)
    assert names(url) == ["toy-00000-00000001.safetensors"]
    checkpoints.discard(0, keep_last=True)
    assert checkpoints.read(0, n_epochs=3) == FIRST


def test_ending_a_trial_discards_only_its_own_checkpoints(
    checkpoints: RemoteCheckpoints, url: str
) -> None:
    for number in range(2):
        checkpoints.write(number, FIRST)
        checkpoints.write(number, SECOND)
    checkpoints.discard(0, keep_last=True)
    checkpoints.discard(1, keep_last=False)
    checkpoints.discard(1, keep_last=False)
    assert names(url) == ["toy-00000-00000002.safetensors"]


def test_the_one_before_takes_the_place_of_one_that_is_damaged_or_ahead_of_the_record(
    checkpoints: RemoteCheckpoints, url: str
) -> None:
    for data in (FIRST, SECOND):
        checkpoints.write(0, data)
        checkpoints.write(1, data)
    replace(url, "toy-00000-00000002.safetensors", SECOND[:-3])
    assert checkpoints.recover(0, n_epochs=2) == (
        FIRST,
        f"checkpoint {url}/toy-00000-00000002.safetensors is damaged; "
        f"resuming from the one before it, of epoch 1",
    )
    assert checkpoints.recover(0, n_epochs=2) == (FIRST, "")
    assert checkpoints.read(1, n_epochs=1) is None
    data, words = checkpoints.recover(1, n_epochs=1)
    assert data == FIRST
    assert "is ahead of the record, of epoch 2; resuming" in words


def test_without_any_good_one_a_trial_starts_over(checkpoints: RemoteCheckpoints, url: str) -> None:
    checkpoints.write(0, FIRST)
    checkpoints.write(0, SECOND)
    for epoch in (1, 2):
        replace(url, f"toy-00000-0000000{epoch}.safetensors", b"")
    data, words = checkpoints.recover(0, n_epochs=2)
    assert data is None
    assert f"checkpoint {checkpoints.path(0)}00000001.safetensors is damaged; starting" in words
    checkpoints.write(0, FIRST)
    assert checkpoints.read(0, n_epochs=1) == FIRST


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("s3:/bucket", "expected checkpoints to be 's3://bucket/folder' or the like, without"),
        ("ftp://ada:secret@host/x", "without a password, got 'ftp://ada@host/x'"),
        ("nothing://x", "--checkpoints: cannot read and write nothing://x/toy-.*: ValueErr"),
    ],
)
def test_a_place_that_cannot_be_used_is_refused_and_nothing_is_left(
    make_study: MakeStudy, tmp_path: Path, place: str, message: str
) -> None:
    with pytest.raises(sweep.SweepError, match=message) as caught:
        sweep.run(make_study(), sweep.Options(runs=tmp_path, pool="inline", checkpoints=place))
    assert "secret" not in str(caught.value)
    assert not any(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_ends_a_run_which_resumes_once_it_can(
    make_study: MakeStudy, inline: Callable[..., sweep.Run], tmp_path: Path
) -> None:
    disk, place = tmp_path / "disk", tmp_path / "place"
    place.symlink_to(disk)
    options = {"checkpoints": place.as_uri()}
    with pytest.raises(sweep.StorageError, match="--checkpoints: cannot read and write file"):
        inline(make_study(trials=2), **options)
    disk.mkdir()
    assert [record.ending for record in inline(make_study(trials=2)).records] == ["complete"] * 2
    assert len(list(disk.glob("toy-*/toy-*.safetensors"))) == 1
    with pytest.raises(sweep.RunError, match=r"place/toy-\w{8}, got file:///else; omit --checkpoi"):
        inline(make_study(trials=3), checkpoints="file:///else")
    inline(make_study(), name="near")
    with pytest.raises(sweep.RunError, match="made with, the run directory, got file:"):
        inline(make_study(), name="near", **options)


def test_without_the_library_the_advice_is_to_install_it(
    make_study: MakeStudy, inline: Callable[..., sweep.Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sweep.checkpoints.remote", None)
    with pytest.raises(sweep.OptionError, match=r"^fsspec is not installed: .*\[remote\]'$"):
        inline(make_study(), checkpoints="s3://bucket")


def test_a_run_without_its_directory_resumes_from_server_and_url(
    make_study: MakeStudy,
    server: postgres.Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "CHECKPOINT_SECONDS", 0.0)
    storage = server.new_database()
    begun_after = []

    def train(config: Any, data: Any, seed: int, state: Any) -> Iterator[sweep.Epoch]:
        begun_after.append(state["epoch"] if state else 0)
        for epoch in make_study().train(config, data, seed, state):
            weights = np.array([epoch.metrics["loss"]], np.float32)
            yield sweep.Epoch(epoch.metrics, epoch.state | {"weights": {"w": weights}})

    def run(folder: str, **more: str) -> sweep.Run:
        median = sweep.Median(warmup_epochs=0, min_trials=99)  # has slots report each epoch
        study = make_study(train=train, trials=2, pruner=median)
        options = sweep.Options(runs=tmp_path / folder, pool="inline", **more)
        return sweep.run(study, options, interrupt if folder == "gone" else None)

    def interrupt(snapshot: Snapshot, _: Any) -> None:
        if any(len(record.epochs) == 3 for record in snapshot.counts.records[1:]):
            raise KeyboardInterrupt

    far = {"storage": storage, "checkpoints": f"file://{tmp_path}/place"}
    with pytest.raises(KeyboardInterrupt):
        run("gone", **far)
    assert not list((tmp_path / "gone").glob("*/checkpoints"))
    shutil.rmtree(tmp_path / "gone")
    there, here = run("new", **far), run("here")
    assert begun_after == [0, 0, 3, 0, 0]
    assert [r.curve("loss") for r in there.records] == [r.curve("loss") for r in here.records]
    for name in ("config.json", "weights.safetensors"):
        assert (there.directory.best / name).read_bytes() == (
            here.directory.best / name
        ).read_bytes()
