"""Networks from short descriptions, and trainings that evaluate their last epoch."""

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
    """Return the network of a short description, such as "C8-R-P-D-C16-R-P-D-FC10".

    Args:
        text: Letters of layers, followed by the number of filters or units if there is one.
            Flatten is inserted before the first FC.
        **makers: Functions that make the layers of letters other than P, R, S, T and B; each is
            called with the number, if there is one.
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
    """Train a network, and evaluate it on the test images after the last epoch.

    Args:
        network: Network to train.
        recipe: How to train it.
        data: Training images and test images.
        seed: See `nl.fit`.
        state: See `nl.fit`.

    Returns:
        The epochs; the metrics of the last one include `test_error`, a fraction, and
        `test_correct`, both for the weights that the training ends with.
    """
    images, test = data
    for epoch in nl.fit(network, recipe, images, seed=seed, state=state):
        metrics = dict(epoch.metrics)
        if epoch.state["finished"] or epoch.number == recipe.epochs:
            judged = nl.evaluate(network, test, recipe.loss)
            metrics["test_error"] = judged["error"]
            metrics["test_correct"] = len(test) - judged["wrong"]
        yield nl.Epoch(epoch.number, metrics, epoch.state)
