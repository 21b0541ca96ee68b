"""Sweeps on several nodes of one machine: nodes join, leave and are taken away; jobs are submitted.

The head has no cores to give, so that trials run on the others alone.
"""

import os
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sweep
from tests import far

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]

STORE = {"object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def head() -> Iterator[Any]:
    """A cluster with a job server; its token is in the environment."""
    from sweep import ray_cluster  # noqa: F401 - Ray's settings

    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory(prefix="ray-") as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        dashboard = {"include_dashboard": True, "dashboard_port": port}
        options = {"num_cpus": 0, "temp_dir": folder, **dashboard, **STORE}
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RAY_worker_niceness", "0")
            cluster = Cluster(initialize_head=True, head_node_args=options)
            Path(folder, "ray_current_cluster").write_text(cluster.address)  # for jobs
            cluster.job_server = f"http://127.0.0.1:{port}"
            yield cluster
            cluster.shutdown()


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
    study = far.write_study(tmp_path / "studies", trials=8, epochs=14, seconds=0.5)
    run = tmp_path / "runs" / "far"
    first = head.add_node(num_cpus=1, **STORE)
    words = ["run", str(study), "--address", "auto", "--runs", str(run.parent), "--retries", "1"]
    driver = far.start(words, environment(head))
    far.wait_until(far.nodes, run, driver)
    second, third = (head.add_node(num_cpus=1, **STORE) for _ in range(2))
    three = {number(node) for node in (first, second, third)}
    far.wait_until(lambda read: far.nodes(read) == three, run, driver)
    drain(head, second, seconds=1)
    head.remove_node(second, allow_graceful=False)
    far.wait_until(lambda read: "preempted" in far.reasons(read), run, driver)
    head.remove_node(first, allow_graceful=False)
    far.wait_until(lambda read: "lost" in far.reasons(read), run, driver)
    far.finish(driver)
    read = sweep.Run(run)
    far.check_whole(read, study, trials=8)
    assert sorted(far.reasons(read)) == ["lost", "preempted"]
    head.remove_node(third)
