"""The process that trains a trial, and the kernel that computes in it, as recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Kernel:
    """The machine code that computes in a process; another one rounds differently.

    Attributes:
        blas: The library that multiplies matrices, such as OpenBLAS; empty if none is known.
        version: Its version; empty if it does not tell.
        name: Which of its kernels it chose for the processor when it was loaded, such as Haswell;
            empty if it does not tell.
        simd: The highest instruction set that NumPy itself computes with, such as X86_V3.
    """

    blas: str
    version: str
    name: str
    simd: str

    def __str__(self) -> str:
        """Return, for example, "OpenBLAS 0.3.31 Haswell, NumPy X86_V3"."""
        blas = " ".join(filter(None, (self.blas, self.version, self.name)))
        return f"{blas or 'unknown BLAS'}, NumPy {self.simd}"


@dataclass(frozen=True)
class Worker:
    """A process that trains.

    Attributes:
        host: Name of its host.
        pid: Its id there.
        blas_threads: Its number of BLAS threads, as measured in it.
        kernel: Its kernel, as measured in it; None in runs of earlier versions.
    """

    host: str
    pid: int
    blas_threads: int
    kernel: Kernel | None = None


def to_kernel(values: Mapping[str, str] | None) -> Kernel | None:
    """Return the kernel that `dataclasses.asdict` has made these JSON values of; None for none."""
    return Kernel(**values) if values else None


def to_worker(values: Mapping[str, Any]) -> Worker:
    """Return the worker that `dataclasses.asdict` has made these JSON values of."""
    return Worker(**{**values, "kernel": to_kernel(values.get("kernel"))})
