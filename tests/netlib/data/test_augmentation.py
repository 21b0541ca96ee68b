"""Augmentation: exact moves, ranges, coins, rubber."""

import inspect
from functools import partial

import numpy as np
import pytest

import netlib as nl
from netlib.data.warping import smooth_noise

MOVES = {"zoom": (0.7, 1.4), "rotation_degrees": 30, "shift": 0.2, "shear": 0.3}
AUGMENTATIONS = {
    "some images": nl.Affine(0.5, **MOVES),
    "some batches": nl.Affine(0.5, "batch", **MOVES),
    "all images": nl.Affine(1.0, zoom_per_axis=True, **MOVES),
    "rubber": nl.Elastic(0.5, **MOVES),
}

every_augmentation = pytest.mark.parametrize("augment", AUGMENTATIONS.values(), ids=AUGMENTATIONS)


def test_every_public_augmentation_is_in_the_table():
    classes = filter(inspect.isclass, (getattr(nl, name) for name in nl.__all__))
    public = {kind for kind in classes if kind.__module__ == "netlib.data.augmentation"}
    assert public == {type(augment) for augment in AUGMENTATIONS.values()}


@every_augmentation
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 6, 7, 1), (1, 6, 7, 1), (9, 6, 7, 3)])
def test_shape_dtype_and_images_stay_and_the_rng_decides(augment, dtype, shape, draw):
    x = draw(*shape, dtype=dtype)  # read-only
    before = x.copy()
    first, second = (augment(x, np.random.default_rng(5)) for _ in range(2))
    assert (first.shape, first.dtype) == (shape, dtype)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(x, before)


class FixedRng:
    """Answers every draw with the same share of its range."""

    def __init__(self, share: float) -> None:
        self.share = share

    def random(self, n):
        return np.zeros(n)

    def uniform(self, low, high, size):
        return np.full(size, low + self.share * (high - low))


def image(*rows: list[float]) -> nl.Array:
    return np.float32(rows)[None, :, :, None]


def moved(augment: nl.Affine, x: nl.Array, share: float = 1.0) -> list[list[float]]:
    return augment(x, FixedRng(share))[0, :, :, 0].round(5).tolist()


def test_without_any_range_the_image_stays(draw, rng):
    x = draw(4, 7, 6, 3)
    np.testing.assert_allclose(nl.Affine(1.0)(x, rng), x, atol=1e-6)


def test_a_shift_by_whole_pixels_moves_down_and_right_and_fills_with_zeros():
    x = image([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert moved(nl.Affine(1.0, shift=1 / 3), x) == [[0, 0, 0], [0, 1, 2], [0, 4, 5]]
    assert moved(nl.Affine(1.0, shift=1 / 3), x, share=0) == [[5, 6, 0], [8, 9, 0], [0, 0, 0]]
    assert moved(nl.Affine(1.0, shift=1), x) == [[0, 0, 0]] * 3


def test_a_shift_by_half_a_pixel_interpolates():
    assert moved(nl.Affine(1.0, shift=0.25), image([0, 0], [0, 8])) == [[0, 0], [0, 2]]


def test_a_quarter_turn_moves_every_pixel():
    x = image([1, 2, 3], [4, 5, 6], [7, 8, 9])
    assert moved(nl.Affine(1.0, rotation_degrees=90), x) == [[3, 6, 9], [2, 5, 8], [1, 4, 7]]
    assert moved(nl.Affine(1.0, rotation_degrees=180), x) == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


def test_zooming_in_by_two_halves_the_distances_to_the_centre():
    x = image([0, 0, 0], [4, 8, 4], [0, 0, 0])
    assert moved(nl.Affine(1.0, zoom=(1, 2)), x) == [[3, 4, 3], [6, 8, 6], [3, 4, 3]]


def test_a_shear_moves_rows_to_the_side_the_further_the_lower():
    x = image([0, 1, 0], [0, 1, 0], [0, 1, 0])
    assert moved(nl.Affine(1.0, shear=1), x) == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    assert moved(nl.Affine(1.0, shear=1), x, share=0) == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_all_moves_are_made_in_the_order_zoom_shear_rotation_shift(rng):
    x = np.zeros((1, 41, 41, 1), np.float32)
    x[0, 20 + 4, 20 + 6] = 1  # 4 down and 6 right of the centre
    y = nl.transform(x, zoom=2, shear=0.5, rotation_degrees=90, shift=(1 / 41, 3 / 41))
    # Zoom: (8, 12). Shear: (8, 12 + 4). A quarter turn counterclockwise: (-16, 8). Shift: (-15, 11)
    assert np.unravel_index(y.argmax(), y.shape) == (0, 20 - 15, 20 + 11, 0)


def test_a_zoom_per_axis_has_two_factors(rng):
    x = np.ones((200, 20, 20, 1), np.float32)
    for per_axis in (False, True):
        y = nl.Affine(1.0, zoom=(0.4, 0.8), zoom_per_axis=per_axis)(x, rng)[..., 0]
        heights, widths = y.max(axis=2).sum(axis=1), y.max(axis=1).sum(axis=1)
        assert np.allclose(heights, widths, atol=0.1) != per_axis
        assert 7 < min(heights.min(), widths.min()) < max(heights.max(), widths.max()) < 18


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        ({"zoom": (1, 1.2)}, {"zoom": 1.2}),
        ({"rotation_degrees": 20}, {"rotation_degrees": 20}),
        ({"shear": 0.3}, {"shear": 0.3}),
        ({"shift": 0.1}, {"shift": (0.1, 0.1)}),
    ],
)
def test_transform_does_to_all_images_what_affine_draws_at_the_end_of_its_range(
    settings, change, draw
):
    x = draw(4, 9, 8, 2)
    expected = nl.Affine(1.0, **settings)(x, FixedRng(1.0))
    np.testing.assert_array_equal(nl.transform(x, **change), expected)


