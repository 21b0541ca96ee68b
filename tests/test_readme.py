"""What the README says can be typed is typed here as it stands there, but for names of places."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import netlib as nl
import sweep
from netlib.__main__ import main as netlib_command
from sweep.cli.main import main
from tests import hosts, postgres
from tests.machine import environment_without_ray, free_port
from tests.sweep.cli.test_dashboard import ask

README = (Path(__file__).parents[1] / "README.md").read_text()
COMMANDS = list(dict.fromkeys(re.findall(r"python -m sweep ([a-z]+ [^`\n|]*[^`\n| ])", README)))
NOT_ALONE = ("submit", "dashboard")  # needs a cluster; does not end by itself
ALONE = [
    words for words in COMMANDS if not words.startswith(NOT_ALONE) and "--address" not in words
]

PLACES = {
    "RUN RUN...": "cnn other",
    "RUN": "cnn",
    "STUDY.py": "studies/cnn.py",
    "SCRIPT.py": "script.py",
}

STUDY = """
import sweep


def space(trial):
    return {"x": trial.suggest_float("x", -10, 10)}


def train(config, data, seed, state):
    for epoch in range(0 if state is None else state["epoch"], 5):
        yield sweep.Epoch({"loss": (config["x"] - 3) ** 2 / (epoch + 1)}, {"epoch": epoch + 1})


