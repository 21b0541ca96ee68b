"""Refuses slots that compute with another kernel than asked for, or than the others do."""

from sweep.errors import OptionError, RunError
from sweep.trials.worker import Kernel, Worker
from sweep.workers.process.kernel import RUN_AS, forcing, is_kernel, kernel, usual_simd

LEVELS = [name.lower() for name in RUN_AS]
"""The kernels of NumPy's packages for x86 in lower case, least first."""

ANYWAY = "accept other last bits with --accept-changes, or start another run with --name"


def check_here(asked: str, command: str) -> None:
    """Refuse a kernel that this process does not have and can no longer get.

    Args:
        asked: Name of the kernel; empty for any.
        command: How this process was started.

    Raises:
        OptionError: If it has another one.
    """
    here = kernel()
    if not asked or is_kernel(asked, here):
        return
    if here.blas != "OpenBLAS":
        raise _not_openblas(asked, here, "in this process")
    raise OptionError(
        f"--blas-kernel {asked}: expected it to be chosen before NumPy is loaded, got {here} in "
        f"this process; run {forcing(asked)} {command}"
    )


def check_drawing(then: Kernel | None) -> None:
    """Refuse to draw parameters in this process that would differ in their last bits.

    Args:
        then: The kernel of the process that began the run; None if it is not recorded.

    Raises:
        RunError: If NumPy used other instructions there, and so rounds logarithms differently.
    """
    if then is not None and then.simd != kernel().simd:
        raise RunError(
            f"--deterministic: expected parameters to be drawn with NumPy {then.simd}, as when the "
            f"run began, got NumPy {kernel().simd} in this process; put "
            f"{forcing(then.name, then.simd)} before the command, {ANYWAY}"
        )


class KernelCheck:
    """What slots must have in common; called with the process of each before it trains."""

    def __init__(self, asked: str, earlier: Kernel | None, *, is_same: bool) -> None:
        """Prepare the check of a study's slots.

        Args:
            asked: Name of the kernel that all must have; empty for any.
            earlier: The kernel of the latest trial before; None if any may follow.
            is_same: Whether all must have the same, down to versions.
        """
        self._asked = asked
        self._expected = earlier if is_same else None
        self._is_same = is_same
        self._has_trials = self._expected is not None

    def __call__(self, worker: Worker) -> None:
        """Check a process; one of unknown kernel is accepted.

        Raises:
            OptionError: If it has not the kernel that was asked for.
            RunError: If it has another kernel than those before it.
        """
        got = worker.kernel
        if got is None:
            return
        if self._asked and not is_kernel(self._asked, got):
            raise _not_given(self._asked, got, _place(worker))
        if self._is_same:
            self._expected = self._expected or got
            if got != self._expected:
                raise self._not_same(self._expected, worker, got)

    def _not_same(self, expected: Kernel, worker: Worker, got: Kernel) -> RunError:
        whose = "the latest trial" if self._has_trials else "the other slots"
        if (got.blas, got.version) != (expected.blas, expected.version):
            way = "install the same version of NumPy on all nodes"
        elif self._has_trials and usual_simd(expected.name) == expected.simd:
            way = f"use --blas-kernel {expected.name}"
        elif self._has_trials:
            way = f"put {forcing(expected.name, expected.simd)} before the command"
        else:
            way = f"use --blas-kernel {_lesser(expected.name, got.name)}, which both can run"
        if self._has_trials:
            way += f", {ANYWAY}"
        return RunError(
            f"--deterministic: expected the kernel of {whose}, {expected}, got {got} "
            f"{_place(worker)}; {way}"
        )


def _not_given(asked: str, got: Kernel, place: str) -> OptionError:
    if got.blas != "OpenBLAS":
        return _not_openblas(asked, got, place)
    return OptionError(
        f"--blas-kernel {asked}: expected a kernel that OpenBLAS has for the processor, got {got} "
        f"{place}; use a name that it knows, such as {got.name}"
    )


def _not_openblas(asked: str, got: Kernel, place: str) -> OptionError:
    return OptionError(
        f"--blas-kernel {asked}: expected NumPy with OpenBLAS, got {got} {place}; install NumPy "
        f"from PyPI, or leave it out"
    )


def _lesser(one: str, other: str) -> str:
    known = [name for name in (one, other) if name.lower() in LEVELS]
    return min(known, key=lambda name: LEVELS.index(name.lower()), default=one)


def _place(worker: Worker) -> str:
    return f"in process {worker.pid} on {worker.host}"
