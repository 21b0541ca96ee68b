"""Seeds: the same on every machine, and another one for every purpose and trial."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.study.seeds import derive_seed

NUMBERS = st.integers(0, 2**64)


# Written down once: recorded runs can be replayed only as long as these stay what they are.
@pytest.mark.parametrize(
    ("study_seed", "purpose", "number", "seed"),
    [
        (0, "sampler", 0, 1807118605),
        (0, "sampler", 1, 3817868838),
        (7, "cnn", 0, 2003247514),
        (7, "größe", 12, 2149085611),
    ],
)
def test_a_seed_never_changes(study_seed, purpose, number, seed):
    assert derive_seed(study_seed, purpose, number) == seed


@given(NUMBERS, st.text(), NUMBERS)
def test_a_seed_is_a_whole_number_of_32_bits(study_seed, purpose, number):
    assert 0 <= derive_seed(study_seed, purpose, number) < 2**32


def test_seeds_are_one_for_each_study_purpose_and_trial():
    seeds = {
        derive_seed(study_seed, purpose, number)
        for study_seed in range(10)
        for purpose in ("sampler", "cnn", "cnn-final")
        for number in range(100)
    }
    assert len(seeds) == 10 * 3 * 100


def test_the_bits_of_neighbouring_seeds_have_nothing_in_common():
    seeds = np.array([derive_seed(0, "cnn", number) for number in range(2000)], np.uint32)
    flipped = np.unpackbits((seeds[1:] ^ seeds[:-1]).view(np.uint8))
    assert flipped.mean() == pytest.approx(0.5, abs=0.01)
