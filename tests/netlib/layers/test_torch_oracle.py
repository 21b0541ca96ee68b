"""PyTorch as an oracle: layers, losses and optimizers agree with it in float32."""

from functools import partial

import numpy as np
import pytest

import netlib as nl

torch = pytest.importorskip("torch", reason="PyTorch is the oracle: pip install -e '.[bench]'")
functional = torch.nn.functional


def nchw(x: np.ndarray):
    return torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)


def nhwc(x) -> np.ndarray:
    return x.detach().numpy().transpose(0, 2, 3, 1)


def close(actual, expected, tolerance=1e-5) -> None:
    expected = expected.detach().numpy() if isinstance(expected, torch.Tensor) else expected
    atol = tolerance * np.abs(expected).max()
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=atol)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(
    ("kernel", "padding", "stride", "size", "channels", "filters"),
    [
        (5, "same", 1, (28, 28), 1, 16),
        (5, "same", 1, (14, 14), 8, 24),
        (5, "same", 1, (28, 28), 16, 32),
        (5, "same", 1, (14, 14), 48, 64),
        (5, "same", 1, (7, 9), 3, 5),
        (4, "valid", 1, (10, 9), 16, 10),
        (3, "same", 1, (13, 11), 16, 20),
        (3, "same", 1, (9, 6), 4, 7),
        (2, "same", 1, (6, 5), 2, 3),
        (1, "same", 1, (5, 5), 3, 2),
        (3, "valid", 1, (7, 8), 2, 5),
        (5, "valid", 2, (12, 11), 2, 4),
        (3, "valid", 3, (10, 13), 3, 2),
        (2, "valid", 3, (10, 9), 3, 2),
    ],
)
@pytest.mark.parametrize(("exact", "tolerance"), [(True, 1e-5), (False, 3e-5)])
def test_conv2d(kernel, padding, stride, size, channels, filters, exact, tolerance, draw, rng):
    layer = nl.Conv2d(filters, kernel, padding, stride, exact, bias_init=nl.uniform(0.5))
    layer.build((*size, channels), rng)
    x, dy = draw(3, *size, channels), draw(3, *layer.out_shape)
    weight = torch.tensor(layer.params["weight"].transpose(3, 2, 0, 1).copy(), requires_grad=True)
    bias = torch.tensor(layer.params["bias"], requires_grad=True)
    input_ = nchw(x)
    output = functional.conv2d(input_, weight, bias, stride, padding)
    output.backward(nchw(dy))
    y, backward = layer.forward(x, train=False)
    close(y, nhwc(output), tolerance)  # Toom-Cook rounds more than a plain sum
    close(backward(dy), nhwc(input_.grad), tolerance)
    close(layer.grads["weight"], weight.grad.numpy().transpose(2, 3, 1, 0), tolerance)
    close(layer.grads["bias"], bias.grad)


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (2, 1), (3, 2), (3, 3), (2, 3)])
@pytest.mark.parametrize("image", [(8, 8), (7, 9)])
@pytest.mark.parametrize("levels", [None, 3], ids=["distinct", "ties"])
def test_maxpool2d(size, stride, image, levels, draw, rng):
    layer = nl.MaxPool2d(size, stride)
    layer.build((*image, 3), rng)
    x, dy = draw(2, *image, 3), draw(2, *layer.out_shape)
    if levels:
        x = rng.integers(0, levels, x.shape).astype(np.float32)
    input_ = nchw(x)
    output = functional.max_pool2d(input_, size, stride)
    output.backward(nchw(dy))
    y, backward = layer.forward(x, train=False)
    close(y, nhwc(output))
    close(backward(dy), nhwc(input_.grad))


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (2, 1), (3, 2), (2, 3)])
def test_averagepool2d(size, stride, draw, rng):
    layer = nl.AveragePool2d(size, stride)
    layer.build((8, 9, 3), rng)
    agrees(layer, lambda x: functional.avg_pool2d(x, size, stride), draw, (8, 9, 3))


def test_globalaveragepool2d(draw, rng):
    layer = nl.Sequential(nl.GlobalAveragePool2d(), nl.Dense(4))
    layer.build((7, 5, 6), rng)
    weight = torch.tensor(layer.params["1.weight"])
    agrees(layer, lambda x: x.mean((2, 3)) @ weight, draw, (7, 5, 6))


def agrees(layer, function, draw, in_shape) -> None:
    """Compare y and dx of images."""
    x, dy = draw(3, *in_shape), draw(3, *layer.out_shape)
    input_ = nchw(x)
    output = function(input_)
    images = output.ndim == 4
    output.backward(nchw(dy) if images else torch.tensor(dy))
    y, backward = layer.forward(x, train=False)
    close(y, nhwc(output) if images else output)
    close(backward(dy), nhwc(input_.grad))


