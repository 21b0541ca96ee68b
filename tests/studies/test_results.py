"""What the README of the results says of weights works for those of any training of model 12."""

import re
from dataclasses import replace
from pathlib import Path

import netlib as nl
from sweep.checkpoints import Checkpoint, encode

README = Path(__file__).parents[2] / "studies" / "results" / "README.md"


def replaced(text, pairs):
    for old, new in pairs.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def test_weights_are_taken_from_a_state_and_judged_by_netlib_alone(load, digits, tmp_path):
    study = load("raoulluque")
    test = nl.mnist("test").take(100)
    config = replace(study.MODELS["12"], images=64, epochs=1)
    (epoch,) = study.train(config, (digits, test), 0, None)
    (tmp_path / "state").write_bytes(encode(Checkpoint(1, epoch.state)))
    judge, take = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.M | re.S)
    assert "sweep" not in re.findall(r"^(?:import|from) (\w+)", judge + take, re.M)
    weights = "studies/results/raoulluque/model-12.safetensors"
    state = "runs/raoulluque/checkpoints/raoulluque-00029.safetensors"
    exec(replaced(take, {state: str(tmp_path / "state"), weights: str(tmp_path / "weights")}), {})
    printed = []
    pairs = {weights: str(tmp_path / "weights"), 'nl.mnist("test")': 'nl.mnist("test").take(100)'}
    exec(replaced(judge, pairs), {"print": printed.append})
    assert printed == [epoch.metrics["test_error"]]
    assert (tmp_path / "weights").stat().st_size < 1_000_000
