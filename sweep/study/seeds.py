"""This file derives every seed of a sweep from the one that its study declares."""

import hashlib


def derive_seed(study_seed: int, purpose: str, number: int) -> int:
    """A seed of its own for each purpose and trial, the same on every machine.

    The first 32 bits of SHA-256 over the three, so that neighbouring trials share nothing.

    Args:
        study_seed: The study's one seed.
        purpose: What the random numbers are for, as "sampler" or a study's name.
        number: The trial's number, or of what else there is one of each.

    Returns:
        A whole number in 0..2**32 - 1, which NumPy, Optuna and JSON all take.
    """
    digest = hashlib.sha256(f"{study_seed}/{purpose}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
