"""The declaration of a study: it validates itself, and knows which score is better."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sweep
from sweep.errors import StudyError
from sweep.study.study import MINIMUM, Study

TABLE = sweep.PublishedTable(name="a", title="A", by="k", rows=("1",))


def space(trial):
    return {"x": trial.suggest_float("x", -1, 1)}


def train(config, data, seed, state):
    yield {"loss": config["x"] ** 2}


def study(**changes):
    return Study(**{"name": "toy", "space": space, "train": train, "minimize": "loss"} | changes)


def test_the_shortest_study_has_defaults_for_all_else():
    toy = study()
    assert (toy.trials, toy.seed, toy.sampler, toy.score) == (20, 0, "auto", "last")
    assert (toy.data, toy.pruner, toy.first, toy.final, toy.settings) == (None, None, (), None, {})


def test_the_minimum_that_errors_show_is_a_study():
    names = {"sweep": sweep}
    exec("if True:" + MINIMUM, names)
    assert names["study"].metric == "loss"


def test_a_study_is_frozen():
    with pytest.raises(AttributeError, match="cannot assign to field 'trials'"):
        study().trials = 3


@pytest.mark.parametrize("name", ["cnn", "Größe-2", "v1.0_b", "9"])
def test_a_name_can_be_a_directory(name):
    assert study(name=name).name == name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"name": ""},
            r"name to be letters, digits, '-', '_' or '.', of at most 200 b.*, got ''",
        ),
        ({"name": 101 * "é"}, r"of at most 200 bytes, got 'éé"),
        ({"name": "a/b"}, r"expected name to be .*, got 'a/b'"),
        ({"name": "../b"}, r"expected name to be .*, got '../b'"),
        ({"name": ".hidden"}, r"expected name to be .*, got '.hidden'"),
        ({"name": "cnn\n"}, r"expected name to be .*, got 'cnn\\n'"),
        ({"name": 3}, r"expected name to be .*, got 3"),
        ({"space": {}}, r"expected space to be a function, got {}"),
        ({"train": None}, r"expected train to be a function, got None"),
        ({"data": "mnist"}, r"expected data to be a function, got 'mnist'"),
        ({"trials": 0}, r"expected trials to be a whole number >= 1, got 0"),
        ({"trials": 2.0}, r"expected trials to be a whole number >= 1, got 2.0"),
        ({"trials": True}, r"expected trials to be a whole number >= 1, got True"),
        ({"seed": -1}, r"expected seed to be a whole number >= 0, got -1"),
        ({"seed": None}, r"expected seed to be a whole number >= 0, got None"),
        ({"sampler": "cma"}, r"'random' or 'grid', or an OptunaSampler, got 'cma'"),
        ({"errors": "raise"}, r"expected errors to be 'avoid' or 'ignore', got 'raise'"),
        (
            {"sampler_memory": 0},
            r"expected sampler_memory to be a whole number >= 1 or None, got 0",
        ),
        ({"score": "sum"}, r"expected score to be 'last', 'best' or 'mean', got 'sum'"),
        ({"keep": "none"}, r"expected keep to be 'best' or 'all', got 'none'"),
        (
            {"tables": "a"},
            r"expected tables to be a tuple of PublishedTable\(...\) and .*, got 'a'",
        ),
        (
            {"tables": (TABLE, TABLE)},
            r"different names, .*, progression, got \(PublishedTable\(name='a'",
        ),
        ({"tables": (replace(TABLE, name="epochs"),)}, r"other than trials, epochs, .*, got \("),
        ({"pruner": "asha"}, r"expected pruner to be Asha\(...\), Freeze.* or None, got 'asha'"),
        ({"pruner": sweep.Asha}, r"expected pruner to be Asha\(...\), .*, got <class"),
        ({"first": {"x": 0.5}}, r"expected first to be a tuple of dictionaries, got {'x': 0.5}"),
        ({"first": (0.5,)}, r"expected first to be a tuple of dictionaries, got \(0.5,\)"),
        (
            {"minimize": None},
            r"expected minimize or maximize, or both, to name a metric or .* got mini",
        ),
        ({"minimize": ()}, r"got minimize=\(\), maximize=None; name at least one"),
        ({"minimize": ("loss", 3)}, r"to name a metric or a tuple of metrics, got minimize="),
        ({"maximize": "loss"}, r"expected each objective once, got 'loss' twice; take one of th"),
        ({"minimize": ("a", "b", "a")}, r"expected each objective once, got 'a' twice"),
        ({"constraints": {"size": 3}}, r"expected constraints to be bounds \(low, high\) of .* 3"),
        ({"constraints": {"size": (None, None)}}, r"expected constraints to be bounds"),
        ({"constraints": {"size": (2, 1)}}, r"expected constraints to be bounds"),
        ({"constraints": {"size": (0, float("inf"))}}, r"expected constraints to be bounds"),
        ({"constraints": {"size": ("0", 1)}}, r"expected constraints to be bounds"),
    ],
)
def test_a_study_refuses_what_cannot_be_meant(change, message):
    with pytest.raises(StudyError, match=message) as caught:
        study(**change)
    assert str(caught.value).startswith("Study: expected ")


def test_a_changed_study_is_checked_again():
    with pytest.raises(StudyError, match="expected trials to be"):
        replace(study(), trials=0)


@pytest.mark.parametrize(
    ("goal", "metric", "sign"),
    [
        ({"minimize": "loss"}, "loss", 1),
        ({"minimize": None, "maximize": "acc"}, "acc", -1),
        ({"minimize": ("size", "loss"), "maximize": "acc"}, "size", 1),
    ],
)
def test_the_goal_names_the_metric_and_its_sign(goal, metric, sign):
    assert (study(**goal).metric, study(**goal).sign) == (metric, sign)


def test_objectives_are_those_to_minimise_then_those_to_maximise():
    several = study(minimize=("loss", "size"), maximize="acc", constraints={"loss": (None, 1)})
    assert several.objectives == (("loss", 1), ("size", 1), ("acc", -1))
    assert several.needed == ("loss", "size", "acc")
    assert [goal.direction for goal in several.objectives] == ["minimize"] * 2 + ["maximize"]
    assert study(minimize=["loss"]).objectives == study().objectives


def test_several_objectives_have_a_pruner_that_compares_ranks():
    for pruner in (sweep.Asha(), sweep.Hyperband(9), sweep.Median(), sweep.Percentile()):
        assert study(maximize="acc", pruner=pruner).pruner is pruner
    for pruner in (sweep.Threshold(upper=1), sweep.Wilcoxon(), sweep.Patient()):
        with pytest.raises(StudyError, match="expected no pruner with several objectives, got "):
            study(maximize="acc", pruner=pruner, repeats=2)


CURVES = st.lists(st.floats(allow_nan=False), min_size=1)


@given(CURVES)
def test_the_score_is_the_last_value_or_the_best_one(curve):
    maximizing = {"minimize": None, "maximize": "acc"}
    assert study().score_of([curve]) == (curve[-1], None)
    assert study(score="best").score_of([curve]) == (min(curve), None)
    assert study(**maximizing).score_of([curve]) == (curve[-1], None)
    assert study(**maximizing, score="best").score_of([curve]) == (max(curve), None)


def test_the_score_of_several_trainings_is_their_mean_with_its_spread():
    assert study().score_of([[9, 1], [2], [5, 4, 3]]) == (2, 1)
