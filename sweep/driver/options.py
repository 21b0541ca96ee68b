"""This file holds how a study is run: where, on how many slots, for how long."""

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from sweep.errors import OptionError
from sweep.machine import machine_bytes, n_bytes, n_cpus, size_text
from sweep.text import without_password
from sweep.workers import memory_limit as memory


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a study is run; nothing here changes what its trials compute.

    Attributes:
        runs: The directory that holds run directories.
        name: Of the run directory; the study's name if empty.
        storage: postgresql://user:password@host/database keeps the records there; a SQLite file in
            the run directory if empty. The password may be in PGPASSWORD or ~/.pgpass instead.
        checkpoints: Where to keep them if not in the run directory: the URL of a folder that fsspec
            can write, as s3://bucket/folder; without a password, which its library knows.
        slots: How many trials at a time; "max" for as many as the cores allow: those of this
            machine, or of the cluster's nodes as they join and leave.
        cpus_per_slot: Cores, and BLAS threads, of each.
        memory_per_slot: What each may take beside what it starts with, as "2GiB" or "500MB"; a
            trial that asks for more ends with OOM. Shared data does not count. Empty: no limit.
        pool: "ray", or "inline" for one trial at a time in this process.
        address: "local" starts Ray on this machine; "auto" joins the cluster this is part of.
        hours: No longer than this; the same command continues.
        retries: How often a trial is tried again whose process died.
        trial_timeout: Seconds of wall clock after which a trial is ended for good.
        accept_changes: Whether a run may go on with another seed, sampler, pruner, settings or
            code than it was made with; that it did is on record.

    Raises:
        OptionError: If a value is not what its line above says.
    """

    runs: Path = Path("runs")
    name: str = ""
    storage: str = field(default="", repr=False)  # may hold a password
    checkpoints: str = ""
    slots: int | Literal["max"] = "max"
    cpus_per_slot: int = 1
    memory_per_slot: str = ""
    pool: Literal["ray", "inline"] = "ray"
    address: str = "local"
    hours: float = math.inf
    retries: int = 2
    trial_timeout: float = math.inf
    accept_changes: bool = False

    def __post_init__(self) -> None:
        storage = without_password(self.storage)
        for law, holds, value in (
            ("slots >= 1 or 'max'", self.slots == "max" or self.slots >= 1, self.slots),
            (
                "checkpoints 's3://bucket/folder' or the like, without a password",
                not self.checkpoints or _is_open_url(self.checkpoints),
                without_password(self.checkpoints),
            ),
            ("cpus_per_slot >= 1", self.cpus_per_slot >= 1, self.cpus_per_slot),
            ("pool 'ray' or 'inline'", self.pool in ("ray", "inline"), self.pool),
            (
                "storage 'postgresql://user@host/database'",
                not storage or storage.startswith("postgresql://"),
                storage,
            ),
            ("hours > 0", self.hours > 0, self.hours),
            ("retries >= 0", self.retries >= 0, self.retries),
            ("trial_timeout > 0", self.trial_timeout > 0, self.trial_timeout),
        ):
            if not holds:
                raise OptionError(f"run: expected {law}, got {value!r}")
        self._check_address()
        self._check_memory()

    def _check_address(self) -> None:
        if self.address not in ("local", "auto"):
            raise OptionError(
                f"run: expected address 'local' or 'auto', got {self.address!r}; a driver outside "
                f"its cluster loses all with its connection: use `python -m sweep submit STUDY.py "
                f"--address http://HEAD:8265`, or 'auto' on a node of the cluster"
            )

    def _check_memory(self) -> None:
        if self.memory_bytes is None:
            return
        is_local = self.address == "local"
        if self.pool == "inline" or (is_local and not memory.can_limit()):
            raise OptionError(
                f"run: expected pool 'ray' on Linux for memory_per_slot, got {self.pool!r} on "
                f"{sys.platform}; leave it out"
            )
        needed, there = self.n_slots * self.memory_bytes, machine_bytes()
        if is_local and needed > there:
            raise OptionError(
                f"run: expected {self.n_slots} slots of {self.memory_per_slot} to fit into this "
                f"machine's {size_text(there)}, got {size_text(needed)}; ask for fewer "
                f"--slots or less --memory-per-slot"
            )

    @property
    def memory_bytes(self) -> int | None:
        """`memory_per_slot` in bytes; None for no limit."""
        return n_bytes(self.memory_per_slot) if self.memory_per_slot else None

    @property
    def n_slots(self) -> int:
        """How many trials run at a time on this machine."""
        return max(1, n_cpus() // self.cpus_per_slot) if self.slots == "max" else self.slots


def _is_open_url(text: str) -> bool:
    """Whether it is a URL that anybody may see."""
    return "://" in text and without_password(text) == text
