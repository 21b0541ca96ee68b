"""Hosts for tests: network namespaces on one machine, each with an address and a name.

A switch, which is another namespace, connects them with each other and with this machine. All of it
is created here and removed at the end, with every process that runs in it.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.machine import environment_without_ray

PROGRAMS = ("ip", "nsenter", "unshare", "setpriv")
SUBNET = f"198.18.{os.getpid() % 250}"  # set aside for tests of networks
TAG = f"sweep{os.getpid() % 100_000}"
RAY_PORT = 6379


def why_not() -> str:
    """Return why there can be no hosts here; empty if there can."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{missing[0]} is not installed here: apt-get install iproute2 util-linux"
    if os.getuid() != 0:
        return "network namespaces need root"
    trial = subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False)
    return "" if trial.returncode == 0 else "network namespaces are not allowed here"


class Host:
    """A host with a scratch folder of its own; the `hidden` folders are empty on it."""

    def __init__(self, network: "Network", number: int, hidden: Sequence[Path]) -> None:
        self.name = f"{TAG}-{number}"
        self.address = f"{SUBNET}.{number}"
        self._network = network
        network.join(self.name, self.address)
        mounts = [f"mount -t tmpfs tmpfs {path}" for path in [network.scratch, *hidden]]
        script = " && ".join([f"hostname {self.name}", *mounts, "echo up", "exec sleep infinity"])
        self._first = network.start(
            ["ip", "netns", "exec", self.name, "unshare", "--mount", "--uts", "sh", "-c", script],
            stdout=subprocess.PIPE,
        )
        with self._first.stdout as out:  # type: ignore[union-attr]
            assert out.readline() == b"up\n"

    @property
    def inside(self) -> list[str]:
        """Words that precede a command to run it on this host."""
        return ["nsenter", f"--target={self._first.pid}", "--net", "--mount", "--uts", "--"]

    def start_ray(self, *options: str) -> None:
        """Make this host a node of a Ray cluster."""
        ray = [str(Path(sys.executable).with_name("ray")), "start", "--block"]
        self._network.start(
            [*self.inside, *ray, f"--node-ip-address={self.address}", *options,
             f"--object-store-memory={80 * 2**20}"],
            env=self._network.environment,
            stdout=self._network.log,
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    def cut_off(self) -> None:
        """Unplug the host from the network."""
        self._network.ip("link", "set", self.name, "down", inside=self._network.switch)

    def kill_raylet(self) -> None:
        """Kill Ray on this host, as a fault would."""
        for pid in self._network.processes(self.name):
            if Path(f"/proc/{pid}/comm").read_text().strip() == "raylet":
                os.kill(pid, signal.SIGKILL)


class Network:
    """The hosts, and the token that only their Ray nodes know."""

    def __init__(self, folder: Path) -> None:
        self.switch = f"{TAG}-switch"
        self.scratch = Path("/tmp") / f"{TAG}-ray"
        self.scratch.mkdir()
        self.log = (folder / "ray.log").open("wb")
        self._folder = folder
        self._token = folder / "token"
        self._token.touch(mode=0o600)
        self._token.write_text(secrets.token_hex(32))
        self._names: list[str] = []
        self._started: list[subprocess.Popen[bytes]] = []
        self._add(self.switch)
        self.ip("link", "add", "bridge", "type", "bridge", inside=self.switch)
        self.ip("link", "set", "bridge", "up", inside=self.switch)
        self._cable(TAG)
        self.ip("address", "add", f"{SUBNET}.254/24", "dev", TAG)
        self.ip("link", "set", TAG, "up")

    def host(self, number: int, hidden: Sequence[Path] = ()) -> Host:
        """Return a new host, whose address ends with this number."""
        return Host(self, number, hidden)

    @property
    def environment(self) -> dict[str, str]:
        """Environment of programs on the hosts."""
        return environment_without_ray() | {
            "RAY_ADDRESS": f"{SUBNET}.1:{RAY_PORT}",
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._token),
            "RAY_TMPDIR": str(self.scratch),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_health_check_period_ms": "1000",
            "RAY_health_check_timeout_ms": "3000",
            "RAY_worker_niceness": "0",
        }

    def start(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program on one of the hosts, in the background."""
        self._started.append(subprocess.Popen(command, **options))
        return self._started[-1]

    def join(self, name: str, address: str) -> None:
        """Create a namespace and plug it into the switch."""
        self._add(name)
        self._cable(name)
        self.ip("link", "set", name, "netns", name)
        self.ip("address", "add", f"{address}/24", "dev", name, inside=name)
        for device in ("lo", name):
            self.ip("link", "set", device, "up", inside=name)

    def ip(self, *words: str, inside: str = "") -> None:
        where = ["-n", inside] if inside else []
        subprocess.run(["ip", *where, *words], check=True, timeout=30)

    def processes(self, name: str) -> list[int]:
        command = ["ip", "netns", "pids", name]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
        return [int(pid) for pid in answer.stdout.split()]

    def remove(self) -> None:
        """End what runs on the hosts, and remove them."""
        for name in self._names:
            while pids := self.processes(name):
                for pid in pids:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.1)
            subprocess.run(["ip", "netns", "delete", name], check=True, timeout=30)
        for process in self._started:
            process.wait(timeout=30)
        self.log.close()
        self.scratch.rmdir()

    def _add(self, name: str) -> None:
        self.ip("netns", "add", name)
        self._names.append(name)

    def _cable(self, name: str) -> None:
        """Lay a cable from the switch to here; both ends have this name."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", name, "netns", self.switch)
        self.ip("link", "set", name, "master", "bridge", inside=self.switch)
        self.ip("link", "set", name, "up", inside=self.switch)


@contextmanager
def network(folder: Path) -> Iterator[Network]:
    """Give a network until the context ends."""
    made = Network(folder)
    try:
        yield made
    finally:
        made.remove()
