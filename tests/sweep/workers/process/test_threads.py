"""Threads of numerical libraries: those that are loaded, and those that a training loads."""

import os
import subprocess
import sys

import numpy as np  # noqa: F401 - its BLAS is what is limited
import pytest

from sweep.workers.process.threads import VARIABLES, ThreadLimit, n_blas_threads


def test_a_limit_holds_until_it_is_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = n_blas_threads()
    limit = ThreadLimit(1)
    assert n_blas_threads() == 1
    code = f"import os; print([os.environ[name] for name in {VARIABLES}])"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.strip() == str(["1"] * len(VARIABLES))
    limit.lift()
    assert n_blas_threads() == before
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
