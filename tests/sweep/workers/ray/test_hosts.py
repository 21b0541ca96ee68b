"""A sweep on three hosts, of which one is cut off, one loses Ray, and one more joins."""

from pathlib import Path

import pytest

import sweep
from tests import far, hosts, postgres

pytestmark = [pytest.mark.ray, pytest.mark.timeout(900)]


def test_no_trial_is_lost_with_hosts_and_a_new_one_is_used(
    binaries: Path, network: hosts.Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly, run = tmp_path / "slowly", tmp_path / "runs" / "far"
    study = far.write_study(tmp_path / "studies", trials=4, epochs=60, slowly=slowly)
    head = network.host(1)
    first, second, third = (network.host(n, hidden=[study.parent]) for n in (2, 3, 4))
    with postgres.running(binaries, head.address, head.inside) as server:
        head.start_ray("--head", f"--port={hosts.RAY_PORT}", "--num-cpus=0")
        join = (f"--address={head.address}:{hosts.RAY_PORT}", "--num-cpus=1")
        for host in (first, second):
            host.start_ray(*join)
        monkeypatch.setenv("PGPASSWORD", server.password)
        url = server.new_database().replace(f":{server.password}", "")
        words = ["run", str(study), "--address", "auto", "--runs", str(run.parent)]
        driver = far.start([*words, "--storage", url], network.environment, head.inside)
        far.wait_until(lambda read: len(far.nodes_at_work(read, 6)) == 2, run, driver)
        first.cut_off()
        third.start_ray(*join)
        far.wait_until(lambda read: len(far.nodes_at_work(read)) == 3, run, driver)
        second.kill_raylet()
        far.wait_until(lambda read: len(far.reasons(read)) == 2, run, driver)
        slowly.unlink()
        far.finish(driver)
        read = sweep.Run(run)
        far.check_whole(read, study, trials=4)
        assert far.reasons(read) == ["lost", "lost"]
        workers = {attempt["host"] for record in read.records for attempt in record.attempts}
        assert far.continued(read)
        assert workers == {first.name, second.name}
