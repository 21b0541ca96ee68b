"""Weight files: round trip, replacement, damage."""

import numpy as np
import pytest

import netlib as nl


def test_weights_come_back_as_they_were(tmp_path, draw):
    weights = {"0.weight": draw(3, 4), "0.bias": draw(4), "x": draw(2, 3, 4).transpose(2, 0, 1)}
    nl.save_weights(weights, tmp_path / "net.safetensors")
    loaded = nl.load_weights(tmp_path / "net.safetensors")
    assert loaded.keys() == weights.keys()
    for name, array in weights.items():
        np.testing.assert_array_equal(loaded[name], array, strict=True)


def test_a_file_is_replaced_and_nothing_else_is_left_behind(tmp_path, draw):
    path = tmp_path / "net.safetensors"
    for _ in range(2):
        last = draw(3)
        nl.save_weights({"a": last}, str(path))
    np.testing.assert_array_equal(nl.load_weights(str(path))["a"], last)
    assert list(tmp_path.iterdir()) == [path]


def test_a_failing_write_leaves_no_file(tmp_path, draw):
    (tmp_path / "net").mkdir()
    with pytest.raises(OSError, match="net"):
        nl.save_weights({"a": draw(3)}, tmp_path / "net")
    assert [path.name for path in tmp_path.iterdir()] == ["net"]


@pytest.mark.parametrize("cut", [0, 5, 60, -1])
def test_damage_is_refused(cut, tmp_path, draw):
    path = tmp_path / "net.safetensors"
    nl.save_weights({"a": draw(30)}, path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(nl.DataError, match=r"net\.safetensors: expected a safetensors file, got a"):
        nl.load_weights(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(nl.DataNotFoundError, match=r"nowhere: expected a file, got none; check"):
        nl.load_weights(tmp_path / "nowhere")
