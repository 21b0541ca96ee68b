"""How long does a training step take, and how long in PyTorch? One thread, alternating turns.

python -m tests.benchmarks.train_step [--json] [--seconds 4] [NETWORK ...]

Prints the median milliseconds of a step: forward, loss, backward, Adam. PyTorch runs its fused
Adam in both of its layouts, and the faster one counts.
"""

import argparse
import json
import sys

import torch
from threadpoolctl import threadpool_limits

from tests.benchmarks.networks import (
    BATCH_SIZES,
    NETWORKS,
    batches,
    in_turns,
    netlib_step,
    processor,
    torch_step,
)


def measure(name: str, batch_size: int, seconds: float) -> dict[str, object]:
    """Return the figures of one network and batch size."""
    draw, description = batches(batch_size), NETWORKS[name]
    steps = [netlib_step(description)]
    steps += [torch_step(description, channels_last=last) for last in (False, True)]
    ours, *theirs = in_turns([lambda s=step: s(*draw()) for step in steps], seconds)
    return {
        "network": name,
        "batch": batch_size,
        "netlib_ms": round(ours, 3),
        "torch_ms": round(min(theirs), 3),
        "torch_layout": ("NCHW", "channels_last")[theirs.index(min(theirs))],
        "ratio": round(ours / min(theirs), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="NETWORK")
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="seconds per network and batch size"
    )
    parser.add_argument(
        "--json", action="store_true", help="print a line of JSON per network and batch size"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    sys.stdout.write("" if options.json else f"{processor()}, one thread\n")
    with threadpool_limits(1):
        for name in options.networks:
            for batch_size in BATCH_SIZES:
                row = measure(name, batch_size, options.seconds)
                line = json.dumps(row) if options.json else "  ".join(map(str, row.values()))
                sys.stdout.write(line + "\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
