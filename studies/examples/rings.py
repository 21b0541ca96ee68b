"""Trains a small network to tell two noisy rings apart: a script as it was before any sweep.

python rings.py --lr 0.05 --hidden 16 --epochs 20 --checkpoint rings.npz

It knows nothing of sweeps. If it finds its checkpoint, it continues there.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def rings(n: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return points (n, 2) on two rings, and the ring (n,) of each: 0 or 1."""
    ring = rng.integers(0, 2, n)
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = 1 + ring + rng.normal(0, 0.3, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), ring


def main() -> None:
    """Train, and print the loss and the accuracy on new points after each epoch."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.1, help="learning rate")
    parser.add_argument("--hidden", type=int, default=8, help="number of hidden units")
    parser.add_argument("--activation", choices=["tanh", "relu"], default="tanh")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoint", type=Path, help="file to save to and to continue from")
    options = parser.parse_args()

    rng = np.random.default_rng(options.seed)
    (points, ring), (new_points, new_ring) = rings(2000, rng), rings(1000, rng)
    weights: dict[str, Any] = {
        "w1": rng.normal(0, 0.7, (2, options.hidden)),
        "b1": np.zeros(options.hidden),
        "w2": rng.normal(0, 0.7, options.hidden),
        "b2": np.zeros(()),
    }
    done = 0
    if options.checkpoint and options.checkpoint.exists():
        saved = dict(np.load(options.checkpoint))
        done = int(saved.pop("epoch"))
        weights = saved

    for epoch in range(done + 1, options.epochs + 1):
        for batch in np.random.default_rng(options.seed + epoch).permutation(2000).reshape(-1, 20):
            step(weights, points[batch], ring[batch], options)
        chance = predict(weights, new_points, options.activation)[1]
        loss = -np.log(np.where(new_ring, chance, 1 - chance) + 1e-12).mean()
        accuracy = ((chance > 0.5) == new_ring).mean()
        print(f"Epoch {epoch}/{options.epochs}: loss: {loss:.6f}, accuracy: {accuracy:.1%}")
        if options.checkpoint:
            np.savez(options.checkpoint, epoch=epoch, **weights)


def predict(weights: dict[str, Any], points: Array, activation: str) -> tuple[Array, Array]:
    """Return the hidden units (n, h) and the chance (n,) of the outer ring."""
    hidden = points @ weights["w1"] + weights["b1"]
    hidden = np.tanh(hidden) if activation == "tanh" else np.maximum(hidden, 0)
    return hidden, 1 / (1 + np.exp(-(hidden @ weights["w2"] + weights["b2"])))


def step(weights: dict[str, Any], points: Array, ring: Array, options: argparse.Namespace) -> None:
    """Take one step of gradient descent."""
    hidden, chance = predict(weights, points, options.activation)
    error = (chance - ring) / len(ring)
    slope = 1 - hidden**2 if options.activation == "tanh" else hidden > 0
    back = np.outer(error, weights["w2"]) * slope
    weights["w2"] -= options.lr * hidden.T @ error
    weights["b2"] -= options.lr * error.sum()
    weights["w1"] -= options.lr * points.T @ back
    weights["b1"] -= options.lr * back.sum(axis=0)


if __name__ == "__main__":
    main()
