"""This file holds how a study is run: where, on how many slots, for how long."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sweep.errors import OptionError
from sweep.provenance import n_cpus


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a study is run; nothing here changes what its trials compute.

    Attributes:
        runs: The directory that holds run directories.
        name: Of the run directory; the study's name if empty.
        slots: How many trials at a time; as many as the cores allow if None.
        cpus_per_slot: Cores, and BLAS threads, of each.
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
    slots: int | None = None
    cpus_per_slot: int = 1
    pool: Literal["ray", "inline"] = "ray"
    address: str = "local"
    hours: float = math.inf
    retries: int = 2
    trial_timeout: float = math.inf
    accept_changes: bool = False

    def __post_init__(self) -> None:
        for law, holds, value in (
            ("slots >= 1", self.slots is None or self.slots >= 1, self.slots),
            ("cpus_per_slot >= 1", self.cpus_per_slot >= 1, self.cpus_per_slot),
            ("pool 'ray' or 'inline'", self.pool in ("ray", "inline"), self.pool),
            ("address 'local' or 'auto'", self.address in ("local", "auto"), self.address),
            ("hours > 0", self.hours > 0, self.hours),
            ("retries >= 0", self.retries >= 0, self.retries),
            ("trial_timeout > 0", self.trial_timeout > 0, self.trial_timeout),
        ):
            if not holds:
                raise OptionError(f"run: expected {law}, got {value!r}")

    @property
    def n_slots(self) -> int:
        """How many trials run at a time."""
        return self.slots or max(1, n_cpus() // self.cpus_per_slot)
