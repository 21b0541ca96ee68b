"""Memory of earlier trials."""

import gc
import signal
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

import sweep
from sweep.workers.messages import Work
from sweep.workers.process import garbage
from sweep.workers.process.garbage import Garbage
from sweep.workers.session import Session


class Network:
    def __init__(self) -> None:
        self.itself = self


def test_a_trial_begins_without_the_cycles_of_the_last(
    make_study: Callable[..., sweep.Study],
) -> None:
    networks: list[weakref.ref[Network]] = []
    alive: list[int] = []

    def train(*_: object) -> Iterator[dict[str, float]]:
        alive.append(sum(network() is not None for network in networks))
        network = Network()
        networks.append(weakref.ref(network))
        yield {"loss": 1.0}

    gc.disable()
    try:
        with closing(Session(make_study(train=train), None, blas_threads=1)) as session:
            for number in range(3):
                session._garbage._next = 0.0
                list(session.train(Work(number, {"x": 0.5, "k": 2}, seed=1)))
    finally:
        gc.enable()
    assert alive == [0, 0, 0]


def test_collecting_takes_a_small_share_of_the_time(monkeypatch: Any) -> None:
    times = iter([100.0, 101.0, 120.0, 121.5, 121.5])
    monkeypatch.setattr(garbage.time, "monotonic", lambda: next(times))
    collected: list[int] = []
    monkeypatch.setattr(garbage.gc, "collect", lambda: collected.append(1))
    rubbish = Garbage()
    for expected in (2, 2, 3):  # one by Garbage() itself; the second call comes too early
        rubbish.collect()
        assert len(collected) == expected
    rubbish.close()


class Interrupting:
    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_while_memory_is_freed_is_not_lost() -> None:
    with closing(Garbage()) as garbage:
        Interrupting()
        with pytest.raises(KeyboardInterrupt):
            garbage.collect()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
