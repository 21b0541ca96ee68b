"""The kernel of a process: measured in real ones, and with libraries that are not here."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweep.trials.worker import Kernel
from sweep.workers.process import kernel as module
from sweep.workers.process.kernel import forcing, is_kernel, kernel, slower, variables

KERNELS = ("Prescott", "Zen", "SkylakeX")
NUMPY = Path(np.__file__).resolve().parent


@pytest.fixture(autouse=True)
def _measured_again() -> Iterator[None]:
    kernel.cache_clear()
    yield
    kernel.cache_clear()


def in_another_process(code: str = "kernel()", **variables: str) -> str:
    code = f"from sweep.workers.process.kernel import *; print({code})"
    command, environment = [sys.executable, "-c", code], os.environ | variables
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_process_has_the_kernel_that_its_library_was_told_to_take() -> None:
    assert in_another_process() == str(kernel())
    # Whatever the processor is, it has at least one of these, and has not chosen it itself.
    names = ("Prescott", "ARMV8")
    assert {in_another_process(OPENBLAS_CORETYPE=name) for name in names} - {str(kernel())}


@pytest.mark.parametrize(
    ("libraries", "numpy", "expected"),
    [
        (
            [
                {"user_api": "openmp", "internal_api": "openmp", "version": None},
                {"user_api": "blas", "internal_api": "openblas", "version": "0.3.30",
                 "architecture": "Zen", "filepath": "/packages/scipy.libs/libopenblas.so"},
                {"user_api": "blas", "internal_api": "openblas", "version": "0.3.31",
                 "architecture": "Zen", "filepath": f"{NUMPY}.libs/libopenblas.so"},
            ],
            {"SIMD Extensions": {"baseline": ["X86_V2"], "found": ["X86_V3", "X86_V4"]}},
            Kernel("OpenBLAS", "0.3.31", "Zen", "X86_V4"),
        ),
        (
            [{"user_api": "blas", "internal_api": "mkl", "version": None,
              "filepath": "/opt/intel/libmkl_rt.so"}],
            {"SIMD Extensions": {"baseline": ["NEON", "ASIMD"]}},
            Kernel("MKL", "", "", "ASIMD"),
        ),
        (
            [],
            {"Build Dependencies": {"blas": {"name": "accelerate"}}},
            Kernel("accelerate", "", "", "unknown"),
        ),
    ],
    ids=["NumPy's own library", "nothing above the baseline", "not known to threadpoolctl"],
)  # fmt: skip
def test_other_libraries_and_processors_are_named(
    libraries: Any, numpy: Any, expected: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "threadpool_info", lambda: libraries)
    monkeypatch.setattr(np, "show_config", lambda mode: {"dicts": numpy}[mode])
    assert kernel() == expected


@pytest.mark.parametrize(
    ("asked", "got", "same"),
    [
        ("Haswell", "Haswell", True),
        ("haswell", "Haswell", True),
        ("Zen", "Haswell", True),
        ("Prescott", "Katmai", True),
        ("ARMV8", "armv8", True),
        ("Haswell", "SkylakeX", False),
        ("Katmai", "Nehalem", False),
        ("Nonsense", "SkylakeX", False),
    ],
)
def test_openblas_runs_some_kernels_by_other_names(asked: str, got: str, *, same: bool) -> None:
    assert is_kernel(asked, Kernel("OpenBLAS", "0.3.31", got, "X86_V3")) == same
    assert not is_kernel(asked, Kernel("BLIS", "1.0", got, "X86_V3"))


def test_forcing_a_kernel_forces_the_instructions_of_its_processors() -> None:
    beyond = {name: variables(name)["NPY_DISABLE_CPU_FEATURES"] for name in KERNELS}
    assert beyond == {
        "Prescott": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        "Zen": "X86_V4 AVX512_ICL AVX512_SPR",
        "SkylakeX": "AVX512_ICL AVX512_SPR",
    }
    assert forcing("Zen", "X86_V4") == (
        "OPENBLAS_CORETYPE=Zen NPY_DISABLE_CPU_FEATURES='AVX512_ICL AVX512_SPR'"
    )
    assert forcing("NEOVERSEN1", "SVE") == "OPENBLAS_CORETYPE=NEOVERSEN1"


def test_a_kernel_that_is_not_the_processors_own_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in variables("Zen"):
        monkeypatch.delenv(name, raising=False)
    own = Kernel(**json.loads(in_another_process("as_json()")))
    monkeypatch.setattr(module, "kernel", lambda: own)
    assert slower() == slower(own.name) == ""
    assert slower("Other").startswith(f"kernel: Other for all slots; this processor's own, {own}, ")
    # With a variable set, a fresh process without it tells what the processor's own would be.
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Other")
    assert slower() == ""
    other = Kernel("OpenBLAS", "0.3.31", "Other", "X86_V2")
    monkeypatch.setattr(module, "kernel", lambda: other)
    assert slower().startswith(f"kernel: {other}; this processor's own, {own}, is faster as a rule")


def test_nothing_is_told_where_no_fresh_process_tells_the_processors_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Other")
    monkeypatch.setattr(sys, "executable", "/no/such/program")
    assert slower("Other") == ""
