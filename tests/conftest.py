"""Settings of all tests, and the PostgreSQL server that they share.

There are no deadlines on busy machines, and the same examples in CI each time.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests import postgres

settings.register_profile("here", deadline=None)
settings.register_profile(
    "ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a file share a process and its fixtures; all that start Ray take turns in one."""
    for item in items:
        group = "ray" if item.get_closest_marker("ray") else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: item.get_closest_marker("ray") is None)


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A real PostgreSQL server that these tests have for themselves."""
    binaries = postgres.binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed here: apt-get install postgresql")
    with postgres.running(binaries) as running:
        yield running
