"""Sampling: suggestions depend only on the seed, the number and the endings told."""

import random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution

from sweep.errors import StudyError
from sweep.samplers.kinds import SAMPLERS
from sweep.samplers.sampler import Sampler
from sweep.study.sampler import SamplerName
from sweep.study.space import Trial
from sweep.study.study import Study
from sweep.trials.domains import Categorical, Float, Int
from sweep.trials.optuna_trials import STATES, to_distribution, to_domain
from sweep.trials.records import Ending, EpochRecord, TrialRecord

NAMES = sorted(name for name, kind in SAMPLERS.items() if "torch" not in kind.packages)
DRAWING = [name for name in NAMES if SAMPLERS[name].points is None]
ENDINGS = (
    *[Ending.COMPLETE] * 6,
    Ending.PRUNED,
    Ending.PRUNED,
    Ending.DIVERGED,
    Ending.TIMEOUT,
    Ending.OOM,
    Ending.ERROR,
    Ending.LOST,
    Ending.RUNNING,
)


def space(trial):
    config = {
        "rate": trial.suggest_float("rate", 1e-5, 1e-1, log=True),
        "drop": trial.suggest_float("drop", 0, 0.3, step=0.1),
        "kind": trial.suggest_categorical("kind", ("flat", "deep")),
    }
    if config["kind"] == "deep":
        config["depth"] = trial.suggest_int("depth", 1, 4)
    return config


def branches(trial):
    config = {"kind": trial.suggest_categorical("kind", ("flat", "deep"))}
    return config | (
        {"depth": trial.suggest_int("depth", 1, 4)} if "deep" in config.values() else {}
    )


def one_number(trial):
    return {"x": trial.suggest_float("x", 0, 1)}


def train(config, data, seed, state):
    yield {"loss": 0.0}


def study(**changes):
    return Study(**{"name": "toy", "space": space, "train": train, "minimize": "loss"} | changes)


def asked(sampling, number, known=10**9):
    """A running trial with the parameters that it is given."""
    trial = sampling.ask(number, known)
    return TrialRecord(number, trial.params, trial.domains, {}, seed=0, endings_known=known)


def end(record, ending, value, place=0):
    """Sets how a trial ended, after epochs whose losses come down to `value`."""
    record.ending, record.ending_number = ending, place
    if ending is Ending.COMPLETE:
        record.score = value
    if ending in (Ending.COMPLETE, Ending.PRUNED):
        curve = [value + 2, value + 1, value]
        record.epochs = [EpochRecord(i, {"loss": x}, 0, 0) for i, x in enumerate(curve, start=1)]


def test_every_sampler_has_a_name_in_studies_and_every_name_a_sampler():
    assert {*SAMPLERS, "auto"} == set(get_args(SamplerName))
    assert {"random", "tpe"} <= set(DRAWING)


def next_of(sampling, records):
    return asked(sampling, len(records), sum(record.has_ended for record in records))


def assert_same_after_restore(live, records):
    fresh = Sampler(live.study)
    fresh.restore(records)
    record, again = next_of(live, records), next_of(fresh, records)
    assert (again.params, again.domains) == (record.params, record.domains)
    return record


# Resuming


@pytest.mark.parametrize("sampler", DRAWING)
@pytest.mark.parametrize("goal", [{}, {"minimize": None, "maximize": "loss"}])
def test_a_restart_changes_no_suggestion(sampler, goal):
    live = Sampler(study(sampler=sampler, seed=3, first=({"kind": "deep"},), **goal))
    draws = random.Random(0)
    records, running = [], []
    for number in range(60):
        is_checked = number % 12 == 11 or not SAMPLERS[sampler].keeps_notes  # which is slower
        record = assert_same_after_restore(live, records) if is_checked else next_of(live, records)
        records.append(record)
        running.append(record)
        if len(running) == 4:  # four slots: trials end in another order than they began
            record = running.pop(draws.randrange(4))
            ending = draws.choice(ENDINGS)
            if ending is not Ending.RUNNING:
                n_ended = sum(record.has_ended for record in records)
                end(record, ending, record.params["rate"], n_ended + 1)
                live.tell(record)
    endings = {record.ending for record in records}
    assert endings == set(Ending)
    assert sum(record.ending is Ending.COMPLETE for record in records) > 10  # TPE is past its start


