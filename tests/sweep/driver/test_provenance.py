import os
import platform

import pytest

from sweep.machine import this_process
from sweep.text import without_password


def test_a_process_is_named_with_its_host_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "node-" + 60 * "x")
    text = this_process(63)
    assert len(text) == 63
    assert text.startswith(f"process {os.getpid()} on node-xx")
    assert " since 20" in text
    assert text.endswith("Z")
    assert f"on {platform.node()} since 20" in this_process()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("run a.py postgresql://ada:p@ss/w@h:5432/db", "run a.py postgresql://ada@h:5432/db"),
        ("--storage=postgresql://ada:secret@h/db -q", "--storage=postgresql://ada@h/db -q"),
        ("postgresql://h/db?password=secret&x=1", "postgresql://h/db?password=&x=1"),
        ("postgresql://ada@h:5432/db", "postgresql://ada@h:5432/db"),
        ("--set images=1000", "--set images=1000"),
    ],
)
def test_passwords_are_left_out(text: str, shown: str) -> None:
    assert without_password(text) == shown
