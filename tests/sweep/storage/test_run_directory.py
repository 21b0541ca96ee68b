import errno
import fcntl
import os
import resource
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


@pytest.mark.parametrize("readme", [b"caf\xe9", b"", None])
def test_a_directory_with_any_readme_is_looked_at(tmp_path: Path, readme: bytes | None) -> None:
    path = tmp_path / "README.txt"
    path.mkdir() if readme is None else path.write_bytes(readme)
    with pytest.raises(sweep.RunError, match=r"an empty one, got one with 'README.txt' in it"):
        RunDirectory(tmp_path).create()


def test_a_run_that_leaves_no_trace_leaves_a_link_as_it_was(
    make_study: Callable[..., sweep.Study], tmp_path: Path
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "toy").symlink_to("real")
    options = sweep.Options(runs=tmp_path, pool="inline")
    with pytest.raises(sweep.StudyError, match=r"data\(\) raised ZeroDivisionError"):
        sweep.run(make_study(data=lambda: 1 / 0), options)
    assert list((tmp_path / "toy").iterdir()) == []
    assert len(sweep.run(make_study(), options).records) == 6


def test_a_file_system_without_locks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    message = r"cannot lock a file in it: No locks available. Choose a place with --runs"
    with pytest.raises(sweep.StorageError, match=message), RunDirectory(tmp_path).locked():
        pass


def test_a_lock_is_held_although_its_file_cannot_be_written(tmp_path: Path) -> None:
    size = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, size[1]))
    try:
        with RunDirectory(tmp_path).locked():
            message = "already driven by another process"
            with pytest.raises(sweep.RunError, match=message), RunDirectory(tmp_path).locked():
                pass
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, size)


def test_a_name_that_the_file_system_refuses_is_refused(tmp_path: Path) -> None:
    folder = RunDirectory(tmp_path / (300 * "a"))
    with pytest.raises(sweep.StorageError, match=r"cannot look into it: File name too long. Choo"):
        assert not folder.exists
    with pytest.raises(sweep.StorageError, match=r"cannot create .*: File name too long. Choose"):
        folder.create()


@pytest.mark.parametrize("name", ["r{x}", "{}", "a%20b", "a?b&x#y", "a'b\"c", "ü 漢", "-"])
def test_a_run_directory_can_have_any_name(
    make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run], name: str
) -> None:
    run = inline(make_study(trials=1), name=name)
    assert (run.directory.path / "sweep.db").is_file()
    assert len(sweep.Run(run.directory.path).records) == 1
