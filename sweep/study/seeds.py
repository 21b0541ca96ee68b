"""How every seed of a sweep is derived from the one that its study declares.

There is one for each trial (`driver.ledger`), for each question to the sampler (`samplers.sampler`)
and for each repeat of a training (`workers.session`).
"""

import hashlib


def derive_seed(study_seed: int, purpose: str, number: int) -> int:
    """Return a separate seed for each purpose and trial, the same on every machine.

    It is the first 32 bits of SHA-256 over the three arguments, so that the random numbers of
    neighbouring trials are unrelated.

    Args:
        study_seed: The seed that the study declares.
        purpose: What the random numbers are for, such as "sampler" or the name of a study.
        number: Number of the trial, repeat or other item that the seed is for.

    Returns:
        An integer in 0..2**32 - 1, which NumPy, Optuna and JSON all accept.
    """
    digest = hashlib.sha256(f"{study_seed}/{purpose}/{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
