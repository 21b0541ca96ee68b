"""Fixtures of the study tests: study files as modules, with settings as `--set` gives them."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import netlib as nl
import sweep

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture
def load() -> Callable[..., Any]:
    """Loads a study file; returns its module."""

    def load(name: str, **settings: str) -> Any:
        study = sweep.load_study(STUDIES / f"{name}.py", settings)
        return sys.modules[study.train.__module__]

    return load


@pytest.fixture
def digits() -> nl.Dataset:
    """A few images of noise."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)
    return nl.Dataset(images, rng.integers(0, 10, 64))
