"""The short kill matrix; `python -m tests.kill` runs the long one."""

from pathlib import Path

import pytest

from tests.kill.harness import PROCESSES, Campaign


def test_a_driver_killed_at_any_moment_loses_and_repeats_nothing(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=1)
    kills = list(campaign.moments())
    campaign.finish()
    assert sum(kill.hit for kill in kills) >= 20


@pytest.mark.ray
def test_processes_killed_at_random_lose_and_repeat_nothing(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=2, pause=0.1)
    kills = [campaign.at_random(who) for who in PROCESSES]
    campaign.finish()
    assert any(kill.hit for kill in kills)