def test_transform_leaves_images_alone_by_default(draw):
    x = draw(4, 9, 8, 2)
    np.testing.assert_array_equal(nl.transform(x), x)


def test_smooth_noise_has_variance_one_everywhere_and_changes_slowly(rng):
    noise = smooth_noise(rng, 4000, 5, (28, 20))
    assert (noise.shape, noise.dtype) == ((4000, 28, 20), np.float32)
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.08)
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.06)
    assert np.abs(np.diff(noise, axis=1)).mean() < 0.25
    assert abs((noise[:, 0, 0] * noise[:, -1, -1]).mean()) < 0.08  # far apart: independent


def test_an_elastic_displacement_is_as_large_as_promised(rng):
    # In an image whose value is the row, values change by the displacement.
    ramp = np.broadcast_to(np.arange(60, dtype=np.float32)[:, None], (60, 60))
    x = np.repeat(ramp[None, :, :, None], 50, axis=0)
    inside = (slice(None), slice(15, 45), slice(15, 45))
    change = (nl.Elastic(1.0, displacement_pixels=1.5)(x, rng) - x)[inside]
    assert np.sqrt(np.mean(np.square(change))) == pytest.approx(1.5, rel=0.1)


def test_elastic_without_displacement_is_affine(draw):
    x, moves = draw(5, 9, 8, 1), {"rotation_degrees": 30.0, "shift": 0.1, "shear": 0.2}
    one = nl.Elastic(1.0, displacement_pixels=0.0, **moves)(x, np.random.default_rng(1))
    other = nl.Affine(1.0, **moves)(x, np.random.default_rng(1))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", [nl.Affine, partial(nl.Elastic, displacement_pixels=2.0)])
def test_channels_move_together(kind, draw):
    x = draw(3, 8, 9, 2)
    augment = kind(1.0, "batch", (0.8, 1.2), 25, 0.2, 0.3)
    both = augment(x, np.random.default_rng(5))
    for channel in range(2):
        alone = augment(np.ascontiguousarray(x[..., channel, None]), np.random.default_rng(5))
        np.testing.assert_array_equal(both[..., channel], alone[..., 0])


def test_values_stay_within_the_range_of_the_image(rng):
    x = rng.random((200, 9, 9, 1), dtype=np.float32)
    y = nl.Elastic(1.0, zoom=(0.5, 2), rotation_degrees=180, shift=1, shear=1)(x, rng)
    assert 0 <= y.min() <= y.max() <= 1
    assert (y.shape, y.dtype) == (x.shape, x.dtype)


@pytest.mark.parametrize(("scope", "possible"), [("sample", range(1, 40)), ("batch", (0, 40))])
def test_the_coin_is_tossed_for_images_or_for_batches(scope, possible, draw, rng):
    augment, x = nl.Affine(0.5, scope, shift=1.0), draw(40, 4, 4, 1)
    counts = [int((augment(x, rng) != x).any(axis=(1, 2, 3)).sum()) for _ in range(50)]
    assert set(counts) <= set(possible)
    assert np.mean(counts) == pytest.approx(20, abs=8)


def test_an_unlucky_coin_returns_the_images_themselves(draw, rng):
    x = draw(5, 4, 4, 1)
    assert nl.Affine(0.0, shift=0.5)(x, rng) is x


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nl.Affine(1.1), r"Affine: expected probability in \[0, 1\], got 1\.1"),
        (lambda: nl.Affine(1, "all"), r"Affine: expected scope 'sample' or 'batch', got 'all'"),
        (lambda: nl.Affine(1, zoom=(2, 1)), r"Affine: expected zoom \(low, high\).* got \(2, 1\)"),
        (lambda: nl.Affine(1, zoom=(0, 1)), r"with 0 < low <= high, got \(0, 1\); order"),
        (lambda: nl.Affine(1, rotation_degrees=181), r"rotation_degrees in \[0, 180\], got 181"),
        (lambda: nl.Affine(1, shift=-1), r"Affine: expected shift in \[0, 1\], got -1"),
        (lambda: nl.Affine(1, shear=2), r"Affine: expected shear in \[0, 1\], got 2"),
        (lambda: nl.Elastic(2), r"Elastic: expected probability in \[0, 1\], got 2"),
        (lambda: nl.Elastic(1, displacement_pixels=-1), r"displacement_pixels in \[0, inf\), got"),
        (lambda: nl.Elastic(1, cells=0), r"Elastic: expected cells to be an integer >= 1, got 0"),
        (
            lambda: nl.transform(np.zeros((1, 2, 2, 1)), zoom=0),
            r"transform: expected zoom in \(0, inf\), got 0",
        ),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(nl.ConfigError, match=message):
        make()
