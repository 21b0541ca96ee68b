"""Settings of all tests, and the PostgreSQL server that they share.

There are no deadlines on busy machines, and the same examples in CI each time.
"""

import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from alembic.script import base
from hypothesis import HealthCheck, settings

from tests import hosts, postgres

settings.register_profile("here", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "here")

# Each time that Optuna opens a database, alembic runs ten files that never change.
base.util.load_python_file = cache(base.util.load_python_file)

# A shell that starts pytest in the background, or nohup, has it ignore these, and its children too.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share a process; of those with Ray on one node, two run at a time at most.

    The longest come first: Ray on one node in one process, clusters and then kills in the other.
    """
    for item in items:
        group = str(item.path)
        if item.get_closest_marker("ray") and "kill" not in item.path.parts:
            group = "clusters" if {"network", "head"} & set(item.fixturenames) else "ray"
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("ray") is None)


@pytest.fixture(scope="session")
def binaries() -> Path:
    """The folder of PostgreSQL's programs."""
    found = postgres.binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    return found


@pytest.fixture(scope="session")
def server(binaries: Path) -> Iterator[postgres.Server]:
    """A real PostgreSQL server that these tests have for themselves."""
    with postgres.running(binaries) as running:
        yield running


@pytest.fixture
def network(tmp_path: Path) -> Iterator[hosts.Network]:
    """A network without hosts yet."""
    if why_not := hosts.why_not():
        pytest.skip(why_not)
    with hosts.network(tmp_path) as network:
        yield network
