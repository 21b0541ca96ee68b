"""Identity: a run continues only with the study that it was made for."""

import json
import math
import re
from dataclasses import replace

import pytest

import sweep
from sweep.driver.identity import check, check_space
from sweep.driver.verify.dry_run import N_BRANCHES, N_PROBES, probe
from sweep.errors import RunError, StudyError
from sweep.samplers.sampler import Sampler
from sweep.study.fields import EARLIER, identity
from sweep.study.study import Study
from sweep.trials.records import TrialRecord


def space(trial):
    kind = trial.suggest_categorical("kind", ("flat", "deep"))
    depth = trial.suggest_int("depth", 1, 4) if kind == "deep" else 0
    return {"kind": kind, "depth": depth, "drop": trial.suggest_float("drop", 0, 0.3, step=0.1)}


def train(config, data, seed, state):
    yield {"loss": 0.0}


STUDY = Study(
    name="toy",
    space=space,
    train=train,
    minimize="loss",
    pruner=sweep.Asha(min_epochs=2),
    settings={"epochs": 3, "models": [1, 2]},
)


def recorded(study):
    """Its identity as it comes back from the database."""
    return json.loads(json.dumps(identity(study)))


def drawn(study, n_trials=6):
    sampling = Sampler(study)
    trials = [sampling.ask(number) for number in range(n_trials)]
    return [TrialRecord(i, t.params, t.domains, {}, 0, 0) for i, t in enumerate(trials)]


# The declaration


def test_a_study_is_identical_to_itself_as_recorded():
    check(identity(STUDY), recorded(STUDY))
    functions = {"space()": f"{__name__}.space", "train()": f"{__name__}.train"}
    assert functions.items() <= recorded(STUDY)["functions"].items()
    assert recorded(STUDY) | {"functions": {}} == {
        "name": "toy",
        "metric": "loss",
        "direction": "minimize",
        "further_objectives": [],
        "constraints": {},
        "seed": 0,
        "sampler": "gp",
        "warm_start": None,
        "sampler_memory": 250,
        "errors": "avoid",
        "pruner": "Asha(min_epochs=2, factor=3, max_epochs=None, resume=True)",
        "score": "last",
        "duplicates": "resample",
        "repeats": 1,
        "window": None,
        "settings": {"epochs": 3, "models": [1, 2]},
        "code": "",
        "functions": {},
        "program": None,
    }


@pytest.mark.parametrize(
    "change",
    [{"trials": 99}, {"first": ({"drop": 0.1},)}, {"keep": "all"}, {"callbacks": (print,)}],
)
def test_what_leaves_the_recorded_trials_valid_may_change(change):
    check(identity(replace(STUDY, **change)), recorded(STUDY))


def test_a_run_of_an_earlier_version_goes_on_with_what_it_had():
    before = {key: value for key, value in recorded(STUDY).items() if key not in EARLIER}
    same = replace(STUDY, **{k: v for k, v in EARLIER.items() if hasattr(STUDY, k)})
    assert check(identity(same), before) == {}
    for change, message in (
        ({"repeats": 2}, "repeats 1 -> 2; undo them, or start"),
        ({"sampler_memory": 250}, "sampler_memory None -> 250; undo them, accept"),
        ({"errors": "avoid"}, "errors 'ignore' -> 'avoid'; undo them, accept"),
    ):
        with pytest.raises(RunError, match=message):
            check(identity(replace(same, **change)), before)


@pytest.mark.parametrize("sampler", ["random", "grid"])
def test_what_tpe_is_shown_is_nothing_to_other_samplers(sampler):
    other = replace(STUDY, sampler=sampler)
    check(identity(replace(other, sampler_memory=1, errors="avoid")), recorded(other))


def test_what_was_recorded_beside_the_identity_does_not_matter():
    check(identity(STUDY), recorded(STUDY) | {"provenance": {"python": "3.11"}})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, r"got changes: name 'toy' -> 'other'; undo them, or start another run"),
        ({"minimize": "error"}, r"got changes: metric 'loss' -> 'error'; undo"),
        ({"minimize": None, "maximize": "loss"}, r"direction 'minimize' -> 'maximize'; undo"),
        ({"seed": 1}, r"seed 0 -> 1; undo"),
        ({"sampler": "random"}, r"sampler 'gp' -> 'random'; sampler_memory 250 -> None; errors"),
        ({"pruner": sweep.Asha(min_epochs=3)}, r"pruner 'Asha\(min_epochs=2, .*' -> 'Asha\(.*=3"),
        ({"pruner": None}, r"pruner 'Asha\(.*' -> 'None'; undo"),
        ({"score": "best"}, r"score 'last' -> 'best'; undo"),
        (
            {"settings": {"epochs": 4, "models": [1, 2]}},
            r"settings {.*: 3, .*} -> {.*: 4, .*}; undo",
        ),
        ({"data": dict}, r"data\(\) \(new\); undo them, accept them with --accept-changes, or"),
        ({"train": print}, r"train\(\) \S+\.train -> builtins\.print; undo them, accept"),
        ({"seed": 1, "score": "best"}, r"changes: seed 0 -> 1; score 'last' -> 'best'; undo them"),
    ],
)
def test_every_other_change_is_refused_and_named(change, message):
    with pytest.raises(
        RunError, match=r"^run: expected the study that this run was made.*" + message
    ):
        check(identity(replace(STUDY, **change)), recorded(STUDY))


