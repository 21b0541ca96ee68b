"""The long kill matrix: python -m tests.kill [--kills N] [--seed S] [--storage KIND]."""

import argparse
import collections
import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests import postgres
from tests.kill.harness import (
    HAS_ENDED,
    MOMENTS,
    PROCESSES,
    PROGRAM_STUDY,
    STUDY,
    Campaign,
    Kill,
)


def one_round(campaign: Campaign) -> Iterator[Kill]:
    """Kill the driver at both ends of every function, the others at every moment, all at random."""
    for when, functions in MOMENTS.items():
        for function, event in itertools.product(functions, ("call", "return")):
            yield campaign.at_moment("driver", when, function, event)
        for who in PROCESSES:
            if (who, when) not in HAS_ENDED:
                yield campaign.at_moment(who, when)
    for who in ["driver", *PROCESSES]:
        yield campaign.at_random(who)
    campaign.finish()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--storage", choices=["sqlite", "postgresql", "both"], default="both")
    arguments = parser.parse_args()
    kinds = ["sqlite", "postgresql"] if arguments.storage == "both" else [arguments.storage]
    began = time.monotonic()
    table: collections.Counter[tuple[str, str, str]] = collections.Counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        binaries = postgres.binaries()
        if "postgresql" in kinds:
            assert binaries, "install PostgreSQL, or choose --storage sqlite"
            server = stack.enter_context(postgres.running(binaries))
        for seed in itertools.count(arguments.seed):
            for kind in kinds:
                (folder / kind / str(seed)).mkdir(parents=True)
                url = server.new_database() if kind == "postgresql" else ""
                place = folder / kind / str(seed)
                study = PROGRAM_STUDY if seed % 3 == 2 else STUDY
                kills = list(one_round(Campaign(place, seed, url, 1 + seed % 2, study)))
                table.update((kill.who, kill.when, kind) for kill in kills if kill.hit)
                print(f"seed {seed}, {kind}: {table.total()} kills, all held", flush=True)
            if table.total() >= arguments.kills:
                break
    show(table, kinds)
    minutes = (time.monotonic() - began) / 60
    print(f"\n{table.total()} kills, seeds {arguments.seed} to {seed}, {minutes:.0f} minutes.")
    print("Every check that README.md lists passed after each one.")


def show(table: collections.Counter[tuple[str, str, str]], kinds: list[str]) -> None:
    print("\n| killed | while | " + " | ".join(kinds) + " |\n|---|---|" + "---:|" * len(kinds))
    for who in ["driver", *PROCESSES]:
        for when in [*MOMENTS, "at random"]:
            if (who, when) not in HAS_ENDED:
                numbers = " | ".join(str(table[who, when, kind]) for kind in kinds)
                print(f"| {who} | {when} | {numbers} |")


main()
