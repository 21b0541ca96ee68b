"""Measures the kernel that computes in this process: that of BLAS, and NumPy's instruction set."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from sweep.trials.worker import Kernel

LIBRARIES = {"openblas": "OpenBLAS", "scipy-openblas": "OpenBLAS", "mkl": "MKL", "blis": "BLIS"}


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
