"""Sweeps on several nodes of one machine: nodes join, leave and are taken away; jobs are submitted.

The head has no cores to give, so that trials run on the others alone.
"""

import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from tests import far
from tests.machine import free_port

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]

STORE = {"object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """A cluster with a job server; its token is in the environment."""
    import sweep.workers.ray.cluster  # noqa: F401 - Ray's settings

    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    from ray.cluster_utils import Cluster

    ports = [free_port(), free_port()]
    names = ("dashboard_port", "dashboard_agent_listen_port")
    dashboard = dict(zip(names, ports, strict=True)) | {"include_dashboard": True}
    with ray_folder() as folder:
        options = {"num_cpus": 0, "temp_dir": folder, **dashboard, **STORE}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAY_worker_niceness", "0")
            patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
            cluster = Cluster(initialize_head=True, head_node_args=options)
            Path(folder, "ray_current_cluster").write_text(cluster.address)  # for jobs
            cluster.job_server = f"http://127.0.0.1:{ports[0]}"
            yield cluster
            cluster.shutdown()


def ray_folder() -> tempfile.TemporaryDirectory[str]:
    """Ray's processes write to it for a moment after they were ended."""
    return tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)


def environment(head: Any) -> dict[str, str]:
    return os.environ | {"RAY_ADDRESS": head.address}


def drain(head: Any, node: Any, seconds: float) -> None:
    """Announces that a node will be taken away, as clouds and autoscalers do."""
    from ray._raylet import GcsClient
    from ray.core.generated import autoscaler_pb2

    reason = autoscaler_pb2.DRAIN_NODE_REASON_PREEMPTION
    until = int((time.time() + seconds) * 1000)
    assert GcsClient(address=head.address).drain_node(node.node_id, reason, "spot", until)[0]


def number(node: Any) -> float:
    return float(int(node.node_id[:8], 16))


def test_slots_follow_the_nodes_and_no_trial_is_lost(head: Any, tmp_path: Path) -> None:
    slowly, run = tmp_path / "slowly", tmp_path / "runs" / "far"
    study = far.write_study(tmp_path / "studies", trials=5, epochs=60, slowly=slowly)
    first = head.add_node(num_cpus=1, **STORE)
    words = ["run", str(study), "--address", "auto", "--runs", str(run.parent), "--retries", "1"]
    driver = far.start(words, environment(head))
    far.wait_until(lambda read: far.nodes_at_work(read), run, driver)
    second, third = (head.add_node(num_cpus=1, **STORE) for _ in range(2))
    three = {number(node) for node in (first, second, third)}
    far.wait_until(lambda read: far.nodes_at_work(read, 6) == three, run, driver)
    drain(head, second, seconds=1)
    head.remove_node(second, allow_graceful=False)
    head.remove_node(first, allow_graceful=False)
    far.wait_until(lambda read: len(far.reasons(read)) == 2, run, driver)
    slowly.unlink()
    far.finish(driver)
    read = sweep.Run(run)
    far.check_whole(read, study, trials=5)
    assert sorted(far.reasons(read)) == ["lost", "preempted"]
    assert far.continued(read)
    head.remove_node(third)


@pytest.fixture
def worker_node(head: Any) -> Iterator[None]:
    """One node with a core, and a folder for what Ray unpacks: it must not touch the head's."""
    with ray_folder() as folder:
        node = head.add_node(num_cpus=1, temp_dir=folder, **STORE)
        yield
        head.remove_node(node)


@pytest.mark.usefixtures("worker_node")
def test_a_job_is_followed_stopped_and_resumed_when_submitted_again(
    head: Any, tmp_path: Path
) -> None:
    slowly, run = tmp_path / "slowly", tmp_path / "runs" / "far"
    study = far.write_study(tmp_path / "studies", trials=2, epochs=30, slowly=slowly)
    words = ["submit", str(study), "--address", head.job_server, "--runs", str(run.parent)]
    words += ["--slots", "1"]
    client = far.start(words, environment(head))
    far.wait_until(lambda read: far.nodes_at_work(read), run, client)
    client.send_signal(signal.SIGINT)
    out, _ = client.communicate(timeout=far.PATIENCE_S)
    assert client.returncode == 130, out
    assert out.count("interrupted: run the same command again to resume") == 2  # there, and here
    assert any(record.ending == "running" for record in sweep.Run(run).records)

    slowly.unlink()
    out = far.finish(far.start(words, environment(head)))
    assert "far: 2 trials, on 1 slot" in out
    assert "all 2 trials are done" in out
    read = sweep.Run(run)
    far.check_whole(read, study, trials=2)
    assert set(far.reasons(read)) <= {"interrupted"}
    assert read.about["provenance"]["command"].startswith("python -m sweep run far.py --address")

    client = far.start([*words, "--seed", "7"], environment(head))
    out, _ = client.communicate(timeout=far.PATIENCE_S)
    assert client.returncode == 2, out
    assert "got changes: seed 0 -> 7; undo them" in out


@pytest.mark.parametrize("command", ["run", "submit"])
def test_another_token_is_refused(head: Any, tmp_path: Path, command: str) -> None:
    study = far.write_study(tmp_path / "studies", trials=1, epochs=1, slowly=tmp_path / "slowly")
    address = "auto" if command == "run" else head.job_server
    words = [command, str(study), "--address", address, "--runs", str(tmp_path / "runs")]
    process = far.start(words, environment(head) | {"RAY_AUTH_TOKEN": "0" * 64})
    out, _ = process.communicate(timeout=far.PATIENCE_S)
    assert process.returncode == 2, out
    assert f"error: --address {address}: expected " in out
    assert "token" in out
    assert not (tmp_path / "runs" / "far").exists()


def test_a_folder_that_is_too_large_is_refused(head: Any, tmp_path: Path) -> None:
    study = far.write_study(tmp_path / "studies", trials=1, epochs=1, slowly=tmp_path / "slowly")
    study.with_name("data.bin").write_bytes(os.urandom(101 * 2**20))
    words = ["submit", str(study), "--address", head.job_server, "--runs", str(tmp_path / "runs")]
    process = far.start(words, environment(head))
    out, _ = process.communicate(timeout=far.PATIENCE_S)
    assert process.returncode == 2, out
    assert "expected a folder of up to 100 MiB when packed, got more; keep data" in out


@pytest.mark.usefixtures("worker_node")
def test_a_job_outlives_its_job_server(head: Any, tmp_path: Path) -> None:
    slowly, run = tmp_path / "slowly", tmp_path / "runs" / "far"
    study = far.write_study(tmp_path / "studies", trials=2, epochs=30, slowly=slowly)
    words = ["submit", str(study), "--address", head.job_server, "--runs", str(run.parent)]
    client = far.start(words, environment(head))
    far.wait_until(lambda read: far.nodes_at_work(read), run, client)
    head.head_node.kill_dashboard()
    out, _ = client.communicate(timeout=far.PATIENCE_S)
    assert client.returncode == 2, out
    assert "the job server does not answer (ConnectionError); job raysubmit_" in out
    slowly.unlink()
    deadline = time.monotonic() + far.PATIENCE_S
    while sum(record.has_ended for record in sweep.Run(run).records) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    far.check_whole(sweep.Run(run), study, trials=2)
