"""What share of the speed of a large matrix product does a training step reach? One thread.

python -m tests.benchmarks.roofline [--batch 16]

The ceiling is a product of 2048 x 2048 float32 matrices, measured in turns with the steps. A step
of model 12 counts as 198 MFLOP per image, the operations of direct convolutions forward and
backward; Toom-Cook needs fewer, so the share can exceed 100 %.
"""

import argparse
import sys

import numpy as np
from threadpoolctl import threadpool_limits

from tests.benchmarks.networks import NETWORKS, batches, in_turns, netlib_step

SIZE, STEP_FLOP = 2048, 198e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=16)
    batch_size = parser.parse_args().batch
    a, b = np.random.default_rng(0).standard_normal((2, SIZE, SIZE), np.float32)
    out = np.empty_like(a)
    draw, step = batches(batch_size), netlib_step(NETWORKS["model 12"])
    with threadpool_limits(1):
        product_ms, step_ms = in_turns(
            [lambda: np.matmul(a, b, out=out), lambda: step(*draw())], seconds=10
        )
    ceiling, reached = 2 * SIZE**3 / product_ms / 1e6, batch_size * STEP_FLOP / step_ms / 1e6
    sys.stdout.write(
        f"ceiling {ceiling:.0f} GFLOP/s, model 12 at batch {batch_size} {reached:.0f} GFLOP/s: "
        f"{reached / ceiling:.0%}\n"
    )


if __name__ == "__main__":
    main()
