"""The kernel that computes in a process: that of BLAS, and NumPy's instruction set.

Both are chosen for the processor when NumPy is loaded, unless the environment names others.
"""

import json
import os
import shlex
import subprocess
import sys
from dataclasses import asdict
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

SIMD = ["X86_V2", "X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"]
"""NumPy's instruction sets on x86, least first; it can be told to leave out all but the first."""

AVX2 = {"haswell", "zen"}
AVX512 = {"skylakex", "cooperlake", "sapphirerapids"}
"""Kernels by the instructions that their processors have, in lower case."""

RUN_AS = {
    "Katmai": "Athlon Banias Core2 Coppermine Dunnington Nano Northwood Opteron Opteron_SSE3 "
    "Penryn Prescott",
    "Nehalem": "Atom Barcelona Bobcat",
    "Sandybridge": "Bulldozer Excavator Piledriver Steamroller",
    "Haswell": "Zen",
    "SkylakeX": "Cooperlake",
}
"""The kernels of NumPy's packages for x86, each with the other names that they run it for."""


def is_kernel(asked: str, got: Kernel) -> bool:
    """Return whether a kernel is what OpenBLAS runs if it is asked for a name."""
    names = [got.name, *RUN_AS.get(got.name, "").split()]
    return got.blas == "OpenBLAS" and asked.lower() in [name.lower() for name in names]


def variables(name: str, simd: str = "") -> dict[str, str]:
    """Return the environment in which a new process computes with a kernel of OpenBLAS.

    Args:
        name: The kernel.
        simd: NumPy's instruction set; if empty, what every processor for that kernel has. (With
            AVX-512, exponentials and logarithms are rounded differently.)
    """
    simd = simd or usual_simd(name)
    off = SIMD[SIMD.index(simd) + 1 :] if simd in SIMD else []
    return {CORETYPE: name} | ({DISABLED: " ".join(off)} if off else {})


def usual_simd(name: str) -> str:
    """Return the highest instruction set of NumPy that every processor for a kernel has."""
    if name.lower() in AVX512:
        return "X86_V4"
    return "X86_V3" if name.lower() in AVX2 else "X86_V2"


def forcing(name: str, simd: str = "") -> str:
    """Return `variables` as a shell has them before a command."""
    words = variables(name, simd).items()
    return " ".join(f"{key}={shlex.quote(value)}" for key, value in words)


def slower(asked: str = "") -> str:
    """Return a line about a kernel that is not the processor's own; empty if it is.

    Args:
        asked: Name of the kernel that new processes on this machine get; empty for that of this
            process.
    """
    own = _own()
    if own is None or (is_kernel(asked, own) if asked else own == kernel()):
        return ""
    shown = f"{asked} for all slots" if asked else kernel()
    return (
        f"kernel: {shown}; this processor's own, {own}, is faster as a rule "
        f"(with Haswell for SkylakeX, netlib takes 1.6 times as long)"
    )


def _own() -> Kernel | None:
    """Return the kernel that this processor gets if none is forced; None if that fails."""
    if not {CORETYPE, DISABLED} & os.environ.keys():
        return kernel()
    free = {name: value for name, value in os.environ.items() if name not in (CORETYPE, DISABLED)}
    code = f"from {__name__} import as_json; print(as_json())"
    command = [sys.executable, "-c", code]
    try:
        answer = subprocess.run(command, env=free, capture_output=True, check=True, timeout=60)
        return Kernel(**json.loads(answer.stdout))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def as_json() -> str:
    """Return the kernel of this process as JSON."""
    return json.dumps(asdict(kernel()))


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
