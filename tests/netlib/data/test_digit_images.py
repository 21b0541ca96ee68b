"""Pictures of digits become what the images of MNIST are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import netlib as nl
from netlib.data.digit_images import in_characters, read_picture

SHAPE = (28, 28, 1)
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def make(pixels: NDArray[np.generic]) -> Path:
        Image.fromarray(pixels).save(tmp_path / "picture.png")
        return tmp_path / "picture.png"

    return make


def page(ink: int = 255, paper: int = 0) -> NDArray[np.uint8]:
    """Draw a tall bar with a foot to the right, 60x30, in a corner of a page of 90x200."""
    pixels = np.full((90, 200), paper, np.uint8)
    pixels[5:65, 8:18] = ink
    pixels[55:65, 8:38] = ink
    return pixels


def test_a_picture_of_the_networks_size_is_taken_as_it_is(save: Save, digits: nl.Dataset) -> None:
    digit = digits.images[0]
    np.testing.assert_array_equal(read_picture(save(digit[..., 0]), SHAPE), digit, strict=True)
    np.testing.assert_array_equal(read_picture(save(255 - digit[..., 0]), SHAPE), digit)


def test_a_larger_picture_is_cut_out_scaled_and_centred_by_mass(save: Save) -> None:
    image = read_picture(save(page()), SHAPE)
    rows, columns = (np.flatnonzero(image[..., 0].any(axis=axis)) for axis in (1, 0))
    assert (image.shape, image.dtype, image.max()) == (SHAPE, np.uint8, 255)
    assert (len(rows), len(columns)) == (20, 10)
    weights = image[..., 0] / image.sum()
    assert weights.sum(axis=1) @ np.arange(28) == pytest.approx(14, abs=0.5)
    assert weights.sum(axis=0) @ np.arange(28) == pytest.approx(14, abs=0.5)


@pytest.mark.parametrize(
    "pixels",
    [
        page(0, 255),
        page(20, 200),
        page(30, 90),
        page(60, 0),
        np.repeat(page(0, 255)[..., np.newaxis], 3, axis=2),
        page().astype(np.uint16) * 257,
        page() > 0,
    ],
    ids=["dark", "dim light", "dim dark", "faint", "colour", "16 bits", "1 bit"],
)
def test_shades_and_formats_make_no_difference(pixels: NDArray[np.generic], save: Save) -> None:
    expected = read_picture(save(page()), SHAPE).astype(int)
    assert np.abs(read_picture(save(pixels), SHAPE) - expected).max() <= 3


def test_what_is_transparent_counts_as_white(save: Save) -> None:
    drawing = np.zeros((90, 200, 4), np.uint8)
    drawing[..., 3] = page()
    expected = read_picture(save(page()), SHAPE)
    np.testing.assert_array_equal(read_picture(save(drawing), SHAPE), expected)


def test_faint_specks_do_not_count(save: Save) -> None:
    expected = read_picture(save(page()), SHAPE)
    speckled = page()
    speckled[80, 190] = 40
    np.testing.assert_array_equal(read_picture(save(speckled), SHAPE), expected)


def test_digits_of_other_sizes_are_read_as_well_by_their_nearest_originals(
    digits: nl.Dataset, save: Save
) -> None:
    some = digits.take(200)
    originals = some.images.reshape(200, -1).astype(int)
    n_right = 0
    for digit, label in zip(some.images[..., 0], some.labels, strict=True):
        large = np.asarray(Image.fromarray(255 - digit).resize((140, 140)))
        image = read_picture(save(np.pad(large, ((50, 9), (3, 80)), mode="edge")), SHAPE)
        # A trained network would judge differently with each seed and processor; these are whole
        # numbers. Scaled down without being cut out, 11 of the digits would be read.
        distances = np.square(originals - image.ravel()).sum(axis=1)
        n_right += some.labels[distances.argmin()] == label
    assert n_right > 190


def test_thin_lines_stay_visible(save: Save) -> None:
    pixels = np.full((1000, 1000), 255, np.uint8)
    pixels[100:900, 500] = 0
    assert read_picture(save(pixels), SHAPE).max() == 255


def test_other_shapes_of_inputs_are_served(save: Save) -> None:
    image = read_picture(save(page()), (14, 20, 1))
    assert image.shape == (14, 20, 1)
    assert len(np.flatnonzero(image.any(axis=(1, 2)))) == 10


def test_a_network_that_takes_no_grey_images_is_refused(save: Save) -> None:
    with pytest.raises(
        nl.ShapeError, match=r"network for grey images \(H, W, 1\), got one for \(4"
    ):
        read_picture(save(page()), (4,))


def test_one_even_shade_is_refused(save: Save) -> None:
    with pytest.raises(nl.DataError, match=r"picture.png: expected a digit that stands out .* got"):
        read_picture(save(page(110, 100)), SHAPE)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n", "half"])
def test_what_is_no_picture_is_refused(content: bytes | str, save: Save) -> None:
    path = save(page())
    whole = path.read_bytes()
    path.write_bytes(content if isinstance(content, bytes) else whole[: len(whole) // 2])
    with pytest.raises(
        nl.DataError, match=r"picture.png: expected a picture, got a file that Pillow"
    ):
        read_picture(path, SHAPE)


def test_a_picture_that_would_fill_the_memory_is_refused(
    save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(
        nl.DataError, match=r"got a file that Pillow cannot read \(Image size \(18000"
    ):
        read_picture(save(page()), SHAPE)


def test_a_missing_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        nl.DataNotFoundError, match=r"nowhere\.png: expected a picture, got no file"
    ):
        read_picture(tmp_path / "nowhere.png", SHAPE)


def test_an_image_is_drawn_in_characters() -> None:
    image = np.zeros((4, 4, 1), np.uint8)
    image[:2, 1], image[2:, :3] = 255, 128
    image[2, 0] = 0
    assert in_characters(image) == " @\n:++"
