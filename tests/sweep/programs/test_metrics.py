import math
import re
from pathlib import Path

import pytest

from sweep.errors import ProgramError
from sweep.programs.metrics.epochs import Epochs, RestartError
from sweep.programs.metrics.lines import group_values, json_values, pair_values
from sweep.programs.metrics.table_file import TableFile


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b'{"loss": 0.5, "name": "a", "ok": true, "none": null}', {"loss": 0.5, "ok": 1.0}),
        (b' {"Epoch": 3, "loss": 1}\r', {"epoch": 3.0, "loss": 1.0}),
        (b'{"loss": 0.5', {}),
        (b"[1, 2]", {}),
        (b"loss 3", {}),
        (b"\xff\xfe", {}),
    ],
)
def test_lines_of_json(line: bytes, values: dict[str, float]) -> None:
    assert json_values(line) == values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b"loss=0.5 acc: 98.5%", {"loss": 0.5, "acc": 98.5}),
        (b"Test set: Average loss: 1e-3, Accuracy: 9822/10000", {"loss": 1e-3, "Accuracy": 9822.0}),
        (b"Epoch 3/10 - loss: 0.25 - val_loss: 0.5", {"epoch": 3.0, "loss": 0.25, "val_loss": 0.5}),
        (b"[EPOCH 4] loss=-.5", {"epoch": 4.0, "loss": -0.5}),
        (b"{'loss': 0.5, 'epoch': 2.0}", {"loss": 0.5, "epoch": 2.0}),
        (b"12:30:45 INFO saved to a.b=c version=1.2.3", {}),
        (b"no numbers here", {}),
    ],
)
def test_pairs_of_names_and_values(line: bytes, values: dict[str, float]) -> None:
    assert pair_values(line) == values


def test_not_a_number_is_a_value() -> None:
    assert math.isnan(pair_values(b"loss: nan")["loss"])
    assert math.isnan(json_values(b'{"loss": NaN}')["loss"])


def test_groups_of_a_regular_expression() -> None:
    read = group_values(re.compile(r"loss (?P<loss>\S+)( acc (?P<acc>\S+))?$"))
    assert read(b"the loss 0.5\r") == {"loss": 0.5}
    assert read(b"the loss 0.5 acc 1") == {"loss": 0.5, "acc": 1.0}
    assert read(b"nothing") == {}
    with pytest.raises(ProgramError, match="expected a number for loss, got 'abc'; change the"):
        read(b"loss abc")


def test_an_epoch_ends_with_the_last_metric_that_the_study_needs() -> None:
    epochs = Epochs(("loss", "acc"), "")
    assert epochs.add({"epoch": 1.0}, "") is None
    assert epochs.add({"loss": 1.0, "other": 5.0}, "") is None
    assert epochs.add({"acc": 2.0}, "") == {"loss": 1.0, "other": 5.0, "acc": 2.0}
    assert (epochs.last, epochs.seen) == (1.0, {"epoch", "loss", "other", "acc"})


def test_an_epoch_can_end_with_a_line() -> None:
    epochs = Epochs(("loss",), "^done")
    assert epochs.add({"loss": 1.0}, "loss=1") is None
    assert epochs.add({"loss": 2.0}, "loss=2") is None
    assert epochs.add({}, "done with it") == {"loss": 2.0}


def test_epochs_that_are_known_are_not_reported_again() -> None:
    epochs = Epochs(("loss",), "", {"last": 20.0, "stride": 10.0})
    assert epochs.add({"loss": 1.0, "epoch": 10.0}, "") is None
    assert epochs.add({"loss": 2.0, "epoch": 20.0}, "") is None
    assert epochs.add({"loss": 3.0, "epoch": 30.0}, "") == {"loss": 3.0}
    assert epochs.add({"loss": 3.0, "epoch": 10.0}, "") == {"loss": 3.0}  # a second phase


def test_epochs_that_are_missing_are_noticed() -> None:
    with pytest.raises(RestartError):
        Epochs(("loss",), "", {"last": 2.0, "files": {}}).add({"loss": 1.0, "epoch": 4.0}, "")


def test_a_csv_file_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    table = TableFile(path)
    assert table.rows() == []
    path.write_text("epoch, loss,name\n1,0.5,a\n2,0.")
    assert table.rows() == [{"epoch": 1.0, "loss": 0.5}]
    assert table.rows() == []
    path.write_text("epoch, loss,name\n1,0.5,a\n2,0.25,b\n")
    assert table.rows() == [{"epoch": 2.0, "loss": 0.25}]
    path.write_text("loss\n7\n")
    assert table.rows() == [{"loss": 7.0}]
    assert TableFile(path).rows() == []  # it was there before


def test_json_files_that_grow(tmp_path: Path) -> None:
    lines, whole, columns = (tmp_path / name for name in ("a.jsonl", "b.json", "c.json"))
    tables = [TableFile(path) for path in (lines, whole, columns)]
    lines.write_text('{"loss": 1}\n{"loss": ')
    whole.write_text('[{"loss": 1}, "text"]')
    columns.write_text('{"loss": [1, 2], "lr": [0.1]}')
    assert [table.rows() for table in tables] == [
        [{"loss": 1.0}],
        [{"loss": 1.0}],
        [{"loss": 1.0, "lr": 0.1}, {"loss": 2.0}],
    ]
    whole.write_text('[{"loss": 1}, {"lo')
    assert tables[1].rows() == []
    whole.write_text('[{"loss": 1}, {"loss": 2}]')
    assert tables[1].rows() == [{"loss": 2.0}]
    columns.write_text("5")
    assert tables[2].rows() == []
