"""The long kill matrix: python -m tests.kill [--kills N] [--seed SEED]   (from the repository)."""

import argparse
import collections
import itertools
import tempfile
import time
from pathlib import Path

from tests.kill.harness import MOMENTS, PROCESSES, Campaign, Kill


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    began = time.monotonic()
    kills: list[Kill] = []
    n_moments = 2 * sum(map(len, MOMENTS.values()))
    with tempfile.TemporaryDirectory() as folder:
        for round_number in itertools.count():
            path = Path(folder) / str(round_number)
            (path / "moments").mkdir(parents=True)
            (path / "random").mkdir()
            moments = Campaign(path / "moments", arguments.seed + round_number)
            kills += moments.moments()
            moments.finish()
            at_random = Campaign(path / "random", arguments.seed + round_number, pause=0.1)
            for who in PROCESSES * (n_moments // 2 // len(PROCESSES)):
                kills.append(at_random.at_random(who))
            at_random.finish()
            n_hit = sum(kill.hit for kill in kills)
            print(f"round {round_number}: {n_hit} kills, all checks held", flush=True)
            if n_hit >= arguments.kills:
                break
    table = collections.Counter((kill.who, kill.when) for kill in kills if kill.hit)
    print(
        "\n| killed | while | kills | lost | duplicated | changed |\n|---|---|---:|---:|---:|---:|"
    )
    for (who, when), n in sorted(table.items()):
        print(f"| {who} | {when} | {n} |")
    minutes = (time.monotonic() - began) / 60
    print(f"\n{sum(table.values())} kills, seed {arguments.seed}, {minutes:.0f} minutes.")
    print("After each one everything held that README.md lists.")


main()
