"""This file reads architectures in short, and judges a network after its last epoch."""

from collections.abc import Callable, Iterator

import netlib as nl

LETTERS: dict[str, Callable[..., nl.Layer]] = {
    "P": nl.MaxPool2d,
    "R": nl.ReLU,
    "S": nl.Sigmoid,
    "T": nl.Tanh,
    "B": nl.BatchNorm,
}
"""Layers that need nothing but their letter."""


def sequential(text: str, **makers: Callable[..., nl.Layer]) -> nl.Sequential:
    """The network of an architecture in short, such as "C8-R-P-D-C16-R-P-D-FC10".

    Args:
        text: Letters of layers, those with a number of filters or units followed by it. Before
            the first FC the images are laid flat.
        **makers: What makes the layers of other letters than P, R, S, T and B; each is called
            with the number, if there is one.
    """
    known = LETTERS | makers
    layers: list[nl.Layer] = []
    flat = False
    for word in text.split("-"):
        letters = word.rstrip("0123456789")
        if letters == "FC" and not flat:
            layers.append(nl.Flatten())
            flat = True
        number = word[len(letters) :]
        layers.append(known[letters](int(number)) if number else known[letters]())
    return nl.Sequential(*layers)


def trained(
    network: nl.Sequential,
    recipe: nl.Recipe,
    data: tuple[nl.Dataset, nl.Dataset],
    *,
    seed: int,
    state: nl.State | None,
) -> Iterator[nl.Epoch]:
    """Trains a network; the last epoch also says what it makes of the test images.

    Args:
        network: To be trained.
        recipe: How.
        data: Images to train on, and the test images.
        seed: See `nl.fit`.
        state: See `nl.fit`.

    Returns:
        The epochs; the metrics of the last one have `test_error`, a fraction, and `test_correct`,
        of the weights that the training ends with.
    """
    images, test = data
    for epoch in nl.fit(network, recipe, images, seed=seed, state=state):
        metrics = dict(epoch.metrics)
        if epoch.state["finished"] or epoch.number == recipe.epochs:
            judged = nl.evaluate(network, test, recipe.loss)
            metrics["test_error"] = judged["error"]
            metrics["test_correct"] = len(test) - judged["wrong"]
        yield nl.Epoch(epoch.number, metrics, epoch.state)
