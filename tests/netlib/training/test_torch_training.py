"""PyTorch as an oracle for whole trainings: the reference networks learn along the same curve.

Both train from the same weights, on the same batches, with the same dropout masks, which this
file records in `fit` and plays back to PyTorch. In float64 rounding is 1e-16 per operation and
grows with every step of Adam, which divides small gradients by their own size: after three epochs
losses differ by less than 1e-12. The tolerance of 1e-8 is far above that and far below any
difference in the arithmetic. In float32, which trains in practice, the same growth starts at
1e-7, and at 1e-5 where Toom-Cook convolves: 3e-4 in the end, on a processor that need not be the
next one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

import netlib as nl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install -e '.[bench]'")

EPOCHS = 3
TOLERANCES = {np.float32: 5e-3, np.float64: 1e-8}


@dataclass(eq=False)
class RecordedDropout(nl.Dropout):
    """Dropout that keeps its masks."""

    masks: list[np.ndarray] = field(init=False, repr=False, default_factory=list)

    def _forward(self, x, mode, /):
        y, backward = super()._forward(x, mode)
        if mode.rng is not None:
            self.masks.append(backward(np.ones_like(x)).copy())
        return y, backward


class ReplayedDropout(torch.nn.Module):
    """Multiplies by the masks in turn."""

    def __init__(self, masks: list[np.ndarray]) -> None:
        super().__init__()
        self.masks: Iterator[np.ndarray] = iter(masks)

    def forward(self, x):
        if not self.training:
            return x
        mask = torch.tensor(next(self.masks))
        return x * (mask.permute(0, 3, 1, 2) if mask.ndim == 4 else mask)


class FlattenNhwc(torch.nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def block(filters: int, *after: nl.Layer, share: float = 0.2) -> list[nl.Layer]:
    """Return a block of the reference networks: convolution, ReLU, perhaps pooling, dropout.

    Biases do not start at 0, for then the empty background lies on the kink of ReLU, where
    rounding, and Toom-Cook's differs from a plain sum's, decides whether a gradient passes.
    """
    convolution = nl.Conv2d(filters, 5, bias_init=nl.uniform(0.05))
    return [convolution, nl.ReLU(), *after, RecordedDropout(share)]


def output() -> list[nl.Layer]:
    return [nl.Flatten(), nl.Dense(10, nl.uniform(0.5), nl.uniform(0.5))]


def model_6() -> nl.Sequential:
    hidden = [
        layer
        for units in (128, 50)
        for layer in (
            nl.Dense(units, nl.uniform(0.5), nl.uniform(0.5)),
            nl.ReLU(),
            RecordedDropout(0.2),
        )
    ]
    return nl.Sequential(nl.Flatten(), *hidden, *output()[1:])


def model_9() -> nl.Sequential:
    return nl.Sequential(*block(8, nl.MaxPool2d()), *block(16, nl.MaxPool2d()), *output())


def model_10() -> nl.Sequential:
    return nl.Sequential(
        *block(16, nl.MaxPool2d()), *block(32), *block(48, nl.MaxPool2d()), *output()
    )


def model_12() -> nl.Sequential:
    return nl.Sequential(
        *block(16), *block(32, nl.MaxPool2d()), *block(48), *block(64, nl.MaxPool2d()), *output()
    )


def batchnorm_network() -> nl.Sequential:
    """Return 32-32-P-64-64-P-128 of 3x3 convolutions, each with batch normalisation."""

    def stage(filters: int, *after: nl.Layer) -> list[nl.Layer]:
        return [nl.Conv2d(filters, 3, bias=False), nl.BatchNorm(), nl.ReLU(), *after]

    return nl.Sequential(
        *stage(32),
        *stage(32, nl.MaxPool2d(), RecordedDropout(0.3)),
        *stage(64),
        *stage(64, nl.MaxPool2d(), RecordedDropout(0.3)),
        *stage(128),
        nl.GlobalAveragePool2d(),
        nl.Dense(10),
    )


def twin(layer: nl.Layer) -> torch.nn.Module:
    """Make PyTorch's module of a built layer, with the same weights."""
    match layer:
        case nl.Conv2d():
            module = torch.nn.Conv2d(
                layer.in_shape[2], layer.filters, layer.kernel, padding="same", bias=layer.bias
            )
            weight = layer.params["weight"].transpose(3, 2, 0, 1)
        case nl.Dense():
            module = torch.nn.Linear(layer.in_shape[0], layer.units)
            weight = layer.params["weight"].T
        case nl.BatchNorm():
            module = torch.nn.BatchNorm2d(
                layer.in_shape[-1], layer.epsilon, momentum=1 - layer.momentum
            )
            weight = layer.params["weight"]
        case RecordedDropout():
            return ReplayedDropout(layer.masks)
        case nl.GlobalAveragePool2d():
            return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
        case _:
            simple = {nl.ReLU: torch.nn.ReLU, nl.Flatten: FlattenNhwc}
            return (
                torch.nn.MaxPool2d(2) if isinstance(layer, nl.MaxPool2d) else simple[type(layer)]()
            )
    module.weight.data = torch.tensor(weight.copy())
    if "bias" in layer.params:
        module.bias.data = torch.tensor(layer.params["bias"].copy())
    return module.to(torch.tensor(weight[:0].copy()).dtype)


