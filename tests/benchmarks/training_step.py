"""How long does a training step take, and how long in PyTorch? One thread, alternating steps.

python -m tests.benchmarks.training_step      (from the root of the repository; a minute)

Prints the median milliseconds of a step: forward, loss, backward, Adam. PyTorch runs in its
faster layout, channels_last, with its fused Adam.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

import netlib as nl

Step = Callable[[np.ndarray, np.ndarray], None]

NETWORKS = {  # C: 5x5 convolution and ReLU, P: pooling by 2, D: dropout of 0.2, F: dense and ReLU
    "C16-P-C32-P": (16, 64, 128),
    "C16-D-C32-P-D-C48-D-C64-P-D": (16, 64),
    "F128-D-F50-D": (16, 64),
}


def netlib_step(description: str) -> Step:
    layers: list[nl.Layer] = []
    dense = False
    for symbol in description.split("-"):
        kind, size = symbol[0], int(symbol[1:] or 0)
        if kind == "F" and not dense:
            layers.append(nl.Flatten())
            dense = True
        layers += {
            "C": lambda n=size: [nl.Conv2d(n, 5), nl.ReLU()],
            "F": lambda n=size: [nl.Dense(n), nl.ReLU()],
            "P": lambda: [nl.MaxPool2d()],
            "D": lambda: [nl.Dropout(0.2)],
        }[kind]()
    network = nl.Sequential(*layers, *([] if dense else [nl.Flatten()]), nl.Dense(10))
    rng, optimizer = np.random.default_rng(0), nl.Adam()
    network.build((28, 28, 1), rng)
    network.input_gradient = False

    def step(images: np.ndarray, labels: np.ndarray) -> None:
        x = np.divide(images, 255, dtype=np.float32)
        logits, backward = network.forward(x, train=True, rng=rng)
        _, dlogits = nl.softmax_cross_entropy(logits, labels)
        backward(dlogits)
        optimizer.step(network.parameters, network.gradients, 1e-3)

    return step


def torch_step(description: str) -> Step:
    layers: list[nn.Module] = [nn.Flatten()] if description.startswith("F") else []
    for symbol in description.split("-"):
        kind, size = symbol[0], int(symbol[1:] or 0)
        layers += {
            "C": lambda n=size: [nn.LazyConv2d(n, 5, padding=2), nn.ReLU()],
            "F": lambda n=size: [nn.LazyLinear(n), nn.ReLU()],
            "P": lambda: [nn.MaxPool2d(2)],
            "D": lambda: [nn.Dropout(0.2)],
        }[kind]()
    network = nn.Sequential(*layers, nn.Flatten(), nn.LazyLinear(10))
    network(torch.zeros(1, 1, 28, 28))
    network = network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)

    def step(images: np.ndarray, labels: np.ndarray) -> None:
        x = torch.from_numpy(images.transpose(0, 3, 1, 2)).float().div_(255)
        x = x.contiguous(memory_format=torch.channels_last)
        target = torch.from_numpy(labels.astype(np.int64))
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(network(x), target).backward()
        optimizer.step()

    return step


def measure(steps: list[Step], batch_size: int, seconds: float = 6.0) -> list[float]:
    """Return the median milliseconds of each step, taken in turns after a warm-up."""
    data, rng = nl.mnist("train").take(2000), np.random.default_rng(0)
    times: list[list[float]] = [[] for _ in steps]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        batch = rng.integers(0, len(data), batch_size)
        for step, taken in zip(steps, times, strict=True):
            start = time.perf_counter()
            step(data.images[batch], data.labels[batch])
            taken.append(time.perf_counter() - start)
    return [1000 * float(np.median(taken[3:])) for taken in times]


def main() -> None:
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for description, batch_sizes in NETWORKS.items():
            for batch_size in batch_sizes:
                steps = [netlib_step(description), torch_step(description)]
                ours, theirs = measure(steps, batch_size)
                sys.stdout.write(
                    f"{description:28} batch {batch_size:3}: netlib {ours:6.2f} ms, "
                    f"PyTorch {theirs:6.2f} ms, ratio {ours / theirs:.2f}\n"
                )


if __name__ == "__main__":
    main()
