"""Plots: each function that draws one is on the report's page."""

import re
from importlib.resources import files
from inspect import getmembers, getsource, isfunction
from xml.etree import ElementTree

import pytest

from sweep.reports.plots import all_plots, fronts, space, trials
from sweep.trials.domains import Categorical, Float, Int
from sweep.trials.records import Ending, TrialRecord

PAGE = (files("sweep.reports.html") / "page.html").read_text(encoding="utf-8")
DRAWING = [
    f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in (fronts, space, trials)
    for name, function in getmembers(module, isfunction)
    if function.__module__ == module.__name__ and function.__annotations__.get("return") is str
    if not name.startswith("_")
]


def test_every_plot_is_drawn_and_on_the_page() -> None:
    source = getsource(all_plots)
    assert len(DRAWING) >= 6
    for function in DRAWING:
        assert f"{function}(" in source, function
    names = set(re.findall(r'^ {8}"(\w+)":', source, re.MULTILINE))
    assert names == set(re.findall(r'plot\("(\w+)"', PAGE))
    assert len(names) == len(DRAWING)


@pytest.mark.filterwarnings("error")
def test_names_without_glyphs_or_with_control_characters_are_drawn_without_a_warning() -> None:
    svg = space.importance({"日本語": 0.5, "bell\x07": 0.3, "two\nlines": 0.2})
    ElementTree.fromstring(svg)
    assert "日本語" in svg
    assert "bell\ufffd" in svg


def test_domains_that_change_within_a_run_are_drawn_as_one() -> None:
    before = {"x": Float(1.0, 2.0), "k": Int(1, 3), "kind": Categorical(("b", "c"))}
    after = {"x": Float(0.5, 1.5), "k": Int(2, 9), "kind": Categorical(("a", "b", "c"))}
    records = [
        TrialRecord(n, values, domains, {}, 0, n, Ending.COMPLETE, n + 1, score=float(n))
        for n, (values, domains) in enumerate(
            [
                ({"x": 2.0, "k": 1, "kind": "c"}, before),
                ({"x": 0.5, "k": 9, "kind": "a"}, after),
                ({"x": 1.0, "k": 3, "kind": "b"}, after),
            ]
        )
    ]
    for drawn in (space.slices, space.parallel):
        svg = drawn(records, "loss", 1, ["x", "k", "kind"])
        for end in ("0.5", "2", "9", "a", "c"):
            assert f">{end}<" in svg
