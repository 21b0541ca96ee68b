"""How a study is run: where, on how many slots, for how long."""

import math
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sweep.errors import OptionError
from sweep.machine import machine_bytes, n_bytes, n_cpus, size_text
from sweep.study.rules import MAX_NAME, Rule, broken, choices, whole_number
from sweep.text import without_password
from sweep.workers.process.memory_limit import can_limit


def _is_file_name(name: object) -> bool:
    return (
        isinstance(name, str)
        and name not in (".", "..")
        and not {"/", "\0"} & {*name}
        and len(name.encode(errors="replace")) <= MAX_NAME
    )


POSITIVE: Rule = ("a number > 0", lambda value: value > 0)
RULES: dict[str, Rule] = {
    "runs": ("a path", lambda path: isinstance(path, (str, Path))),
    "name": (f"a name without '/' of at most {MAX_NAME} bytes", _is_file_name),
    "storage": (
        "'postgresql://user@host/database' or empty",
        lambda url: not url or url.startswith("postgresql://"),
    ),
    "checkpoints": (
        "'s3://bucket/folder' or the like, without a password",
        lambda url: not url or ("://" in url and without_password(url) == url),
    ),
    "slots": ("a whole number >= 1 or 'max'", lambda n: n == "max" or whole_number(1)[1](n)),
    "cpus_per_slot": whole_number(1),
    "blas_kernel": (
        "the name of a kernel of OpenBLAS, such as 'Haswell', or empty",
        lambda name: isinstance(name, str) and bool(re.fullmatch(r"\w*", name)),
    ),
    "hours": POSITIVE,
    "core_hours": POSITIVE,
    "retries": whole_number(0),
    "trial_timeout": POSITIVE,
}


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a study is run; nothing here changes what its trials compute, but for the last bits.

    Attributes:
        runs: Directory that holds all run directories.
        name: Name of the run directory; the study's name if empty.
        storage: postgresql://user:password@host/database keeps the records there; if empty, they
            are in a SQLite file in the run directory. The password may be in PGPASSWORD or
            ~/.pgpass instead.
        checkpoints: URL of a folder that fsspec can write to, such as s3://bucket/folder, without
            a password (its library finds that); if empty, they are in the run directory.
        slots: Number of trials that run at the same time. "max" means as many as there are cores
            for: on this machine, or on the nodes of the cluster as they join and leave.
        cpus_per_slot: CPU cores, and BLAS threads, per trial.
        memory_per_slot: Memory limit per trial, such as "2GiB" or "500MB", in addition to what its
            process starts with. Shared data does not count. A trial that needs more ends with OOM.
            Empty means no limit.
        blas_kernel: Kernel of OpenBLAS that all slots compute with, such as "Haswell", so that
            different processors give the same bits; empty for the processor's own.
        pool: "ray", or "inline" to run one trial at a time in this process.
        address: "local" starts Ray on this machine; "auto" joins the cluster it is a node of.
        hours: Time limit of this call; run again to continue.
        core_hours: Limit of the processor time of the whole search, over all calls, in hours. Once
            it is used, no trial begins; those that are running end, and the final step follows.
        retries: Retries for a trial whose worker process died.
        trial_timeout: Seconds of wall clock after which a trial is ended and not retried.
        accept_changes: Whether to continue although seed, sampler, pruner, space, settings or code
            have changed since the run began; the change is recorded.

    Raises:
        OptionError: If a value is not as described above.
    """

    runs: Path = Path("runs")
    name: str = ""
    storage: str = field(default="", repr=False)  # may hold a password
    checkpoints: str = ""
    slots: int | Literal["max"] = "max"
    cpus_per_slot: int = 1
    memory_per_slot: str = ""
    blas_kernel: str = ""
    pool: Literal["ray", "inline"] = "ray"
    address: str = "local"
    hours: float = math.inf
    core_hours: float = math.inf
    retries: int = 2
    trial_timeout: float = math.inf
    accept_changes: bool = False

    def __post_init__(self) -> None:
        for expected, value in broken(self, RULES | choices(Options)):
            raise OptionError(f"run: expected {expected}, got {without_password(repr(value))}")
        object.__setattr__(self, "runs", Path(self.runs))
        if self.pool == "inline" and self.trial_timeout < math.inf:
            raise OptionError(
                "run: expected pool 'ray' for trial_timeout, got 'inline', which cannot stop an "
                "epoch; leave it out"
            )
        self._check_address()
        self._check_memory()

    def _check_address(self) -> None:
        if self.address not in ("local", "auto"):
            raise OptionError(
                f"run: expected address 'local' or 'auto', got {self.address!r}; a driver outside "
                f"its cluster would lose everything with its connection: use `python -m sweep "
                f"submit STUDY.py --address http://HEAD:8265`, or 'auto' on a node of the cluster"
            )

    def _check_memory(self) -> None:
        if self.memory_bytes is None:
            return
        is_local = self.address == "local"
        if self.pool == "inline" or (is_local and not can_limit()):
            raise OptionError(
                f"run: expected pool 'ray' on Linux for memory_per_slot, got {self.pool!r} on "
                f"{sys.platform}; leave it out"
            )
        needed, available = self.n_slots * self.memory_bytes, machine_bytes()
        if is_local and needed > available:
            raise OptionError(
                f"run: expected {self.n_slots} slots of {self.memory_per_slot} to fit into this "
                f"machine's {size_text(available)}, got {size_text(needed)}; ask for fewer --slots "
                f"or less --memory-per-slot"
            )

    @property
    def memory_bytes(self) -> int | None:
        """`memory_per_slot` in bytes; None for no limit."""
        return n_bytes(self.memory_per_slot) if self.memory_per_slot else None

    @property
    def n_slots(self) -> int:
        """Number of trials that run at the same time on this machine."""
        return max(1, n_cpus() // self.cpus_per_slot) if self.slots == "max" else self.slots