def torch_curve(network, batches, validation, schedule) -> list[tuple[float, float]]:
    """Train PyTorch's twin on recorded batches; return training and validation losses."""
    optimizer = torch.optim.Adam(network.parameters())
    cross_entropy = torch.nn.functional.cross_entropy
    curve, per_epoch = [], len(batches) // EPOCHS
    for epoch in range(EPOCHS):
        total, seen = 0.0, 0
        n = sum(len(labels) for _, labels in batches[:per_epoch])
        for x, labels in batches[epoch * per_epoch : (epoch + 1) * per_epoch]:
            optimizer.param_groups[0]["lr"] = schedule(epoch + seen / n)
            optimizer.zero_grad()
            loss = cross_entropy(network.train()(nchw(x)), torch.tensor(labels))
            loss.backward()
            optimizer.step()
            total, seen = total + loss.item() * len(labels), seen + len(labels)
        with torch.no_grad():
            dtype = batches[0][0].dtype
            outputs = network.eval()(nchw((validation.images / 255).astype(dtype)))
        judged = cross_entropy(outputs, torch.tensor(validation.labels))
        curve.append((total / n, judged.item()))
    return curve


def nchw(x: np.ndarray):
    return torch.tensor(x).permute(0, 3, 1, 2).contiguous()


@pytest.fixture(autouse=True)
def _one_torch_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


REFERENCE = nl.warmup_halving(5e-3, warmup=5, every=5)

Case = tuple[Callable[[], nl.Sequential], type, int, int, nl.Schedule]

CASES: dict[str, Case] = {
    "model 6": (model_6, np.float64, 640, 16, nl.constant(5e-4)),
    "model 6 in float32": (model_6, np.float32, 640, 16, nl.constant(5e-4)),
    "model 9": (model_9, np.float64, 330, 32, REFERENCE),
    "model 9 in float32": (model_9, np.float32, 330, 32, REFERENCE),
    "model 10": (model_10, np.float64, 200, 32, REFERENCE),
    "model 12": (model_12, np.float64, 100, 32, REFERENCE),
    "batchnorm": (batchnorm_network, np.float64, 100, 32, nl.cosine(2e-3, EPOCHS, warmup=1)),
}


@pytest.mark.parametrize(
    ("make", "dtype", "n", "batch_size", "schedule"), CASES.values(), ids=CASES.keys()
)
def test_a_training_follows_pytorch(make, dtype, n, batch_size, schedule, digits):
    train, validation = digits.take(n + 50).split(50, seed=0)
    network = make()
    network.build((28, 28, 1), np.random.default_rng(0), dtype)
    other = torch.nn.Sequential(*map(twin, network.layers))
    images: list[np.ndarray] = []
    labels: list[np.ndarray] = []

    def keep(x, _rng):
        images.append(x)
        return x

    def loss(outputs, targets):
        if len(labels) < len(images):  # not in validation
            labels.append(targets)
        return nl.softmax_cross_entropy(outputs, targets)

    recipe = nl.Recipe(nl.Adam(), schedule, EPOCHS, batch_size, loss=loss, augment=keep)
    history = list(nl.fit(network, recipe, train, validation, seed=0))
    ours = [(e.metrics["train_loss"], e.metrics["validation_loss"]) for e in history]
    theirs = torch_curve(other, list(zip(images, labels, strict=True)), validation, schedule)
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCES[dtype])
    assert ours[-1][0] < ours[0][0]
