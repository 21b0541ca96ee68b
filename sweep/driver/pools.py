"""Opens the pools of slots that a run trains on."""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from sweep.driver.options import Options
from sweep.study.study import Study
from sweep.workers.pool import InlinePool, Pool

if TYPE_CHECKING:
    from sweep.workers.ray.cluster import Cluster


class Pools:
    """The pools of one run, all on one Ray, which the first of them starts and `close` ends."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._stack = ExitStack()
        self._cluster: Cluster | None = None

    def open(self, study: Study, data: Any, useful: int) -> Pool:
        """Open a pool.

        Args:
            study: The study whose trials it trains.
            data: The data that all its slots share.
            useful: Number of slots that there is work for.
        """
        options = self._options
        if options.pool == "inline":
            return InlinePool(study, data, options.cpus_per_slot)
        from sweep.workers.ray import cluster, pool  # half a second, wasted if no trial is left

        if self._cluster is None:
            follows_nodes = options.slots == "max" and options.address != "local"
            slots = None if follows_nodes else options.n_slots
            of_slot = options.cpus_per_slot, options.memory_bytes, options.blas_kernel
            started = cluster.cluster(options.address, slots, *of_slot)
            self._cluster = self._stack.enter_context(started)
        return pool.RayPool(self._cluster, study, data, useful)

    def close(self) -> None:
        """End Ray, if a pool has started it."""
        self._stack.close()
