"""Do two trainings at the same time run as fast as one alone? Processes with one thread each.

python -m tests.benchmarks.scaling [--processes 2] [--seconds 6]

Alternates between one process and several, and compares the total number of steps. Needs as many
idle cores as processes.
"""

import argparse
import multiprocessing
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

from tests.benchmarks.networks import NETWORKS, batches, netlib_step

ROUNDS = 5


def work(
    seconds: float, begin: "multiprocessing.Barrier", results: "multiprocessing.Queue"
) -> None:
    """Train model 12 at batch size 16 for some seconds; report steps per second."""
    with threadpool_limits(1):
        draw, step = batches(16), netlib_step(NETWORKS["model 12"])
        for _ in range(3):
            step(*draw())
        begin.wait()
        n_steps, start = 0, time.perf_counter()
        while time.perf_counter() < start + seconds:
            step(*draw())
            n_steps += 1
        results.put(n_steps / (time.perf_counter() - start))


def throughput(n_processes: int, seconds: float) -> float:
    """Return the total steps per second of a number of processes."""
    context = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(n_processes), context.Queue()
    workers = [
        context.Process(target=work, args=(seconds, begin, results)) for _ in range(n_processes)
    ]
    for worker in workers:
        worker.start()
    total = sum(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=6.0)
    options = parser.parse_args()
    rounds = [
        [throughput(n, options.seconds) for n in (1, options.processes)] for _ in range(ROUNDS)
    ]
    one, several = np.median(rounds, axis=0)
    sys.stdout.write(
        f"one process {one:.1f} steps/s, {options.processes} processes {several:.1f} steps/s: "
        f"{several / one:.2f} times\n"
    )


if __name__ == "__main__":
    main()
