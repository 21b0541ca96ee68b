"""Products in the shapes in which BLAS is fast are the same products."""

import numpy as np
import pytest

from netlib.blas import SMALL_PRODUCT, multiply, sum_rows


@pytest.mark.parametrize(
    "shape",
    [
        (7, 5, 3),
        (5, 1, 9),  # an outer product
        (100, 100, 101),  # beyond a small product, and 101 columns split into no equal groups
        (100, 125, 160),  # two groups
        (128, 500, 120),  # eight
        (200, 500, 120),  # too large to split
    ],
)
def test_a_product_is_the_same_however_it_is_split(shape, draw):
    m, k, n = shape
    a, b = draw(m, k, dtype=np.float64), draw(k, n, dtype=np.float64)
    out = np.empty((m, n))
    multiply(a, b, out=out)
    np.testing.assert_allclose(out, a @ b, rtol=0, atol=1e-12)


def test_the_cases_of_a_split_are_what_they_say():
    assert SMALL_PRODUCT < 100 * 125 * 160 <= 2 * SMALL_PRODUCT
    assert 4 * SMALL_PRODUCT < 128 * 500 * 120 <= 8 * SMALL_PRODUCT < 200 * 500 * 120


def test_rows_are_summed(draw):
    matrix = draw(50, 3, dtype=np.float64)
    np.testing.assert_allclose(sum_rows(matrix), matrix.sum(axis=0), rtol=1e-12)
