"""One table of layers: how to make each, and the shapes of one input and of one output."""

from collections.abc import Callable, Collection

import pytest

import netlib as nl

Case = tuple[Callable[[], nl.Layer], nl.Shape, nl.Shape]

CASES: list[Case] = [
    (lambda: nl.Dense(4), (7,), (4,)),
    (lambda: nl.Dense(1), (1,), (1,)),
    (lambda: nl.ReLU(), (5, 3, 2), (5, 3, 2)),
    (lambda: nl.LeakyReLU(0.2), (5, 3, 2), (5, 3, 2)),
    (lambda: nl.Tanh(), (5, 3, 2), (5, 3, 2)),
    (lambda: nl.Sigmoid(), (6,), (6,)),
    (lambda: nl.Flatten(), (5, 3, 2), (30,)),
    (lambda: nl.Dropout(0.4), (5, 3, 3), (5, 3, 3)),
    (lambda: nl.Dropout(0), (5,), (5,)),
    (lambda: nl.BatchNorm(), (5, 4, 3), (5, 4, 3)),
    (lambda: nl.BatchNorm(0.5, 0.1), (6,), (6,)),
    (lambda: nl.MaxPool2d(), (6, 4, 3), (3, 2, 3)),
    (lambda: nl.MaxPool2d(), (7, 5, 2), (3, 2, 2)),
    (lambda: nl.MaxPool2d(3, stride=1), (5, 6, 2), (3, 4, 2)),
    (lambda: nl.MaxPool2d(3, stride=2), (8, 7, 1), (3, 3, 1)),
    (lambda: nl.MaxPool2d(2, stride=3), (8, 7, 1), (3, 2, 1)),
    (lambda: nl.AveragePool2d(), (7, 4, 3), (3, 2, 3)),
    (lambda: nl.AveragePool2d(3, stride=2), (8, 7, 2), (3, 3, 2)),
    (lambda: nl.AveragePool2d(2, stride=3), (8, 7, 1), (3, 2, 1)),
    (lambda: nl.GlobalAveragePool2d(), (4, 5, 3), (3,)),
    (lambda: nl.Conv2d(3, 3), (5, 7, 2), (5, 7, 3)),
    (lambda: nl.Conv2d(2, 5), (8, 8, 1), (8, 8, 2)),
    (lambda: nl.Conv2d(1, 1), (3, 2, 4), (3, 2, 1)),
    (lambda: nl.Conv2d(4, 2), (5, 4, 3), (5, 4, 4)),
    (lambda: nl.Conv2d(3, 3, "valid"), (5, 7, 2), (3, 5, 3)),
    (lambda: nl.Conv2d(2, 5, "valid"), (5, 8, 2), (1, 4, 2)),
    (lambda: nl.Conv2d(3, 3, stride=2), (7, 6, 2), (4, 3, 3)),
    (lambda: nl.Conv2d(3, 2, stride=3), (7, 8, 2), (3, 3, 3)),
    (lambda: nl.Conv2d(2, 5, "valid", stride=3), (9, 12, 2), (2, 3, 2)),
    (lambda: nl.Conv2d(2, 1, "valid", stride=2), (4, 5, 2), (2, 3, 2)),
    (lambda: nl.Conv2d(5, 5, stride=2), (8, 16, 2), (4, 8, 5)),
    (lambda: nl.Conv2d(14, 3), (5, 7, 14), (5, 7, 14)),  # enough channels for Toom-Cook
    (lambda: nl.Conv2d(2, 4, "valid"), (5, 9, 10), (2, 6, 2)),
    (lambda: nl.Conv2d(8, 5), (4, 1, 8), (4, 1, 8)),
    (lambda: nl.Conv2d(3, 3, bias=False), (5, 7, 2), (5, 7, 3)),
    (lambda: nl.Conv2d(3, 3, bias=False), (5, 7, 14), (5, 7, 3)),
    (
        lambda: nl.Sequential(
            nl.Conv2d(4, 3), nl.Tanh(), nl.MaxPool2d(), nl.Flatten(), nl.Dropout(0.2), nl.Dense(3)
        ),
        (6, 5, 2),
        (3,),
    ),
]


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("make", "in_shape", "out_shape"), cases, ids=[f"{m()!r}-{s}" for m, s, _ in cases]
    )


every_layer = each(CASES)


def every_layer_of(table: Collection[type[nl.Layer]]) -> pytest.MarkDecorator:
    """The cases whose layers an export's table translates; others are refused by name."""
    return each([case for case in CASES if kinds(case[0]()) <= {*table}])


def kinds(layer: nl.Layer) -> set[type[nl.Layer]]:
    return set(map(type, layer.layers if isinstance(layer, nl.Sequential) else (layer,)))
