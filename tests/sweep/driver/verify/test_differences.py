"""Differences in the last bits are told from others."""

import math
from typing import Any

import pytest

from sweep.driver.verify.differences import difference, verdict


@pytest.mark.parametrize(
    ("one", "other", "largest"),
    [
        ({"loss": 0.5, "k": 3}, {"k": 3, "loss": 0.5}, 0.0),
        ({}, {}, 0.0),
        ({"loss": 4.0, "error": 1.0}, {"loss": 5.0, "error": 1.0}, 0.2),
        ({"loss": 1.0}, {"loss": -1.0}, 2.0),
        ({"loss": 1}, {"loss": 1.25}, 0.2),
        ({"k": 10**9}, {"k": 10**9 + 1}, math.inf),
        ({"k": math.nan}, {"k": -math.nan}, 0.0),
        ({"k": math.nan}, {"k": 1.0}, math.inf),
        ({"k": math.inf}, {"k": 1.0}, math.inf),
        ({"method": "a"}, {"method": "b"}, math.inf),
        ({"method": "a"}, {"method": 1.0}, math.inf),
        ({"method": None}, {"method": 1.0}, math.inf),
        ({"loss": 1.0}, {"loss": 1.0, "error": 1.0}, math.inf),
    ],
)
def test_the_largest_difference_counts(
    one: dict[str, Any], other: dict[str, Any], largest: float
) -> None:
    assert difference(one, other) == difference(other, one) == largest


def test_what_rounding_explains_is_told_from_another_result() -> None:
    bits = difference({"loss": 1 / 3}, {"loss": math.nextafter(1 / 3, 1)})
    expected = "equal but for the last bits (largest relative difference 1.7e-16)"
    assert verdict(bits) == expected
    assert verdict(2.6e-9).startswith("equal but for the last bits")
    assert verdict(1e-3) == "DIFFERENT (largest relative difference 1.0e-03)"
    assert verdict(math.inf) == "DIFFERENT"
    assert verdict(0.0) == "identical"
