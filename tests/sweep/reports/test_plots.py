"""Plots: each function that draws one is on the report's page."""

import re
from importlib.resources import files
from inspect import getmembers, getsource, isfunction
from xml.etree import ElementTree

import pytest

from sweep.reports.plots import all_plots, space, trials

PAGE = (files("sweep.reports.html") / "page.html").read_text(encoding="utf-8")
DRAWING = [
    f"{module.__name__.rpartition('.')[2]}.{name}"
    for module in (space, trials)
    for name, function in getmembers(module, isfunction)
    if function.__module__ == module.__name__ and function.__annotations__.get("return") is str
]


def test_every_plot_is_drawn_and_on_the_page() -> None:
    source = getsource(all_plots.all_plots)
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
