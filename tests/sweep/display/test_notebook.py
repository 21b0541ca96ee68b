"""Progress in a notebook. IPython stands in as its two functions that are called."""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import sweep
from sweep.display.notebook import MAX_LINES, in_notebook

Shown = list[dict[str, str]]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What is shown below a cell, from first to last."""
    shown: Shown = []

    def display(content: dict[str, str], *, raw: bool, display_id: bool) -> Any:
        assert raw
        assert display_id
        return SimpleNamespace(update=update)

    def update(content: dict[str, str], *, raw: bool) -> None:
        assert raw
        shown.append(content)

    package, module = ModuleType("IPython"), ModuleType("IPython.display")
    package.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    package.version_info = (9, 0)  # type: ignore[attr-defined] # Matplotlib looks at it
    module.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return shown


def test_a_notebook_is_told_from_a_terminal(
    notebook: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert in_notebook()
    monkeypatch.setattr(sys.modules["IPython"], "get_ipython", SimpleNamespace)
    assert not in_notebook()
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


def test_one_place_shows_the_progress_then_the_result(
    notebook: Shown,
    make_study: Callable[..., sweep.Study],
    inline: Callable[..., sweep.Run],
    capfd: pytest.CaptureFixture[str],
) -> None:
    inline(make_study(trials=3))
    texts = [content["text/plain"] for content in notebook]
    assert all(text.startswith("toy: 3 trials, on 1 slot") for text in texts)
    assert "slots busy" in texts[0]
    head, result = texts[-1].splitlines()
    assert head == "toy: 3 trials, on 1 slot"
    assert result.startswith("toy: best loss 0.")
    assert capfd.readouterr() == ("", "")


def test_failures_stay_the_latest_ones_only(
    notebook: Shown, make_study: Callable[..., sweep.Study], inline: Callable[..., sweep.Run]
) -> None:
    def train(config: Any, _data: object, seed: int, _state: object) -> Iterator[dict[str, float]]:
        yield {"loss": 1.0}
        if config["k"] != 1:
            raise ValueError(f"{'abcdefghij'[seed % 10]} is wrong")

    run = inline(make_study(trials=40, train=train, duplicates="rerun", sampler="random"))
    failed = [record.number for record in run.records if record.failure]
    assert len(failed) > MAX_LINES
    lines = notebook[-1]["text/plain"].splitlines()
    assert [int(line.split()[1]) for line in lines[1:-1]] == failed[-MAX_LINES:]
    assert all("is wrong" in line for line in lines[1:-1])


def test_nothing_is_shown_if_not_wanted(
    notebook: Shown, make_study: Callable[..., sweep.Study], tmp_path: Any
) -> None:
    sweep.run(make_study(trials=1), sweep.Options(runs=tmp_path, pool="inline"), progress=False)
    assert notebook == []
