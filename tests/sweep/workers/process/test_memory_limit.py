"""Sizes as text, and the memory limit of options; test_failures.py shows that slots keep to it."""

import subprocess
import sys
from pathlib import Path

import pytest

import sweep
from sweep.cli.main import main
from sweep.machine import machine_bytes, n_bytes, size_text
from sweep.workers.process.memory_limit import can_limit


@pytest.mark.parametrize(
    ("size", "n"),
    [
        ("1B", 1),
        ("500MB", 500_000_000),
        ("2GiB", 2 * 2**30),
        (" 1.5 KiB ", 1536),
        ("3TB", 3 * 10**12),
    ],
)
def test_sizes_are_read(size: str, n: int) -> None:
    assert n_bytes(size) == n


@pytest.mark.parametrize("size", ["", "2", "GiB", "2 gigs", "-1GB", "0MB", "1e3MB", "2GiB more"])
def test_other_texts_are_no_size(size: str) -> None:
    with pytest.raises(sweep.OptionError, match=r"memory: expected a size like 2GiB or 500MB, got"):
        n_bytes(size)


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1 B"), (1536, "1.5 KiB"), (150 * 2**20, "150 MiB"), (2**44, "16 TiB")]
)
def test_bytes_as_text(n: int, text: str) -> None:
    assert size_text(n) == text


def test_the_machine_has_some_memory() -> None:
    assert 2**28 < machine_bytes() < 2**50


HELD = """
import numpy as np
from sweep.workers.process.memory_limit import lift_limit, limit_memory

shared = np.memmap(__import__("tempfile").TemporaryFile(), np.uint8, shape=200 * 2**20)
limit_memory(100 * 2**20)
shared[:] = 1
np.ones(80 * 2**20, np.uint8)
try:
    np.ones(120 * 2**20, np.uint8)
except MemoryError as error:
    print(type(error).__name__)
lift_limit()
np.ones(120 * 2**20, np.uint8)
print("lifted")
"""


def test_a_limited_process_gets_no_more_memory_but_shared_memory_is_not_counted() -> None:
    assert can_limit()
    printed = subprocess.run(
        [sys.executable, "-c", HELD], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert printed == "MemoryError\nlifted\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--memory-per-slot", "much"], "expected a size like 2GiB or 500MB, got 'much'"),
        (["--memory-per-slot", "900TiB"], "slots of 900TiB to fit into this machine's "),
        (
            ["--memory-per-slot", "1GB", "--pool", "inline"],
            "expected pool 'ray' on Linux for m",
        ),
    ],
)
def test_limits_that_cannot_be_are_refused(
    options: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.py").write_text(
        "import sweep\nstudy = sweep.Study(name='toy', space=print, train=print, minimize='loss')\n"
    )
    assert main(["run", "toy.py", *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not Path("runs").exists()


def test_a_cluster_may_have_nodes_larger_than_this_machine() -> None:
    assert sweep.Options(address="auto", memory_per_slot="9TiB").memory_bytes == 9 * 2**40
