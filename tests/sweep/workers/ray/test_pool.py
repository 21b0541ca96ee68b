import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sweep
from sweep.checkpoints.local import LocalCheckpoints
from sweep.driver.ledger import open_ledger
from sweep.driver.loop import Driver
from sweep.driver.verify.replay import other_suggestions
from sweep.storage.database import Database
from sweep.storage.sqlite import SQLiteFile
from sweep.workers.messages import Progress, SlotLost, Work
from sweep.workers.pool import InlinePool
from sweep.workers.process.kernel import is_kernel
from tests.lasting import lasting

pytestmark = pytest.mark.ray

MakeStudy = Callable[..., sweep.Study]
PARAMS: dict[str, Any] = {"x": 0.5, "k": 2}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    from sweep.workers.ray import cluster

    with cluster.cluster("local", slots=2, cpus_per_slot=1) as started:
        yield started


@pytest.fixture
def make_pool(cluster: Any) -> Iterator[Callable[..., Any]]:
    from sweep.workers.ray.pool import RayPool

    pools = []

    def make(study: sweep.Study, data: Any = None, slots: int = 2) -> RayPool:
        pools.append(RayPool(cluster, study, data, slots))
        return settled(pools[-1], slots)

    yield make
    for pool in pools:
        pool.close()


def settled(pool: Any, n: int) -> Any:
    """The pool, once so many slots are idle."""
    deadline = time.monotonic() + 60
    while len(pool.idle) < n and time.monotonic() < deadline:
        assert pool.wait(0.1) == []
    return pool


def answers(pool: Any, n: int) -> dict[int, Progress | SlotLost]:
    found: dict[int, Progress | SlotLost] = {}
    deadline = time.monotonic() + 60
    while len(found) < n and time.monotonic() < deadline:
        found.update(pool.wait(1.0))
    return found


def local(make_study: MakeStudy, **changes: Any) -> sweep.Study:
    """A study whose functions travel by value, as those of a study file do."""
    import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[make_study().space.__module__])
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    return make_study(**changes)


