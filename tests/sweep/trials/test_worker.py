"""Workers: recorded as JSON, and read back from runs that recorded less."""

import json
from dataclasses import asdict

import pytest

from sweep.trials.worker import Kernel, Worker, to_worker

KERNEL = Kernel("OpenBLAS", "0.3.31", "Haswell", "X86_V3")


@pytest.mark.parametrize("kernel", [KERNEL, None])
def test_a_worker_comes_back_as_it_was(kernel: Kernel | None) -> None:
    worker = Worker("node", 7, 1, kernel)
    assert to_worker(json.loads(json.dumps(asdict(worker)))) == worker


def test_a_worker_of_an_earlier_version_has_no_kernel() -> None:
    assert to_worker({"host": "node", "pid": 7, "blas_threads": 1}) == Worker("node", 7, 1)


def test_a_kernel_is_shown_with_what_is_known_of_it() -> None:
    assert str(KERNEL) == "OpenBLAS 0.3.31 Haswell, NumPy X86_V3"
    assert str(Kernel("accelerate", "", "", "NEON")) == "accelerate, NumPy NEON"
    assert str(Kernel("", "", "", "NEON")) == "unknown BLAS, NumPy NEON"
