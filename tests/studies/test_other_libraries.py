"""Studies that train with PyTorch or scikit-learn, and the processes that these start."""

from pathlib import Path

import pytest

import sweep

TORCH = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import sweep


def space(trial):
    return {"rate": trial.suggest_float("rate", 1e-3, 1e-1, log=True)}


def data():
    x = torch.randn(128, 4, generator=torch.Generator().manual_seed(0))
    return TensorDataset(x, (x.sum(1) > 0).long())


def train(config, data, seed, state):
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    adam = torch.optim.Adam(net.parameters(), lr=config["rate"])
    together = lambda rows: [torch.stack(column) for column in zip(*rows)]
    loader = DataLoader(data, batch_size=32, shuffle=True, num_workers=2, collate_fn=together)
    for _ in range(2):
        total = 0.0
        for x, y in loader:
            adam.zero_grad()
            loss = nn.functional.cross_entropy(net(x), y)
            loss.backward()
            adam.step()
            total += loss.detach()
        yield {"loss": total, "threads": torch.get_num_threads()}


study = sweep.Study(name="loader", space=space, train=train, data=data, minimize="loss", trials=2)
"""

SKLEARN = """
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

import sweep


def space(trial):
    kind = trial.suggest_categorical("classifier", ["svc", "neighbours"])
    if kind == "svc":
        return {"kind": kind, "c": trial.suggest_float("c", 1e-10, 1e10, log=True)}
    return {"kind": kind, "k": trial.suggest_int("k", 1, 9, step=2)}


def train(config, data, seed, state):
    is_svc = config["kind"] == "svc"
    model = SVC(C=config["c"]) if is_svc else KNeighborsClassifier(config["k"])
    yield {"accuracy": cross_val_score(model, *data, n_jobs=2, cv=3).mean()}


study = sweep.Study(
    name="classifiers",
    space=space,
    train=train,
    data=lambda: load_iris(return_X_y=True),
    maximize="accuracy",
    trials=8,
)
"""


def run(folder: Path, text: str) -> sweep.Run:
    file = folder / "study.py"
    file.write_text(text)
    return sweep.run(sweep.load_study(file), sweep.Options(runs=folder, pool="inline"))


@pytest.mark.filterwarnings("ignore")  # theirs
def test_a_loader_of_pytorch_has_its_worker_processes(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    records = run(tmp_path, TORCH).records
    assert [record.ending.value for record in records] == ["complete"] * 2
    assert {epoch.metrics["threads"] for record in records for epoch in record.epochs} == {1.0}
    assert all(record.curve("loss")[1] < record.curve("loss")[0] for record in records)


@pytest.mark.filterwarnings("ignore")  # theirs
def test_classifiers_with_parameters_of_their_own_are_scored_in_parallel(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    finished = run(tmp_path, SKLEARN)
    assert [record.ending.value for record in finished.records] == ["complete"] * 8
    assert {record.params["classifier"] for record in finished.records} == {"svc", "neighbours"}
    assert finished.best is not None
    assert (finished.best.score or 0) > 0.9
