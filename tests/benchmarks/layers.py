"""Where does a training step spend its time? Milliseconds per layer and pass, one thread.

python -m tests.benchmarks.layers [NETWORK] [--batch 16]
"""

import argparse
import sys
import time

import numpy as np
from threadpoolctl import threadpool_limits

import netlib as nl
from tests.benchmarks.networks import NETWORKS, batches, netlib_layers

STEPS = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", nargs="?", default="model 12", choices=NETWORKS)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    network = nl.Sequential(*netlib_layers(NETWORKS[options.network]))
    rng, optimizer = np.random.default_rng(0), nl.Adam()
    network.build((28, 28, 1), rng)
    draw, layers = batches(options.batch), network._execution_order
    first = next(i for i, layer in enumerate(layers) if layer.params)
    shapes = [()] * len(layers)
    times = np.zeros((STEPS, 2 * len(layers) + 2))
    with threadpool_limits(1):
        for row in times:
            clock = _Clock(row)
            images, labels = draw()
            x = np.divide(images, 255, dtype=np.float32)
            clock.reset()
            backwards = []
            for i, layer in enumerate(layers):
                shapes[i] = x.shape[1:]
                x, backward = layer._forward(x, nl.Mode(rng, input_gradient=i != first))
                backwards.append(backward)
                clock.record(2 * i)
            _, dy = nl.softmax_cross_entropy(x, labels)
            clock.record(-2)
            for i in reversed(range(first, len(backwards))):
                dy = backwards[i](dy)
                clock.record(2 * i + 1)
            optimizer.step(network.parameters, network.gradients, 1e-3)
            clock.record(-1)
    median = np.median(times[3:], axis=0)
    share = 100 / median.sum()
    for i, layer in enumerate(layers):
        forward, backward = median[2 * i : 2 * i + 2]
        name, part = f"{type(layer).__name__} {shapes[i]}", (forward + backward) * share
        sys.stdout.write(f"{name:28} {forward:7.3f} {backward:7.3f} {part:5.1f} %\n")
    for name, value in zip(("loss", "Adam"), median[-2:], strict=True):
        sys.stdout.write(f"{name:28} {value:7.3f} {'':7} {value * share:5.1f} %\n")
    sys.stdout.write(f"{'all':28} {median.sum():7.3f}\n")


class _Clock:
    """A clock that writes the milliseconds since its last use to a row."""

    def __init__(self, row: np.ndarray) -> None:
        self._row = row
        self.reset()

    def reset(self) -> None:
        self._last = time.thread_time()

    def record(self, place: int) -> None:
        now = time.thread_time()
        self._row[place], self._last = 1000 * (now - self._last), now


if __name__ == "__main__":
    main()
