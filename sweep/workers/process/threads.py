"""The number of threads that numerical libraries use in a process."""

import os

from threadpoolctl import threadpool_info, threadpool_limits

VARIABLES = [f"{name}_NUM_THREADS" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")]
"""Environment variables from which numerical libraries read it when they are loaded."""


class ThreadLimit:
    """A limit for the libraries that are loaded, and for those that a training loads."""

    def __init__(self, n: int) -> None:
        """Limit BLAS, OpenMP and with it PyTorch to `n` threads each, until `lift`."""
        self._before = {name: os.environ.get(name) for name in VARIABLES}
        os.environ.update(dict.fromkeys(VARIABLES, str(n)))
        self._limits = threadpool_limits(limits=n)

    def lift(self) -> None:
        """Restore what was before."""
        self._limits.restore_original_limits()
        for name, value in self._before.items():
            os.environ.pop(name, None)
            os.environ.update({} if value is None else {name: value})


def n_blas_threads() -> int:
    """Return the number of BLAS threads in this process, as measured."""
    threads = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(threads, default=1)
