"""The short kill matrix; `python -m tests.kill` runs the long one."""

from pathlib import Path

import pytest

from tests.kill import processes
from tests.kill.harness import MOMENTS, PROGRAM_STUDY, Campaign
from tests.waiting import wait_until


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("server").new_database())


@pytest.mark.ray
@pytest.mark.timeout(1200)  # some runs on Ray
def test_a_run_killed_anywhere_loses_and_repeats_nothing(tmp_path: Path, storage: str) -> None:
    campaign = Campaign(tmp_path, seed=1, storage=storage, objectives=2 if storage else 1)
    elsewhere = {"training", "checkpointing"} if storage else set()  # nothing is stored then
    kills = [campaign.at_moment("driver", when) for when in MOMENTS if when not in elsewhere]
    # Runs on Ray take their time; tests of its pool kill a worker, and another group.
    kills += [campaign.at_random(who) for who in (["group"] if storage else ["driver", "raylet"])]
    campaign.finish()
    assert [kill for kill in kills if not kill.hit] == []


@pytest.mark.ray
@pytest.mark.timeout(1200)  # some runs on Ray
def test_a_run_of_a_program_killed_anywhere_loses_and_repeats_nothing(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, seed=2, study=PROGRAM_STUDY)
    kills = [campaign.at_moment("driver", when) for when in ("checkpointing", "pausing")]
    kills.append(campaign.at_random("group"))  # tests of programs kill a worker
    campaign.finish()
    assert [kill for kill in kills if not kill.hit] == []
    wait_until(lambda: not processes.running("train.sh"), 10)