@pytest.mark.parametrize("seed", range(8))
def test_a_restart_forgets_nothing_of_a_running_trial_without_an_expected_parameter(seed):
    first = [{"kind": "deep"}] * 14 + [{"kind": "flat"}] * 3
    live = Sampler(study(seed=seed, first=first))
    records = [asked(live, number) for number in range(14)]
    for record in records:
        end(record, Ending.COMPLETE, record.params["rate"])
        live.tell(record)
    for _ in range(6):  # three of which TPE expects to have a depth, and which have none
        records.append(assert_same_after_restore(live, records))


def test_an_interrupted_trial_can_be_told_after_a_restart():
    live = Sampler(study())
    records = [asked(live, number) for number in range(12)]
    fresh = Sampler(study())
    fresh.restore(records)
    for record in records:
        end(record, Ending.COMPLETE, record.params["rate"])
        live.tell(record)
        fresh.tell(record)
    assert fresh.ask(12).params == live.ask(12).params


# Suggestions


@pytest.mark.parametrize("sampler", DRAWING)
def test_each_number_and_each_seed_has_suggestions_of_its_own(sampler):
    rates = set()
    for seed in range(5):
        sampling = Sampler(study(sampler=sampler, seed=seed))
        rates |= {sampling.ask(number).params["rate"] for number in range(6)}
    assert len(rates) == 30


@pytest.mark.parametrize("sampler", DRAWING)
def test_the_same_seed_gives_the_same_suggestions(sampler):
    one, other = (Sampler(study(sampler=sampler, seed=5)) for _ in range(2))
    assert [one.ask(i).params for i in range(6)] == [other.ask(i).params for i in range(6)]


def suggested(sampling, ending_of, n_trials=45):
    """What is suggested trial by trial, when each ends before the next one begins."""
    values = []
    for number in range(n_trials):
        record = asked(sampling, number)
        values.append(record.params["x"])
        end(record, ending_of(values[-1]), values[-1])
        sampling.tell(record)
    return values


@pytest.mark.parametrize(
    ("goal", "best"), [({"minimize": "loss"}, 0.0), ({"minimize": None, "maximize": "loss"}, 1.0)]
)
def test_tpe_goes_where_it_was_better(goal, best):
    sampling = Sampler(study(space=one_number, **goal))
    values = suggested(sampling, lambda _: Ending.COMPLETE)
    assert sum(abs(x - best) < 0.25 for x in values[-15:]) > 10


@pytest.mark.parametrize("ending", [Ending.DIVERGED, Ending.ERROR, Ending.PRUNED])
def test_tpe_goes_where_training_was_not_stopped(ending):
    sampling = Sampler(study(space=one_number))
    values = suggested(sampling, lambda x: Ending.COMPLETE if x < 0.3 else ending)
    assert sum(x < 0.35 for x in values[-15:]) > 10


def test_tpe_does_not_learn_of_errors_if_the_study_says_so():
    seen, unseen = (
        suggested(Sampler(study(space=one_number, errors=errors)), error_if_large)
        for errors in ("avoid", "ignore")
    )
    assert sum(x < 0.35 for x in unseen[-15:]) < sum(x < 0.35 for x in seen[-15:])


def error_if_large(x):
    return Ending.COMPLETE if x < 0.3 else Ending.ERROR


def test_tpe_learns_from_the_curves_of_pruned_trials():
    values = suggested(Sampler(study(space=one_number)), lambda _: Ending.PRUNED)
    assert sum(x < 0.25 for x in values[-15:]) > 10


