"""The table of study fields: complete, and what identity, changes and replay take from it."""

import json
from dataclasses import fields, replace

import pytest
from optuna.samplers import RandomSampler

import sweep
from sweep.study.fields import (
    ACCEPTABLE,
    CHECKED_BY_TRIALS,
    EARLIER,
    FREE,
    RECORDED,
    identity,
    restored,
)
from sweep.study.study import Study


def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}


def train(config, data, seed, state):
    yield {"loss": 0.0}


STUDY = Study(name="toy", space=space, train=train, minimize="loss", sampler="tpe")
CHANGED = replace(
    STUDY,
    seed=7,
    sampler_memory=None,
    errors="ignore",
    duplicates="reuse",
    repeats=3,
    deterministic=True,
    window=5,
)


def test_every_field_of_a_study_has_its_place_in_the_table():
    recorded = {name for row in RECORDED for name in row.fields}
    places = [recorded, FREE, CHECKED_BY_TRIALS]
    for field in fields(Study):
        n_places = sum(field.name in place for place in places)
        assert n_places == 1, f"Study.{field.name} is in {n_places} columns of sweep.study.fields"
    assert set().union(*places) == {field.name for field in fields(Study)}


def test_keys_are_recorded_once():
    keys = [row.key for row in RECORDED]
    assert len(set(keys)) == len(keys)
    assert ACCEPTABLE | EARLIER.keys() <= set(keys)
    assert identity(STUDY).keys() == set(keys) - {"data"}


def test_what_is_recorded_is_restored():
    recorded = json.loads(json.dumps(identity(CHANGED)))
    assert restored(STUDY, recorded) == CHANGED
    assert restored(CHANGED, json.loads(json.dumps(identity(STUDY)))) == replace(
        STUDY, window=CHANGED.window
    )


def test_runs_of_before_a_key_existed_are_restored_to_what_was_done_then():
    recorded = {k: v for k, v in identity(CHANGED).items() if k not in EARLIER}
    earlier = {k: v for k, v in EARLIER.items() if hasattr(STUDY, k)}
    assert restored(CHANGED, recorded) == replace(CHANGED, **earlier)


def test_auto_is_recorded_as_what_it_chose():
    auto = replace(STUDY, sampler="auto")
    assert identity(auto) == identity(replace(STUDY, sampler="gp"))


def test_a_sampler_of_the_study_is_recorded_by_name_and_not_restored():
    brought = replace(STUDY, sampler=sweep.OptunaSampler(RandomSampler))
    told = identity(brought)
    assert told["sampler"] == "OptunaSampler(RandomSampler)"
    assert restored(brought, told).sampler == brought.sampler


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_only_tpe_has_a_memory_and_avoids_errors(sampler):
    told = identity(replace(STUDY, sampler=sampler))
    assert (told["sampler_memory"], told["errors"]) == (None, "ignore")


def test_a_pruner_is_recorded_with_its_settings():
    assert identity(replace(STUDY, pruner=sweep.Median()))["pruner"] == repr(sweep.Median())
