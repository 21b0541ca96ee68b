"""Slots with another kernel than asked for, or than the others, are refused with the way out."""

import re

import pytest

from sweep.errors import OptionError, RunError
from sweep.trials.worker import Kernel, Worker
from sweep.workers.process import kernel_check
from sweep.workers.process.kernel_check import KernelCheck, check_here

SKYLAKE = Kernel("OpenBLAS", "0.3.31", "SkylakeX", "X86_V4")
HASWELL = Kernel("OpenBLAS", "0.3.31", "Haswell", "X86_V3")
ICE_LAKE = Kernel("OpenBLAS", "0.3.31", "SkylakeX", "AVX512_ICL")
NEWER = Kernel("OpenBLAS", "0.3.32", "Haswell", "X86_V3")
APPLE = Kernel("accelerate", "", "", "NEON")


def on(kernel: Kernel | None) -> Worker:
    return Worker("node", 7, 1, kernel)


def test_without_a_demand_any_kernel_will_do() -> None:
    check = KernelCheck("", SKYLAKE, is_same=False)
    for kernel in (SKYLAKE, HASWELL, NEWER, APPLE, None):
        check(on(kernel))


def test_the_kernel_that_was_asked_for_is_accepted_under_all_its_names() -> None:
    for asked in ("Haswell", "zen"):
        KernelCheck(asked, None, is_same=True)(on(HASWELL))


@pytest.mark.parametrize(
    ("asked", "got", "message"),
    [
        (
            "Nonsense",
            SKYLAKE,
            "--blas-kernel Nonsense: expected a kernel that OpenBLAS has for the processor, got "
            "OpenBLAS 0.3.31 SkylakeX, NumPy X86_V4 in process 7 on node; use a name that it "
            "knows, such as SkylakeX",
        ),
        (
            "Haswell",
            APPLE,
            "--blas-kernel Haswell: expected NumPy with OpenBLAS, got accelerate, NumPy NEON in "
            "process 7 on node; install NumPy from PyPI, or leave it out",
        ),
    ],
)
def test_another_kernel_than_asked_for_is_refused(asked: str, got: Kernel, message: str) -> None:
    with pytest.raises(OptionError, match=re.escape(message)):
        KernelCheck(asked, None, is_same=False)(on(got))


@pytest.mark.parametrize(
    ("one", "other", "way"),
    [
        (SKYLAKE, HASWELL, "use --blas-kernel Haswell, which both can run"),
        (HASWELL, SKYLAKE, "use --blas-kernel Haswell, which both can run"),
        (SKYLAKE, ICE_LAKE, "use --blas-kernel SkylakeX, which both can run"),
        (HASWELL, NEWER, "install the same version of NumPy on all nodes"),
    ],
)
def test_deterministic_slots_have_one_kernel(one: Kernel, other: Kernel, way: str) -> None:
    check = KernelCheck("", None, is_same=True)
    for kernel in (one, None, one):
        check(on(kernel))
    message = (
        f"--deterministic: expected the kernel of the other slots, {one}, got {other} in process "
        f"7 on node; {way}"
    )
    with pytest.raises(RunError, match=f"^{re.escape(message)}$"):
        check(on(other))


@pytest.mark.parametrize(
    ("earlier", "way"),
    [
        (SKYLAKE, "use --blas-kernel SkylakeX, accept"),
        (
            ICE_LAKE,
            "put OPENBLAS_CORETYPE=SkylakeX NPY_DISABLE_CPU_FEATURES=AVX512_SPR before the "
            "command, accept",
        ),
        (NEWER, "install the same version of NumPy on all nodes, accept"),
    ],
)
def test_deterministic_slots_have_the_kernel_of_the_trials_before(
    earlier: Kernel, way: str
) -> None:
    check = KernelCheck("", earlier, is_same=True)
    check(on(earlier))
    message = (
        f"--deterministic: expected the kernel of the latest trial, {earlier}, got {HASWELL} in "
        f"process 7 on node; {way} other last bits with --accept-changes, or start another run "
        f"with --name"
    )
    with pytest.raises(RunError, match=f"^{re.escape(message)}$"):
        check(on(HASWELL))


def test_this_process_cannot_change_its_kernel_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_check, "kernel", lambda: SKYLAKE)
    check_here("", "python a.py")
    check_here("skylakex", "python a.py")
    message = (
        "--blas-kernel Haswell: expected it to be chosen before NumPy is loaded, got OpenBLAS "
        "0.3.31 SkylakeX, NumPy X86_V4 in this process; run OPENBLAS_CORETYPE=Haswell "
        "NPY_DISABLE_CPU_FEATURES='X86_V4 AVX512_ICL AVX512_SPR' python a.py"
    )
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        check_here("Haswell", "python a.py")
    monkeypatch.setattr(kernel_check, "kernel", lambda: APPLE)
    with pytest.raises(OptionError, match="expected NumPy with OpenBLAS, got accelerate, NumPy N"):
        check_here("Haswell", "python a.py")