# The space


def test_the_space_that_drew_the_trials_goes_on():
    records = drawn(STUDY)
    assert {record.params["kind"] for record in records} == {"flat", "deep"}
    check_space(STUDY, records)


def wider(trial):
    return {**space(trial), "width": trial.suggest_int("width", 1, 2)}


def narrower(trial):
    return {"kind": trial.suggest_categorical("kind", ("flat", "deep"))}


def higher(trial):
    trial.suggest_float("drop", 0, 0.5, step=0.1)
    return {}


def less_high(trial):
    trial.suggest_float("drop", 0, 0.0)
    return {}


def reordered(trial):
    kind = trial.suggest_categorical("kind", ("deep", "flat"))
    return {"kind": kind, "drop": trial.suggest_float("drop", 0, 0.3, step=0.1)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (wider, r"\(space: expected parameters .*, got a new one, 'width'\); undo the change, or"),
        (narrower, r"\('drop' was float 0..0.3 step 0.1, is gone\); undo"),
        (higher, r"\('drop' was float 0..0.3 step 0.1, is float 0..0.5 step 0.1\); undo"),
        (less_high, r"\(space: expected 'drop' in float 0..0, got 0.1\); undo"),
        (reordered, r"\('kind' was one of 'flat', 'deep', is one of 'deep', 'flat'\); undo"),
    ],
)
def test_a_space_that_would_have_drawn_other_trials_is_refused(changed, message):
    records = drawn(replace(STUDY, first=({"kind": "flat", "drop": 0.1},)))
    with pytest.raises(
        RunError, match=r"the space that trial 0 was drawn from, got another " + message
    ):
        check_space(replace(STUDY, space=changed), records)


# Probing


def test_a_sound_space_passes_and_is_asked_a_few_times():
    calls = []

    def counted(trial):
        calls.append(trial)
        return space(trial)

    probe(replace(STUDY, space=counted))
    assert N_PROBES < len({id(trial) for trial in calls}) <= N_BRANCHES + N_PROBES


def test_all_branches_are_probed():
    """One of 27 branches fails, in a choice that is one of three, three levels down."""

    def deep(trial):
        path = [trial.suggest_categorical(f"kind{i}", ("a", "b", "c")) for i in range(3)]
        if path == ["c", "a", "b"]:
            raise KeyError("no such network")
        return {"width": trial.suggest_int("width", 1, 10**6)}

    with pytest.raises(StudyError, match=r"space\(\) raised KeyError: 'no such network'"):
        probe(replace(STUDY, space=deep))


@pytest.mark.parametrize("sampler", ["tpe", "random", "grid"])
@pytest.mark.parametrize("seed", range(5))
def test_one_name_for_two_kinds_is_refused_in_the_same_words_whatever_is_drawn_first(sampler, seed):
    def mixed(trial):
        if trial.suggest_int("n", 1, 60) == 60:
            return {"x": trial.suggest_categorical("x", ("a", "b"))}
        return {"x": trial.suggest_int("x", 1, 5)}

    message = (
        "space: expected 'x' to be of one kind in all trials, got int 1..5 and one of 'a', 'b'; "
        "give the second parameter a name of its own"
    )
    with pytest.raises(StudyError, match=f"^{re.escape(message)}$"):
        probe(replace(STUDY, space=mixed, sampler=sampler, seed=seed))


def test_the_ends_of_a_range_that_are_never_drawn_are_not_probed():
    def space(trial):
        x = trial.suggest_float("x", 0, 1)
        rate = trial.suggest_float("rate", 1e-300, 1e300, log=True)
        return {"y": 1 / x + 1 / (1 - x) + math.log(rate)}

    probe(replace(STUDY, space=space))


def test_a_grid_is_probed_no_further_than_it_goes():
    def small(trial):
        return {"n": trial.suggest_int("n", 1, 3)}

    probe(replace(STUDY, space=small, sampler="grid"))
    probe(replace(STUDY, space=small, sampler="grid", trials=1))


def conditional_trap(trial):
    if trial.suggest_categorical("kind", ("good", "bad")) == "bad":
        raise KeyError("no such network")
    return {}


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda _: None, r"space: expected a configuration \(a dataclass or a dict\), got None"),
        (conditional_trap, r"space\(\) raised KeyError: 'no such network'"),
        (
            lambda trial: trial.suggest_float("x", 2, 1),
            r"suggest_float\('x'\): expected finite numbers low <= high",
        ),
    ],
)
def test_a_broken_space_is_refused_before_it_costs(broken, message):
    with pytest.raises(StudyError, match=message):
        probe(replace(STUDY, space=broken))


def test_first_parameters_are_probed():
    with pytest.raises(StudyError, match=r"first: expected parameters of the space"):
        probe(replace(STUDY, first=({"lr": 0.1},)))
