"""How much memory does a training take in addition to its data set? Peak of the process.

python -m tests.benchmarks.memory [NETWORK] [--batch 128]
"""

import argparse
import resource
import sys

import netlib as nl
from tests.benchmarks.networks import NETWORKS, netlib_layers


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", nargs="?", default="model 12", choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=128)
    options = parser.parse_args()
    data = nl.mnist("train")
    train, validation = data.take(6000).split(1000, seed=0)
    before = peak_mb()
    network = nl.Sequential(*netlib_layers(NETWORKS[options.network]))
    recipe = nl.Recipe(nl.Adam(), nl.constant(1e-3), epochs=2, batch_size=options.batch)
    for _ in nl.fit(network, recipe, train, validation, seed=0):
        pass
    sys.stdout.write(
        f"{options.network} at batch {options.batch}: {peak_mb() - before:.0f} MB over the "
        f"{before:.0f} MB of the process with its data set\n"
    )


if __name__ == "__main__":
    main()