study = sweep.Study(name="cnn", space=space, train=train, minimize="loss", trials=8)
"""


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def line(start: str) -> str:
    """The line of the README that begins so."""
    (found,) = re.findall(rf"^{re.escape(start)}.*$", README, re.MULTILINE)
    return str(found)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A quick one in the place of cnn.py, in the current directory's folder of studies."""
    path = tmp_path / "studies" / "cnn.py"
    path.parent.mkdir()
    path.write_text(STUDY)
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs "cnn" and "other"."""
    folder = tmp_path_factory.mktemp("done")
    (folder / "cnn.py").write_text(STUDY)
    for more in (["--name", "cnn"], ["--name", "other", "--seed", "1"]):
        command = ["run", str(folder / "cnn.py"), "--runs", str(folder / "runs")]
        assert main([*command, "--pool", "inline", *more]) == 0
    return folder / "runs"


@pytest.fixture
def runs(study: Path, done: Path) -> None:
    """The runs "cnn" and "other"."""
    shutil.copytree(done, study.parents[1] / "runs")


def test_the_two_commands_stand_alone_on_a_line_each() -> None:
    commands = [line for block in code_blocks("sh") for line in block.splitlines()]
    assert [line for line in commands if "venv" in line] == [
        "python3 -m venv .venv && .venv/bin/pip install -e . "
        "&& .venv/bin/python -m sweep run studies/cnn.py",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest",
    ]


@pytest.mark.usefixtures("runs")
@pytest.mark.parametrize("words", ALONE)
def test_every_command(words: str, request: pytest.FixtureRequest) -> None:
    for name, place in PLACES.items():
        words = words.replace(name, place)
    if "--storage" in words:
        url = request.getfixturevalue("server").new_database()
        words = words.replace("postgresql://ada@db.example/sweeps", f"{url} --name on-a-server")
    if words.startswith("init "):
        Path(words.split()[1]).write_text("def train(lr=0.1): ...")
    if words == "run digits.py":
        Path("digits.py").write_text(quick_digits())
    more = ["--pool", "inline"] if words.startswith("run ") else []
    assert main([*shlex.split(words), *more]) == 0


def quick_digits() -> str:
    """The study that the README explains, with fewer images and trials."""
    text = next(block for block in code_blocks("python") if "nl.fit(" in block)
    quick = text.replace(".split(10_000", ".take(1_000).split(500").replace("trials=12", "trials=2")
    quick = quick.replace("5_000", "500")
    assert quick.count("take(1_000).split(500") == quick.count("trials=2") == 1
    return quick


@pytest.mark.usefixtures("runs")
def test_the_dashboard() -> None:
    assert "`python -m sweep dashboard RUN`" in README
    port = str(free_port())
    command = [sys.executable, "-m", "sweep", "dashboard", "cnn", "--port", port]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        studies = ask(f"http://127.0.0.1:{port}", "/api/studies")
        server.terminate()
    assert "'cnn'" in str(studies)


@pytest.mark.usefixtures("runs")
def test_a_run_in_python() -> None:
    names: dict[str, object] = {"sweep": sweep}
    exec(next(block for block in code_blocks("python") if "sweep.Run(" in block), names)
    assert re.search(
        r"runs/cnn': cnn, 8 of 8 trials have ended, best loss \d\S+ \(trial \d\)\)$",
        repr(names["run"]),
    )


def test_a_script_runs_its_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = next(block for block in code_blocks("python") if "sweep.replay(" in block)
    names: dict[str, object] = {"__name__": "__main__"}
    exec(text.replace("slots=2", 'pool="inline"'), names)
    assert "runs/square': square, 8 of 8 trials have ended, best loss" in repr(names["run"])


def test_the_network_trains() -> None:
    text = next(block for block in code_blocks("python") if "in nl.fit" in block)
    quick = text.replace('nl.mnist("train").split', 'nl.mnist("train").take(600).split')
    quick = quick.replace("10_000", "100").replace("epochs=4", "epochs=1")
    assert quick.count("take(600)") == 1
    lines: list[dict[str, float]] = []
    exec(quick.replace("print(epoch.number, ", "lines.append("), {"lines": lines})
    assert len(lines) == 1


def test_the_best_network_and_what_to_do_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = re.findall(r"^python -m netlib (.*)", README, re.MULTILINE)
    model = tmp_path / "runs" / "cnn" / "best" / "weights.safetensors"
    model.parent.mkdir(parents=True)
    network = nl.Sequential(nl.Flatten(), nl.Dense(10))
    network.build((28, 28, 1), np.random.default_rng(0))
    nl.save_model(network, model)
    Image.fromarray(nl.mnist("test").images[0, ..., 0]).save(tmp_path / "seven.png")
    monkeypatch.chdir(tmp_path)
    assert [netlib_command(shlex.split(command)) for command in commands] == [0, 0, 0]
    assert capsys.readouterr().out.startswith("seven.png: ")
    written = {path.name for path in tmp_path.iterdir()} - {"runs", "seven.png"}
    assert written == {"digits.onnx", "digits.py", "digits.safetensors"}


@pytest.mark.ray
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("study")
def test_a_cluster_of_two_hosts(binaries: Path, network: hosts.Network, tmp_path: Path) -> None:
    head, worker = network.host(1), network.host(2)
    for host in (head, worker):  # by its default route Ray finds a host's own address
        network.ip("route", "add", "default", "dev", host.name, inside=host.name)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    more = {"HOME": str(tmp_path), "PATH": path, "RAY_TMPDIR": str(network.scratch)}

    def type_in(command: str, host: hosts.Host = head) -> str:
        said = tmp_path / "said"  # no pipe: what stays in the background would keep it open
        with said.open("w") as out:
            answer = subprocess.run(
                [*host.inside, "bash", "-c", f"cd {tmp_path} && {command}"],
                env=environment_without_ray() | more,
                stdout=out,
                stderr=subprocess.STDOUT,
                timeout=200,
                check=False,
            )
        assert answer.returncode == 0, said.read_text()
        return said.read_text()

    type_in(line("(umask 077;"))
    type_in(line("RAY_AUTH_MODE=token RAY_worker_niceness=0 ray start --head"))
    join = line("RAY_AUTH_MODE=token RAY_worker_niceness=0 ray start --address=")
    type_in(join.replace("HEAD", head.address), worker)
    submits = re.findall(r"^python -m sweep submit .*$", README, re.MULTILINE)
    plain, remote = submits
    assert "all 8 trials are done" in type_in(plain.replace("/results", f"{tmp_path}/results"))
    with postgres.running(binaries, head.address, head.inside) as server:
        password = tmp_path / ".pgpass"
        password.touch(mode=0o600)
        password.write_text(f"*:*:*:*:{server.password}")
        url = server.new_database().replace(f":{server.password}", "")
        remote = remote.replace("postgresql://ada@db.example/sweeps", url)
        remote = remote.replace("s3://sweeps/checkpoints", f"file://{tmp_path}/bucket")
        remote = remote.replace("/tmp/runs", f"{tmp_path}/runs")
        assert "all 8 trials are done" in type_in(remote)
        assert list((tmp_path / "bucket").rglob("*.safetensors"))
    assert "python -m sweep run ... --address auto" in README
    here = f"python -m sweep run studies/cnn.py --address auto --runs {tmp_path}/auto"
    assert "all 8 trials are done" in type_in(here)
