"""The kernel that computes in a process: that of BLAS, and NumPy's instruction set.

Both are chosen for the processor when NumPy is loaded, unless the environment names others.
"""

import shlex
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from sweep.trials.worker import Kernel

CORETYPE = "OPENBLAS_CORETYPE"
DISABLED = "NPY_DISABLE_CPU_FEATURES"
"""Variables from which OpenBLAS and NumPy read what to choose when they are loaded."""

LIBRARIES = {"openblas": "OpenBLAS", "scipy-openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}

AVX2 = {"haswell", "zen"}
AVX512 = {"skylakex", "cooperlake", "sapphirerapids"}
"""Kernels by the instructions that their processors have, in lower case."""


def variables(name: str) -> dict[str, str]:
    """Return the environment in which a new process computes with a kernel of OpenBLAS.

    NumPy then uses what any processor for that kernel has: without AVX-512, it rounds exponentials
    and logarithms differently.
    """
    off = ["AVX512_ICL", "AVX512_SPR"]
    if name.lower() not in AVX512:
        off = ["X86_V4", *off]
    if name.lower() not in AVX512 | AVX2:
        off = ["X86_V3", *off]
    return {CORETYPE: name, DISABLED: " ".join(off)}


def forcing(name: str) -> str:
    """Return `variables` as a shell has them before a command."""
    return " ".join(f"{key}={shlex.quote(value)}" for key, value in variables(name).items())


@cache
def kernel() -> Kernel:
    """Return the kernel of this process, as measured at the first call."""
    config = np.show_config(mode="dicts")
    simd = config.get("SIMD Extensions", {})
    levels = simd.get("found") or simd.get("baseline") or ["unknown"]
    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    if not libraries:  # threadpoolctl does not know Apple's Accelerate
        built_with = config.get("Build Dependencies", {}).get("blas", {}).get("name", "")
        return Kernel(LIBRARIES.get(built_with, built_with), "", "", levels[-1])
    library = min(libraries, key=_is_of_another_package)
    name, version = library["internal_api"], library.get("version") or ""
    chosen = library.get("architecture") or ""
    return Kernel(LIBRARIES.get(name, name), version, chosen, levels[-1])


def _is_of_another_package(library: dict[str, Any]) -> bool:
    """Return whether a library lies elsewhere than NumPy's: SciPy, for one, brings its own."""
    return not library["filepath"].startswith(str(Path(np.__file__).resolve().parent))
