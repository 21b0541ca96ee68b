"""The measured networks, in netlib and in PyTorch, and how times are measured."""

import os
import time
from collections.abc import Callable

import numpy as np

import netlib as nl

Step = Callable[[np.ndarray, np.ndarray], object]

NETWORKS = {  # C5, C3: convolution and ReLU; B3: with batch normalisation; F: dense and ReLU
    "model 6": "F128-D-F50-D",
    "model 9": "C5x8-P-D-C5x16-P-D",
    "model 10": "C5x16-P-D-C5x32-D-C5x48-P-D",
    "model 12": "C5x16-D-C5x32-P-D-C5x48-D-C5x64-P-D",
    "batchnorm": "B3x32-B3x32-P-B3x64-B3x64-P-B3x128",
}
BATCH_SIZES = (16, 64, 128)


def netlib_layers(description: str) -> list[nl.Layer]:
    layers: list[nl.Layer] = []
    flat = False
    for symbol in description.split("-"):
        if symbol[0] in "CB":
            kernel, filters = map(int, symbol[1:].split("x"))
            norm = [nl.BatchNorm()] if symbol[0] == "B" else []
            layers += [nl.Conv2d(filters, kernel, bias=not norm), *norm, nl.ReLU()]
        elif symbol[0] == "F":
            layers += [] if flat else [nl.Flatten()]
            layers += [nl.Dense(int(symbol[1:])), nl.ReLU()]
            flat = True
        else:
            layers.append(nl.MaxPool2d() if symbol == "P" else nl.Dropout(0.2))
    return [*layers, *([] if flat else [nl.Flatten()]), nl.Dense(10)]


def netlib_step(description: str) -> Step:
    network = nl.Sequential(*netlib_layers(description))
    rng, optimizer = np.random.default_rng(0), nl.Adam()
    network.build((28, 28, 1), rng)

    def step(images: np.ndarray, labels: np.ndarray) -> None:
        x = np.divide(images, 255, dtype=np.float32)
        logits, backward = network.forward(x, train=True, rng=rng, input_gradient=False)
        _, dlogits = nl.softmax_cross_entropy(logits, labels)
        backward(dlogits)
        optimizer.step(network.parameters, network.gradients, 1e-3)

    return step


def torch_step(description: str, *, channels_last: bool) -> Step:
    import torch
    from torch import nn

    modules: list[nn.Module] = [nn.Flatten()] if description.startswith("F") else []
    for symbol in description.split("-"):
        if symbol[0] in "CB":
            kernel, filters = map(int, symbol[1:].split("x"))
            norm = [nn.LazyBatchNorm2d()] if symbol[0] == "B" else []
            conv = nn.LazyConv2d(filters, kernel, padding=kernel // 2, bias=not norm)
            modules += [conv, *norm, nn.ReLU()]
        elif symbol[0] == "F":
            modules += [nn.LazyLinear(int(symbol[1:])), nn.ReLU()]
        else:
            modules.append(nn.MaxPool2d(2) if symbol == "P" else nn.Dropout(0.2))
    network = nn.Sequential(*modules, nn.Flatten(), nn.LazyLinear(10))
    network(torch.zeros(2, 1, 28, 28))
    layout = torch.channels_last if channels_last else torch.contiguous_format
    network = network.to(memory_format=layout)
    optimizer = torch.optim.Adam(network.parameters(), 1e-3, fused=True)

    def step(images: np.ndarray, labels: np.ndarray) -> None:
        x = torch.from_numpy(images.transpose(0, 3, 1, 2)).float().div_(255)
        target = torch.from_numpy(labels.astype(np.int64))
        optimizer.zero_grad(set_to_none=True)
        logits = network(x.contiguous(memory_format=layout))
        nn.functional.cross_entropy(logits, target).backward()
        optimizer.step()

    return step


def batches(batch_size: int) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return a function that draws batches of 2,000 training images."""
    data, rng = nl.mnist("train").take(2000), np.random.default_rng(0)

    def draw() -> tuple[np.ndarray, np.ndarray]:
        chosen = rng.integers(0, len(data), batch_size)
        return data.images[chosen], data.labels[chosen]

    return draw


def in_turns(actions: list[Callable[[], object]], seconds: float) -> list[float]:
    """Return the median milliseconds of each action; they take turns, after a warm-up.

    A turn is a tenth of a second of steps. Its first step does not count, because the caches hold
    the data of the others. Times are processor time, not wall-clock time, so other users of the
    machine matter less.
    """
    times: list[list[float]] = [[] for _ in actions]
    for action in actions:
        action()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for action, taken in zip(actions, times, strict=True):
            action()
            turn = time.perf_counter() + 0.1
            while time.perf_counter() < turn:
                start = time.thread_time()
                action()
                taken.append(time.thread_time() - start)
    return [1000 * float(np.median(taken)) for taken in times]


def processor() -> str:
    """Return the name of this machine's processor."""
    with open("/proc/cpuinfo") as info:  # noqa: PTH123
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return f"{names[0]}, {os.cpu_count()} cores"
