"""A study of a program, from a few lines of Python or of shell."""

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sweep

Make = Callable[..., sweep.Study]


def space(trial: sweep.Trial) -> dict[str, Any]:
    return {"x": trial.suggest_float("x", -1, 1), "k": trial.suggest_int("k", 1, 3)}


@pytest.fixture
def of_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A maker of studies: the text of a program, then fields of `sweep.program` and `Study`."""
    monkeypatch.chdir(tmp_path)

    def make(text: str, words: tuple[str, ...] = (), **fields: Any) -> sweep.Study:
        script = tmp_path / "train.sh"
        script.write_text(textwrap.dedent(text))
        names = sweep.program.__dataclass_fields__
        of_program = {name: fields.pop(name) for name in [*fields] if name in names}
        command = ["sh", "train.sh", *(words or ("{x}", "{k}"))]
        of_program = {"command": command, "grace_seconds": 1.0} | of_program
        program = sweep.program(**of_program)
        usual: dict[str, Any] = {"name": "toy", "space": space, "minimize": "loss", "trials": 1}
        return sweep.Study(train=program, **(usual | fields))

    return make
