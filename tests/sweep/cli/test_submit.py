"""What is refused before anything is sent to a cluster."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sweep
from sweep.cli.main import main
from sweep.storage.run_directory import RunDirectory
from sweep.workers.process.kernel import variables

ADDRESS = "http://127.0.0.1:9"  # nothing listens there


def submit(*words: str, address: str = ADDRESS) -> int:
    return main(["submit", *words, "--address", address])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            [],
            "--runs: expected an absolute path, on a volume that outlives the cluster's ",
        ),
        (["--runs", "x/y"], "got x/y, which would be deleted with the job; use --runs /results"),
        (
            ["--runs", "/r", "--storage", "postgresql://ada:secret@db/sweeps"],
            "--storage: expected no password, because everyone who sees the cluster's jobs ",
        ),
        (["--memory-per-slot", "100TiB"], "--runs: expected an absolute path"),
        (["--runs", "/r", "--set", "x"], "--set: expected KEY=VALUE, got 'x'"),
        (["--runs", "/r", "--slots", "0"], "Invalid value for '--slots': 0 is not in the range"),
        (["--runs", "/r", "--slots", "many"], "'many' is not a valid integer range"),
    ],
)
def test_what_could_not_last_is_refused(
    study_file: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    assert submit(str(study_file()), *words) == 2
    err = capsys.readouterr().err
    assert message in err
    assert "secret" not in err


@pytest.mark.parametrize("address", ["auto", "ray://head:10001"])
def test_another_address_gets_advice(
    study_file: Callable[..., Path], capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert submit(str(study_file()), "--runs", "/r", address=address) == 2
    err = capsys.readouterr().err
    assert f"expected a job server, http://HEAD:8265, got '{address}'; on a node of the" in err
    assert main(["run", str(study_file()), "--address", "ray://head:10001"]) == 2
    assert "use `python -m sweep submit STUDY.py --address http://HEAD:8265`" in (
        capsys.readouterr().err
    )


def test_a_run_does_not_begin_in_the_copy_of_a_folder_that_a_job_works_in(tmp_path: Path) -> None:
    path = tmp_path / "_ray_pkg_0123" / "runs" / "toy"
    with pytest.raises(sweep.RunError, match="expected a directory that outlives this job, got"):
        RunDirectory(path).create()
    assert not path.parent.exists()


def test_a_token_that_others_can_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sweep.workers.ray.cluster import check_token

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    token = tmp_path / ".ray" / "auth_token"
    check_token()
    token.parent.mkdir()
    token.write_text("0" * 64)
    token.chmod(0o644)
    with pytest.raises(sweep.OptionError, match=r"nobody else can read, got mode 0644; chmod 600"):
        check_token()
    monkeypatch.setenv("RAY_AUTH_TOKEN", "1" * 64)
    check_token()
    monkeypatch.delenv("RAY_AUTH_TOKEN")
    token.chmod(0o600)
    check_token()


@pytest.mark.ray
def test_a_job_gets_the_kernel_before_its_process_starts(
    study_file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sweep.workers.ray import job

    submitted: list[dict[str, Any]] = []

    class Refusing:
        """A job server that notes what it is asked for, and refuses it."""

        def __init__(self, _address: str) -> None:
            pass

        def submit_job(self, **job: Any) -> str:
            submitted.append(job)
            raise RuntimeError("no")

    monkeypatch.setattr(job, "JobSubmissionClient", Refusing)
    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 64)
    words = [str(study_file()), "--runs", "/r"]
    assert submit(*words) == submit(*words, "--blas-kernel", "Zen") == 2
    assert [job["runtime_env"]["env_vars"] for job in submitted] == [{}, variables("Zen")]
    assert submitted[1]["entrypoint"].endswith("--runs /r --blas-kernel Zen")


@pytest.mark.ray
def test_a_cluster_that_is_not_there_is_no_crash(study_file: Callable[..., Path]) -> None:
    words = ["submit", str(study_file()), "--address", ADDRESS, "--runs", "/r"]
    answer = subprocess.run(
        [sys.executable, "-m", "sweep", *words],
        env=os.environ | {"RAY_AUTH_TOKEN": "0" * 64},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert answer.returncode == 2, answer.stderr
    assert (
        f"--address {ADDRESS}: expected a Ray job server that accepts the token of this machine, "
        f"got 'Failed to connect to Ray at address: {ADDRESS}.'; run `ray start --head`"
    ) in answer.stderr