@pytest.mark.parametrize("in_shape", [(9, 8, 5), (7,)], ids=["images", "vectors"])
@pytest.mark.parametrize("train", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("momentum", [0.9, 0.99])
def test_batchnorm(in_shape, train, momentum, draw, rng):
    layer, channels = nl.BatchNorm(momentum, 1e-3), in_shape[-1]
    layer.build(in_shape, rng)
    other = (torch.nn.BatchNorm2d if len(in_shape) == 3 else torch.nn.BatchNorm1d)(
        channels, eps=1e-3, momentum=1 - momentum
    )
    for name, param in layer.params.items():
        param[...] = draw(channels)
        getattr(other, name).data = torch.tensor(param)
    for step in range(4):
        x, dy = 3 * draw(6, *in_shape) + 2, draw(6, *in_shape)
        training = train or step < 3  # evaluation after three batches
        other.train(training)
        input_ = nchw(x) if len(in_shape) == 3 else torch.tensor(x, requires_grad=True)
        output = other(input_)
        other.zero_grad()
        output.backward(nchw(dy) if len(in_shape) == 3 else torch.tensor(dy))
        y, backward = layer.forward(x, train=training, rng=rng)
        close(y, nhwc(output) if len(in_shape) == 3 else output)
        close(backward(dy), nhwc(input_.grad) if len(in_shape) == 3 else input_.grad)
        close(layer.grads["weight"], other.weight.grad)
        close(layer.grads["bias"], other.bias.grad)
        close(layer.buffers["running_mean"], other.running_mean)
        close(layer.buffers["running_variance"], other.running_var)


@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (nl.ReLU(), torch.relu),
        (nl.LeakyReLU(0.1), lambda x: functional.leaky_relu(x, 0.1)),
        (nl.Tanh(), torch.tanh),
        (nl.Sigmoid(), torch.sigmoid),
    ],
)
def test_activations(layer, function, draw, rng):
    layer.build((5, 3), rng)
    x, dy = draw(4, 5, 3), draw(4, 5, 3)
    input_ = torch.tensor(x, requires_grad=True)
    output = function(input_)
    output.backward(torch.tensor(dy))
    y, backward = layer.forward(x, train=False)
    close(y, output)
    close(backward(dy), input_.grad)


@pytest.mark.parametrize(
    ("n", "inputs", "units"),
    [(5, 13, 7), (1, 13, 7), (16, 784, 128), (40, 784, 128), (40, 784, 25)],  # whole, in pieces
)
def test_dense(n, inputs, units, draw, rng):
    layer = nl.Dense(units, bias_init=nl.uniform(0.5))
    layer.build((inputs,), rng)
    x, dy = draw(n, inputs), draw(n, units)
    tensors = [torch.tensor(a, requires_grad=True) for a in (x, *layer.params.values())]
    output = torch.addmm(tensors[2], *tensors[:2])
    output.backward(torch.tensor(dy))
    y, backward = layer.forward(x, train=False)
    close(y, output)
    close(backward(dy), tensors[0].grad)
    close(layer.grads["weight"], tensors[1].grad)
    close(layer.grads["bias"], tensors[2].grad)


def cross_entropy(outputs, labels):
    return functional.cross_entropy(outputs, labels)


def smoothed(outputs, labels):
    return functional.cross_entropy(outputs, labels, label_smoothing=0.1)


def squared_error(outputs, labels):
    return functional.mse_loss(outputs, functional.one_hot(labels, 10).float())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nl.softmax_cross_entropy, cross_entropy),
        (partial(nl.softmax_cross_entropy, smoothing=0.1), smoothed),
        (nl.mean_squared_error, squared_error),
    ],
)
def test_losses(ours, theirs, draw, rng):
    outputs, labels = draw(9, 10), rng.integers(0, 10, 9)
    input_ = torch.tensor(outputs, requires_grad=True)
    expected = theirs(input_, torch.tensor(labels))
    expected.backward()
    loss, gradient = ours(outputs, labels)
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    close(gradient, input_.grad)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (nl.SGD(), lambda p: torch.optim.SGD(p, lr=0.1)),
        (nl.SGD(momentum=0.9), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        (
            nl.SGD(momentum=0.9, nesterov=True),
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        (nl.SGD(weight_decay=0.2), lambda p: torch.optim.SGD(p, lr=0.1, weight_decay=0.2)),
        (nl.Adam(), lambda p: torch.optim.Adam(p, lr=0.1)),
        (nl.Adam(weight_decay=0.2), lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.2)),
        (
            nl.Adam(beta1=0.8, beta2=0.9, epsilon=1e-4),
            lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-4),
        ),
    ],
    ids=["sgd", "momentum", "nesterov", "sgd decay", "adam", "adamw", "adam with settings"],
)
def test_optimizers(ours, theirs, draw):
    parameters = draw(1000).copy()
    tensor = torch.tensor(parameters, requires_grad=True)
    other = theirs([tensor])
    for _ in range(10):
        gradients = draw(1000)
        tensor.grad = torch.tensor(gradients)
        other.step()
        ours.step(parameters, gradients, 0.1)
    close(parameters, tensor)


@pytest.mark.parametrize("clip_norm", [5.0, 31.0, 100.0])  # a gradient's norm is about 31.6
def test_clipping(clip_norm, draw):
    parameters, ours = draw(1000).copy(), nl.SGD(momentum=0.9, clip_norm=clip_norm)
    tensor = torch.tensor(parameters, requires_grad=True)
    other = torch.optim.SGD([tensor], lr=0.1, momentum=0.9)
    for _ in range(10):
        gradients = draw(1000)
        tensor.grad = torch.tensor(gradients)
        torch.nn.utils.clip_grad_norm_([tensor], clip_norm)
        other.step()
        ours.step(parameters, gradients, 0.1)
    close(parameters, tensor)
