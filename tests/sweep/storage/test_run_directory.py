import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

import sweep
from sweep.storage.run_directory import README, RunDirectory


def test_only_one_process_gets_the_lock_and_a_dead_one_loses_it(tmp_path: Path) -> None:
    folder = RunDirectory(tmp_path)
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        with folder.locked():
            os.write(ready[1], b"!")
            os.read(done[0], 1)
            os._exit(9)
    os.read(ready[0], 1)
    message = rf": already driven by process {child} on .*; wait for it to end, or stop it"
    with pytest.raises(sweep.RunError, match=message), folder.locked():
        pass
    os.write(done[1], b"!")
    os.waitpid(child, 0)
    with folder.locked():
        assert (tmp_path / "lock").read_text().startswith(f"process {os.getpid()} on ")
    assert (tmp_path / "lock").read_text() == ""
    for descriptor in (*ready, *done):
        os.close(descriptor)


def test_a_lock_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    message = rf"lock: cannot write: {os.strerror(errno.EISDIR)}. Fix its permissions"
    with pytest.raises(sweep.StorageError, match=message), RunDirectory(tmp_path).locked():
        pass


def test_a_folder_is_made_once_and_then_left(tmp_path: Path) -> None:
    folder = RunDirectory(tmp_path / "a" / "b")
    folder.create()
    folder.create()
    assert [path.name for path in folder.path.iterdir()] == ["README.txt"]
    assert not folder.exists


@pytest.mark.parametrize("rest", [" The same command continues it.\n", ""])
def test_a_directory_that_an_earlier_version_began_is_recognised(tmp_path: Path, rest: str) -> None:
    folder = RunDirectory(tmp_path)
    (tmp_path / "README.txt").write_text(f"One run of a sweep.{rest}")
    (tmp_path / "lock").touch()
    folder.create()
    assert (tmp_path / "README.txt").read_text() == README


def test_a_readme_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "README.txt").write_text("my notes")
    with pytest.raises(sweep.RunError, match=r"an empty one, got one with 'README.txt' in it"):
        RunDirectory(tmp_path).create()
    assert (tmp_path / "README.txt").read_text() == "my notes"


def test_paths_stay_the_same_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = RunDirectory(Path("runs/toy"))
    monkeypatch.chdir("/")
    assert folder.path == tmp_path / "runs" / "toy"


def test_a_log_that_cannot_be_written_is_refused(
    make_study: Callable[..., sweep.Study], tmp_path: Path
) -> None:
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "logs").write_text("in the way")
    options = sweep.Options(runs=tmp_path, pool="inline")
    with pytest.raises(sweep.StorageError, match=r"run.log: cannot write: File exists"):
        sweep.run(make_study(), options)