def test_slots_train_side_by_side_like_this_process(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    from sweep.workers.session import Session

    study = local(make_study)
    pool = make_pool(study)
    assert (pool.size, pool.idle) == (2, [0, 1])
    pool.advance(0, Work(7, PARAMS, seed=1))
    pool.advance(1, Work(8, PARAMS, seed=2))
    assert pool.idle == []
    found = answers(pool, 2)
    for slot, trial, seed in ((0, 7, 1), (1, 8, 2)):
        here = Session(study, None, blas_threads=1).advance(Work(trial, PARAMS, seed))
        there = found[slot]
        assert isinstance(there, Progress)
        assert there.trial == trial
        assert [e.metrics for e in there.epochs] == [e.metrics for e in here.epochs]
        assert there.checkpoint == here.checkpoint
        pool.release(slot)
    assert pool.idle == [0, 1]


def test_slots_have_one_blas_thread_per_core_whatever_the_shell_says(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    pool = make_pool(local(make_study))
    assert [pool.worker(slot).blas_threads for slot in (0, 1)] == [1, 1]
    assert pool.worker(0).pid != pool.worker(1).pid != os.getpid()


def test_slots_have_the_kernel_that_was_asked_for(make_study: MakeStudy, cluster: Any) -> None:
    from sweep.workers.ray.pool import RayPool

    asked = "ARMV8" if platform.machine() in ("aarch64", "arm64") else "Prescott"
    with closing(RayPool(replace(cluster, blas_kernel=asked), local(make_study), None, 1)) as pool:
        got = settled(pool, 1).worker(0).kernel
    assert got is not None
    assert is_kernel(asked, got)


def sum_of(_config: Any, data: dict[str, Any], *_: Any) -> Iterator[dict[str, float]]:
    images = data["images"]
    yield {"loss": float(images.sum()), "writeable": float(images.flags.writeable)}


def test_data_arrives_whole_and_read_only(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    data = {"images": np.arange(1_000_000, dtype=np.uint8)}
    pool = make_pool(local(make_study, train=sum_of), data, slots=1)
    pool.advance(0, Work(0, PARAMS, seed=1))
    answer = answers(pool, 1)[0]
    assert isinstance(answer, Progress)
    assert answer.epochs[0].metrics == {"loss": float(data["images"].sum()), "writeable": 0.0}


DRIVER_ONLY = [
    *("pandas", "optuna", "sqlalchemy", "matplotlib", "jinja2", "click", "rich", "PIL"),
    *("psycopg", "fsspec", "sweep.storage", "sweep.samplers", "sweep.reports", "sweep.cli"),
]


def test_slots_do_not_load_what_only_the_driver_needs(
    study_file: Callable[..., Path], make_pool: Callable[..., Any]
) -> None:
    path = study_file(
        ("import sweep\n", "import sys\nimport sweep\n"),
        ('{"loss":', f'{{n: float(n in sys.modules) for n in {DRIVER_ONLY}}} | {{"loss":'),
    )
    pool = make_pool(sweep.load_study(path), slots=1)
    pool.advance(0, Work(0, PARAMS, seed=1))
    answer = answers(pool, 1)[0]
    assert isinstance(answer, Progress)
    metrics = answer.epochs[0].metrics
    assert [name for name in DRIVER_ONLY if metrics[name]] == []


def test_the_last_trial_of_a_slot_runs_its_finally_blocks_before_the_process_ends(
    make_study: MakeStudy, make_pool: Callable[..., Any], tmp_path: Path
) -> None:
    def train(*_: object) -> Iterator[dict[str, float]]:
        try:
            while True:
                yield {"loss": 1.0}
        finally:
            (tmp_path / "ended").touch()

    pool = make_pool(local(make_study, train=train, pruner=sweep.Asha()), slots=1)
    pool.advance(0, Work(0, PARAMS, seed=1))
    assert isinstance(answers(pool, 1)[0], Progress)
    pool.release(0)
    pool.close()
    assert (tmp_path / "ended").exists()


def slow(*_: Any) -> Iterator[dict[str, float]]:
    time.sleep(60)
    yield {"loss": 1.0}


def test_a_killed_process_is_a_lost_slot_and_a_new_one_takes_its_place(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    pool = make_pool(local(make_study, train=slow), slots=1)
    before = pool.worker(0).pid
    pool.advance(0, Work(5, PARAMS, seed=1))
    os.kill(before, signal.SIGKILL)
    answer = answers(pool, 1)[0]
    assert isinstance(answer, SlotLost)
    assert answer.trial == 5
    assert settled(pool, 1).idle == [1]
    assert pool.worker(1).pid != before


def test_an_idle_slot_whose_process_is_gone_is_replaced_before_it_gets_a_trial(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    pool = make_pool(local(make_study), slots=1)
    os.kill(pool.worker(0).pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while pool.idle != [1]:
        assert pool.wait(0.1) == []
        assert time.monotonic() < deadline
    pool.advance(1, Work(5, PARAMS, seed=1))
    answer = answers(pool, 1)[1]
    assert isinstance(answer, Progress)
    assert answer.trial == 5


def test_a_stuck_slot_is_killed_and_replaced(
    make_study: MakeStudy, make_pool: Callable[..., Any]
) -> None:
    pool = make_pool(local(make_study, train=slow), slots=1)
    before = pool.worker(0).pid
    pool.advance(0, Work(5, PARAMS, seed=1))
    time.sleep(0.5)
    pool.kill(0)
    assert settled(pool, 1).idle == [1]
    assert pool.worker(1).pid != before
    assert pool.wait(0.1) == []


STUDY = """
    import os, time
    import helper
    import numpy as np
    import sweep

    def space(trial):
        return {"x": trial.suggest_float("x", -1, 1)}

    def train(config, data, seed, state):
        rng = np.random.default_rng(seed)
        total, done = (0.0, 0) if state is None else (float(state["total"][0]), state["epoch"])
        if state is not None:
            rng.bit_generator.state = state["rng"]
        for epoch in range(done, 4):
            time.sleep(2.0 if os.path.exists(SLOWLY) else 0.15)
            total = total / 2 + helper.square(config["x"]) + rng.normal() * 1e-3
            rng_state = rng.bit_generator.state
            yield sweep.Epoch(
                {"loss": total},
                {"total": np.array([total]), "epoch": epoch + 1, "rng": rng_state},
            )

    study = sweep.Study(
        name="slow", space=space, train=train, minimize="loss", trials=10,
        pruner=sweep.Asha(min_epochs=1, factor=4, max_epochs=4), sampler="random",
    )
"""


@pytest.fixture
def slow_study(tmp_path: Path) -> Path:
    import textwrap

    (tmp_path / "helper.py").write_text("def square(x):\n    return x * x\n")
    path = tmp_path / "slow.py"
    path.write_text(textwrap.dedent(STUDY).replace("SLOWLY", repr(str(tmp_path / "slowly"))))
    return path


def start(study: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sweep", "run", str(study), "--runs", str(study.parent), *more]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def wait_for_epochs(run: Path, n: int, driver: subprocess.Popen[str]) -> sweep.Run:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and driver.poll() is None:
        time.sleep(0.1)
        try:
            read = sweep.Run(run)
        except sweep.SweepError:
            continue
        if sum(len(record.epochs) for record in read.records) >= n:
            return read
    raise AssertionError(f"no {n} epochs: {driver.communicate()[0]}")


def test_killing_the_driver_loses_and_repeats_nothing(slow_study: Path) -> None:
    run = slow_study.parent / "slow"
    finished: dict[int, str] = {}
    for n_epochs in (3, 12):
        driver = start(slow_study)
        wait_for_epochs(run, n_epochs, driver)
        os.killpg(driver.pid, signal.SIGKILL)
        driver.communicate()
        read = sweep.Run(run)
        table = read.trials()
        now = {r.number: str(table.iloc[r.number].to_dict()) for r in read.records if r.finished}
        assert finished.items() <= now.items()
        finished = now
    options = sweep.Options(runs=slow_study.parent, pool="inline")
    read = sweep.run(sweep.load_study(slow_study), options)
    table = read.trials()
    assert [record.number for record in read.records] == list(range(10))
    assert {number: str(table.iloc[number].to_dict()) for number in finished} == finished
    for record in read.records:
        assert [epoch.number for epoch in record.epochs] == list(range(1, len(record.epochs) + 1))
    whole = sweep.run(sweep.load_study(slow_study), replace(options, name="whole"))
    for record, uninterrupted in zip(read.records, whole.records, strict=True):
        n = min(len(record.epochs), len(uninterrupted.epochs))
        assert record.params == uninterrupted.params
        assert record.curve("loss")[:n] == uninterrupted.curve("loss")[:n]


def test_killing_a_worker_costs_an_attempt_and_no_trial(slow_study: Path) -> None:
    run = slow_study.parent / "slow"
    driver = start(slow_study, "--slots", "2", "--trials", "6")
    read = wait_for_epochs(run, 2, driver)
    victim = next(record for record in read.records if record.worker and not record.finished)
    assert victim.worker is not None
    os.kill(victim.worker.pid, signal.SIGKILL)
    out, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, out
    read = sweep.Run(run)
    assert [record.number for record in read.records] == list(range(6))
    assert sum(len(record.attempts) for record in read.records) == 1
    assert all(record.finished for record in read.records)


@pytest.mark.parametrize(
    "signals",
    [
        [signal.SIGTERM],
        [signal.SIGHUP],
        [signal.SIGINT, signal.SIGINT],
    ],
)
def test_an_interruption_loses_nothing_and_leaves_no_process_behind(
    slow_study: Path, signals: list[signal.Signals]
) -> None:
    run, slowly = slow_study.parent / "slow", slow_study.parent / "slowly"
    slowly.touch()  # else it may be over before the signal comes
    driver = start(slow_study, "--trials", "4")
    wait_for_epochs(run, 2, driver)
    processes = descendants_of(driver, 4)  # two of Ray's own, two workers
    for number in signals:
        os.kill(driver.pid, number)
        time.sleep(0.05)
    out, _ = driver.communicate(timeout=30)
    assert driver.returncode == 130, out
    assert out.count("interrupted: run the same command again to resume") == 1
    assert "Traceback" not in out
    wait_until_gone(processes)
    before = {r.number: len(r.epochs) for r in sweep.Run(run).records}
    assert sum(before.values()) >= 2
    slowly.unlink()
    options = sweep.Options(runs=slow_study.parent, pool="inline")
    after = sweep.run(replace(sweep.load_study(slow_study), trials=4), options).records
    assert [record.number for record in after] == list(range(4))
    assert all(len(after[number].epochs) >= n for number, n in before.items())
    for record in after:
        assert [epoch.number for epoch in record.epochs] == list(range(1, len(record.epochs) + 1))


@pytest.mark.parametrize("seconds", [1.5, 3.0])
def test_an_interruption_while_ray_starts_leaves_no_process_behind(
    slow_study: Path, seconds: float
) -> None:
    driver = start(slow_study)
    time.sleep(seconds)
    processes = descendants(driver.pid)
    os.kill(driver.pid, signal.SIGTERM)
    out, _ = driver.communicate(timeout=30)
    assert driver.returncode in (130, -signal.SIGTERM), out  # the latter before there is a run
    wait_until_gone(processes)


def descendants_of(driver: subprocess.Popen[str], n: int) -> list[int]:
    """All descendants of a process, once there are at least `n`."""
    end = time.monotonic() + 60
    while len(found := descendants(driver.pid)) < n:
        assert time.monotonic() < end, f"expected {n} processes, got {len(found)}"
        time.sleep(0.05)
    return found


def descendants(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *descendants(child)]
    return found


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 30
    while left := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def test_a_study_that_no_other_process_can_load_is_refused(
    make_study: MakeStudy, make_pool: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from types import ModuleType

    only_here = ModuleType("only_here")
    exec("def train(*_): yield {'loss': 1.0}", only_here.__dict__)
    monkeypatch.setitem(sys.modules, "only_here", only_here)
    message = r"slots: processes fail to start: .*No module named 'only_here'\. Install this"
    with pytest.raises(sweep.OptionError, match=message):
        make_pool(local(make_study, train=only_here.train))


def test_a_slot_that_fits_nowhere_is_given_up(
    make_study: MakeStudy, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sweep.workers.ray import pool
    from sweep.workers.ray.cluster import Cluster

    cluster.start(None)
    monkeypatch.setattr(pool, "START_TIMEOUT_S", 3.0)
    large = Cluster("auto", 1, cpus_per_slot=64, memory_per_slot=None)
    with pytest.raises(sweep.OptionError, match=r"no process with 64 cores started within 3 s\. U"):
        pool.RayPool(large, local(make_study), None, useful=1)


def branching(trial: sweep.Trial) -> dict[str, Any]:
    config: dict[str, Any] = {"x": trial.suggest_float("x", -1, 1), "k": 1}
    if trial.suggest_categorical("kind", ("flat", "deep")) == "deep":
        config["k"] = trial.suggest_int("depth", 2, 5)
    return config


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "qmc"])
def test_one_table_on_two_slots_and_in_this_process(
    make_study: MakeStudy, make_pool: Callable[..., Any], tmp_path: Path, sampler: Any
) -> None:
    pruner = sweep.Asha(min_epochs=1, factor=2, max_epochs=4)
    more = {"sampler": sampler, "pruner": pruner, "deterministic": True, "window": 3, "trials": 14}
    study = local(make_study, space=branching, **more)
    pools = {"here": InlinePool(study, None, blas_threads=1), "ray": make_pool(study)}
    tables = {}
    for name, pool in pools.items():
        (tmp_path / name).mkdir()
        with closing(Database(SQLiteFile(tmp_path / name / "sweep.db"))) as database:
            table = database.ensure(study.name, minimize=True, attributes={})
            ledger = open_ledger(study, table, LocalCheckpoints(tmp_path / name, study.name))
            Driver(study, ledger, sweep.Options(), lambda *_: None).run(pool)
            tables[name] = table.trials()
    assert lasting(tables["ray"]) == lasting(tables["here"])
    assert list(other_suggestions({0: study}, tables["ray"])) == []
    assert {r.worker.pid for r in tables["ray"] if r.worker} - {os.getpid()}