def test_optuna_knows_a_state_for_every_ending():
    assert STATES.keys() == set(Ending)


# First parameters


def test_whole_first_parameters_are_tried_in_order():
    first = (
        {"rate": 0.01, "drop": 0.3, "kind": "flat"},
        {"rate": 1e-5, "drop": 0, "kind": "deep", "depth": 4},
    )
    sampling = Sampler(study(first=first))
    assert [sampling.ask(number).params for number in range(2)] == list(first)
    assert sampling.ask(2).params not in first


def test_the_sampler_adds_what_first_parameters_leave_open():
    free = Sampler(study()).ask(0).params
    fixed = Sampler(study(first=({"drop": 0.2},))).ask(0).params
    assert fixed["drop"] == 0.2
    assert fixed.keys() >= {"rate", "drop", "kind"}
    assert 1e-5 <= fixed["rate"] <= 1e-1
    assert free.keys() >= {"rate", "drop", "kind"}


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"rate": 1.0}, r"first: expected 'rate' in float 1e-05..0.1 log, got 1.0"),
        ({"drop": 0.15}, r"first: expected 'drop' in float 0..0.3 step 0.1, got 0.15"),
        ({"kind": "deep", "depth": 2.0}, r"first: expected 'depth' in int 1..4, got 2.0"),
        ({"kind": "wide"}, r"first: expected 'kind' in one of 'flat', 'deep', got 'wide'"),
        ({"lr": 0.01}, r"parameters of the space, \['d.*'rate'\], got \['lr'\]; fix the names"),
        ({"kind": "flat", "depth": 1}, r"first: expected .*, got \['depth'\]; fix the names"),
    ],
)
def test_first_parameters_have_to_fit_the_space(first, message):
    with pytest.raises(StudyError, match=message):
        Sampler(study(first=(first,))).ask(0)


# Grids


def test_a_grid_gives_each_of_its_points_once_and_then_there_are_no_more():
    def small(trial):
        return {
            "n": trial.suggest_int("n", 1, 2),
            "drop": trial.suggest_float("d", 0, 0.3, step=0.1),
        }

    sampling = Sampler(study(space=small, sampler="grid"))
    assert sampling.limit == 8
    points = [sampling.ask(number).params for number in range(8)]
    found = sorted((params["n"], params["d"]) for params in points)
    assert found == [(n, d) for n in (1, 2) for d in (0.0, 0.1, 0.2, 0.3)]


@pytest.mark.parametrize("first", [(), ({"kind": "deep"}, {"kind": "flat"}, {"kind": "flat"})])
def test_a_grid_continues_after_a_restart(first):
    live, records = Sampler(study(space=branches, sampler="grid", first=first)), []
    for _ in range(live.limit):
        records.append(assert_same_after_restore(live, records))
        end(records[-1], Ending.COMPLETE, 0.5)
        live.tell(records[-1])
    assert len({str(record.params) for record in records}) == 5
    assert live.limit == len(records) == (6 if first else 5)  # a point that is wanted twice counts
    assert [record.params["kind"] for record in records[: len(first)]] == [p["kind"] for p in first]
    fresh = Sampler(live.study)
    fresh.restore(records)
    assert fresh.limit == live.limit


def test_a_run_that_began_with_a_list_of_its_grid_continues_with_it():
    live = Sampler(study(space=branches, sampler="grid", first=({"kind": "deep", "depth": 4},)))
    listed = [{"kind": "flat"}, *({"kind": "deep", "depth": depth} for depth in (1, 2, 3, 4))]
    domains = {"kind": Categorical(("flat", "deep")), "depth": Int(1, 4)}
    records = [
        TrialRecord(number, params, {name: domains[name] for name in params}, {}, 0, 0)
        for number, params in enumerate(listed)
    ]
    for n in range(1, 5):
        fresh = Sampler(live.study)
        fresh.restore(records[:n])
        rest = [fresh.ask(number).params for number in range(n, fresh.limit)]
        assert rest == listed[n:]
    assert live.ask(0).params == listed[-1]
    again = Sampler(live.study)
    again.begin_as(records[0])
    assert [again.ask(number).params for number in range(5)] == listed


