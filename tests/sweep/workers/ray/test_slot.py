"""A study file on Ray: its top level runs in each slot, as it does in this process."""

from pathlib import Path

import pytest

import sweep

STUDY = """
import multiprocessing, threading, warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import sweep

warnings.filterwarnings("error", category=RuntimeWarning)
LOCK = threading.Lock()
LOADED = None


@dataclass(frozen=True)
class Settings:
    offset: int | None = None
    folder: Path = Path("nowhere")


settings = sweep.settings(Settings)


def square(x):
    return x * x


def space(trial):
    return {"how": trial.suggest_categorical("how", ["fork", "spawn", "executor", "warning"])}


def data():
    global LOADED
    LOADED = [3.0]


def train(config, data, seed, state):
    try:
        with LOCK:
            if config["how"] == "warning":
                warnings.warn("as an error", RuntimeWarning)
        if config["how"] == "executor":
            with ProcessPoolExecutor(1) as pool:
                squares = list(pool.map(square, LOADED))
        else:
            with multiprocessing.get_context(config["how"]).Pool(1) as pool:
                squares = pool.map(square, LOADED)
        for epoch in range(9):
            yield {"loss": squares[0] + (settings.offset or 0) + epoch}
    finally:
        with open(settings.folder / config["how"], "a") as file:
            file.write("closed ")


class Pruner:
    def decides_after(self, epoch):
        return epoch == 2

    def prunes(self, values, peers):
        return True


study = sweep.Study(
    name="top", space=space, train=train, data=data, minimize="loss", sampler="grid", trials=4,
    pruner=Pruner(),
)
"""


@pytest.mark.ray
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_study_file_behaves_alike_on_every_road(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "top.py"
    file.write_text(STUDY)
    study = sweep.load_study(file, {"offset": "7", "folder": str(tmp_path)})
    ended = []
    for pool in ("inline", "ray"):
        options = sweep.Options(runs=tmp_path / pool, pool=pool, slots=1)
        run = sweep.run(study, options)
        ended.append({record.params["how"]: record for record in run.records})
    for records in ended:
        assert records["warning"].failure is not None
        assert records["warning"].failure.message == "RuntimeWarning: as an error"
        for how in ("fork", "spawn", "executor"):
            losses = [epoch.metrics["loss"] for epoch in records[how].epochs]
            assert losses in (
                [16.0, 17.0],
                [16.0, 17.0, 18.0],
            )  # one looks for more
            assert (tmp_path / how).read_text() == "closed closed "
