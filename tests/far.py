"""A study for sweeps on several nodes, and the result that all such sweeps must reach."""

import math
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import sweep

PATIENCE_S = 200
"""Seconds to wait for what takes a few seconds on an idle machine."""

STUDY = """
    import time
    from pathlib import Path
    import numpy as np
    import sweep
    import beside

    def space(trial):
        return {"x": trial.suggest_float("x", -1, 1)}

    def train(config, data, seed, state):
        import beside_late
        rng = np.random.default_rng(seed)
        total, done = (0.0, 0) if state is None else (float(state["total"][0]), state["epoch"])
        if state is not None:
            rng.bit_generator.state = state["rng"]
        for epoch in range(done, EPOCHS):
            time.sleep(1.0 if Path(SLOWLY).exists() else 0.0)
            total = total / 2 + beside.square(config["x"]) + rng.normal() * 1e-3 + data.total()
            yield sweep.Epoch(
                {"loss": total, "node": beside_late.node(), "begun_after": done},
                {"total": np.array([total]), "epoch": epoch + 1, "rng": rng.bit_generator.state},
            )

    study = sweep.Study(
        name="far", space=space, train=train, minimize="loss", trials=TRIALS, sampler="random",
        data=beside.Data,
    )
"""

BESIDE = """
    import numpy as np

    class Data:
        def __init__(self):
            self.array = np.ones(1000)

        def total(self):
            return self.array.sum()

    def square(x):
        return x * x
"""

LATE = """
    import ray

    def node():
        if not ray.is_initialized():
            return 0
        return int(ray.get_runtime_context().get_node_id()[:8], 16)
"""


def write_study(folder: Path, trials: int, epochs: int, slowly: Path) -> Path:
    """Write a study whose metrics tell the node, with two local modules, one imported late.

    Its epochs take a second while the file `slowly` exists, which is created here.
    """
    folder.mkdir()
    slowly.touch()
    text = textwrap.dedent(STUDY)
    for name, value in (("EPOCHS", epochs), ("SLOWLY", repr(str(slowly))), ("TRIALS", trials)):
        text = text.replace(name, str(value))
    (folder / "beside.py").write_text(textwrap.dedent(BESIDE))
    (folder / "beside_late.py").write_text(textwrap.dedent(LATE))
    path = folder / "far.py"
    path.write_text(text)
    return path


def start(
    words: list[str], environment: Mapping[str, str], prefix: list[str] | None = None
) -> subprocess.Popen[str]:
    """Start a command of sweep in the background."""
    return subprocess.Popen(
        [*(prefix or []), sys.executable, "-m", "sweep", *words],
        env=dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until(
    holds: Callable[[sweep.Run], object], run: Path, driver: subprocess.Popen[str]
) -> sweep.Run:
    """Return the run once `holds` is true of it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and driver.poll() is None:
        time.sleep(0.2)
        try:
            read = sweep.Run(run)
        except sweep.SweepError:
            continue
        if holds(read):
            return read
    code = driver.poll()
    driver.kill()
    raise AssertionError(f"not in time (exit code {code}): {driver.communicate()[0]}")


def finish(driver: subprocess.Popen[str]) -> str:
    """Return what a command printed, once it has succeeded."""
    try:
        out, _ = driver.communicate(timeout=PATIENCE_S)
    finally:
        driver.kill()
    assert driver.returncode == 0, out
    return out


def epochs_by_node(run: sweep.Run) -> Counter[float]:
    """Return how many epochs were trained on each node."""
    return Counter(epoch.metrics["node"] for record in run.records for epoch in record.epochs)


def nodes_at_work(run: sweep.Run, n_epochs: int = 1) -> set[float]:
    """Return the nodes that have trained `n_epochs`; a checkpoint is written after 5 seconds."""
    return {node for node, count in epochs_by_node(run).items() if count >= n_epochs}


def continued(run: sweep.Run) -> bool:
    """Return whether a trial has resumed from a checkpoint."""
    epochs = [epoch for record in run.records for epoch in record.epochs]
    return any(epoch.metrics["begun_after"] for epoch in epochs)


def reasons(run: sweep.Run) -> list[str]:
    """Return why attempts were cut short."""
    return [attempt["reason"] for record in run.records for attempt in record.attempts]


def check_whole(run: sweep.Run, study: Path, trials: int) -> None:
    """Check that there are exactly `trials` trials, each as if nothing had been cut short."""
    here = sweep.Options(runs=study.parent / "here", pool="inline")
    whole = sweep.run(sweep.load_study(study), here)
    assert [record.number for record in run.records] == list(range(trials))
    for record, expected in zip(run.records, whole.records, strict=True):
        assert record.ending == "complete", record.failure
        assert record.params == expected.params
        assert record.curve("loss") == expected.curve("loss")
        assert math.isfinite(record.score or math.nan)