def test_a_grid_that_is_begun_with_its_first_point_because_it_is_wanted_is_walked():
    live = Sampler(study(space=branches, sampler="grid", first=({"kind": "flat"},), seed=1))
    points = [live.ask(number).params for number in range(5)]
    assert points[0] == {"kind": "flat"}
    assert points[1:] != [{"kind": "deep", "depth": depth} for depth in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ({"kind": "odd"}, r"first: expected 'kind' in one of 'flat', 'deep', got 'odd'"),
        ({"width": 3}, r"first: expected parameters of the space, \[.*'kind'\], got \['width'\]"),
    ],
)
def test_first_points_that_are_not_in_the_grid_are_refused(first, message):
    with pytest.raises(StudyError, match=message):
        Sampler(study(space=branches, sampler="grid", first=(first,))).ask(0)


def test_the_size_of_a_large_grid_is_known_when_its_end_is_in_sight():
    def large(trial):
        return {name: trial.suggest_int(name, 1, 40) for name in "xy"}

    sampling = Sampler(study(space=large, sampler="grid", trials=2000))
    assert sampling.limit is None
    points = {tuple(sampling.ask(number).params.values()) for number in range(1600)}
    assert len(points) == sampling.limit == 1600
    assert Sampler(study(space=large, sampler="grid", trials=20)).limit is None


@pytest.mark.parametrize("sampler", NAMES)
@pytest.mark.parametrize("one", [0, 1])
@pytest.mark.parametrize(
    "draws",
    [
        (lambda t: t.suggest_int("x", 1, 3), lambda t: t.suggest_categorical("x", ["a", "b"])),
        (lambda t: t.suggest_int("x", 1, 3), lambda t: t.suggest_float("x", 1, 3, step=1)),
        (lambda t: t.suggest_int("x", 1, 3), lambda t: t.suggest_int("x", 1, 3, log=True)),
        (lambda t: t.suggest_categorical("x", [1, 2]), lambda t: t.suggest_categorical("x", [1])),
        (lambda t: t.suggest_categorical("x", [1]), lambda t: t.suggest_categorical("x", [True])),
    ],
)
def test_one_name_for_two_kinds_is_refused_when_the_second_is_drawn(sampler, one, draws):
    def mixed(trial):
        return {"x": draws[trial.suggest_categorical("branch", (0, 1)) == one](trial)}

    sampling = Sampler(study(space=mixed, sampler=sampler))
    message = r"space: expected 'x' to be of one kind in all trials, got .* and .*; give the second"
    with pytest.raises(StudyError, match=message):
        [sampling.ask(number) for number in range(20)]


@pytest.mark.parametrize("sampler", NAMES)
def test_ranges_may_differ_between_trials(sampler):
    def shrinking(trial):
        n = trial.suggest_int("n", 1, 3)
        return {"m": trial.suggest_int("m", 1, n), "x": trial.suggest_float("x", 0, n, step=0.5)}

    sampling = Sampler(study(space=shrinking, sampler=sampler))
    assert all(sampling.ask(number).params["m"] <= 3 for number in range(20))


def test_only_a_grid_has_a_limit():
    assert Sampler(study()).limit is None


def test_a_space_that_raises_is_a_fault_of_the_study():
    def broken(trial):
        raise ZeroDivisionError("no width")

    with pytest.raises(StudyError, match=r"space\(\) raised ZeroDivisionError: no width"):
        Sampler(study(space=broken)).ask(0)
    with pytest.raises(StudyError, match=r"space\(\) raised ZeroDivisionError: no width"):
        Sampler(study(space=broken, sampler="grid")).ask(0)


# Domains as Optuna's distributions


@st.composite
def domains(draw):
    """Any domain that a trial can draw from, made as `space` would."""
    trial = Trial(lambda _, domain: (domain.values() or [domain.low])[0])
    kind = draw(st.sampled_from(["float", "log", "step", "int", "int log", "categorical"]))
    low, width = draw(st.integers(-99, 99)), draw(st.integers(0, 99))
    if kind == "float":
        trial.suggest_float("x", low / 7, (low + width) / 7)
    elif kind == "log":
        trial.suggest_float("x", abs(low) + 0.1, abs(low) + width + 0.1, log=True)
    elif kind == "step":
        step = draw(st.decimals("0.001", 9, places=3))
        trial.suggest_float("x", low / 100, (low + width) / 100, step=float(step))
    elif kind == "int":
        trial.suggest_int("x", low, low + width, step=draw(st.integers(1, 9)))
    elif kind == "int log":
        trial.suggest_int("x", abs(low) + 1, abs(low) + width + 1, log=True)
    else:
        numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False)
        values = st.none() | st.booleans() | numbers | st.text()
        trial.suggest_categorical("x", draw(st.lists(values, min_size=1, unique=True)))
    return trial.domains["x"]


@settings(deadline=None)
@given(domains())
def test_a_domain_comes_back_from_optuna_as_it_was(domain):
    distribution = to_distribution(domain)
    assert to_domain(distribution) == domain
    assert to_domain(json_to_distribution(distribution_to_json(distribution))) == domain


@settings(deadline=None)
@given(domains(), st.integers(0, 2**32 - 1))
def test_whatever_a_sampler_suggests_is_in_the_domain(domain, seed):
    def draw(trial):
        match domain:
            case Float(low, high, step, log):
                return {"x": trial.suggest_float("x", low, high, step=step, log=log)}
            case Int(low, high, step, log):
                return {"x": trial.suggest_int("x", low, high, step=step, log=log)}
            case Categorical(choices):
                return {"x": trial.suggest_categorical("x", choices)}

    trial = Sampler(study(space=draw, sampler="random", seed=seed)).ask(0)
    assert trial.domains["x"] == domain
    assert trial.params["x"] in domain


def test_a_distribution_that_sweep_never_uses_is_refused():
    class Odd(BaseDistribution):
        def single(self):
            return True

        def to_internal_repr(self, *_):
            return 0.0

        def _contains(self, *_):
            return True

    message = r"database: expected a distribution known here, got Odd\(\)"
    with pytest.raises(StudyError, match=message):
        to_domain(Odd())


def small_space(trial):
    return {"a": trial.suggest_int("a", 1, 3), "b": trial.suggest_categorical("b", ("x", "y"))}


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_configurations_are_not_drawn_twice_while_there_are_others(sampler):
    sampling = Sampler(study(space=small_space, sampler=sampler))
    drawn = [str(sorted(sampling.ask(number).params.items())) for number in range(5)]
    assert len(set(drawn)) == 5


def test_a_space_that_is_used_up_is_drawn_from_again():
    sampling = Sampler(study(space=small_space, sampler="random"))
    drawn = [sampling.ask(number).params for number in range(20)]
    assert len(drawn) == 20


def test_duplicates_are_welcome_if_the_study_says_so():
    sampling = Sampler(study(space=small_space, sampler="random", duplicates="rerun"))
    drawn = [str(sampling.ask(number).params) for number in range(6)]
    assert len(set(drawn)) < 6


def test_drawing_again_is_the_same_after_a_restart():
    declared = study(space=small_space, sampler="tpe")
    live = Sampler(declared)
    records = []
    for number in range(5):
        trial = live.ask(number)
        records.append(
            TrialRecord(number, trial.params, trial.domains, {}, seed=0, endings_known=0)
        )
    fresh = Sampler(declared)
    fresh.restore(records)
    assert fresh.ask(5).params == live.ask(5).params
