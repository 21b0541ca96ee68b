"""What a sampler is shown of many trials: the best, the latest and those that run."""

import random

import pytest
from optuna import create_study
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.samplers._tpe.sampler import default_gamma
from optuna.search_space import intersection_search_space
from optuna.trial import TrialState, create_trial

from sweep.driver.verify.replay import other_suggestions
from sweep.samplers import memory
from sweep.samplers.memory import N_BEST, SamplerMemory
from sweep.samplers.sampler import Sampler
from sweep.study.study import Study
from sweep.trials.domains import Float
from sweep.trials.records import Ending, EpochRecord, TrialRecord

X = {"x": FloatDistribution(0, 1)}


def running(distributions=X):
    params = dict.fromkeys(distributions, 1)
    return create_trial(state=TrialState.RUNNING, params=params, distributions=distributions)


def complete(value, distributions=X):
    params = dict.fromkeys(distributions, 1)
    return create_trial(value=value, params=params, distributions=distributions)


def pruned(*values):
    curve = dict(enumerate(values, start=1))
    return create_trial(state=TrialState.PRUNED, intermediate_values=curve)


FAILED = create_trial(state=TrialState.FAIL)


def remember(endings, sign=1, n_running=0, n_latest=3):
    """A memory of trials with these outcomes, in this order, and of some that run."""
    memory = SamplerMemory([sign], n_latest)
    study = create_study(storage=memory)
    for number in range(len(endings) + n_running):
        study.add_trial(running())
        memory.begin(number)
    for number, outcome in enumerate(endings):
        memory.end(number, number + 1, outcome)
    return memory


def shown(memory):
    return [trial.number for trial in memory.get_all_trials(0, deepcopy=False)]


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(memory, "N_BEST", 2)
    monkeypatch.setattr(memory, "N_RUNNING", 2)


def test_a_few_trials_are_all_shown():
    assert shown(remember([complete(0.1), pruned(0.5), complete(0.3)], n_running=4)) == [*range(7)]


def test_without_a_bound_all_are_shown_but_those_that_tell_a_sampler_nothing(few):
    memory = remember([complete(x) for x in range(7)] + [FAILED], n_running=4, n_latest=None)
    assert shown(memory) == [*range(7), *range(8, 12)]


def test_of_many_the_best_the_latest_and_the_newest_that_run_are_shown(few):
    memory = remember([complete(x) for x in (5, 1, 9, 2, 8, 7, 6)], n_running=4)
    assert shown(memory) == [1, 3, 4, 5, 6, 9, 10]


@pytest.mark.parametrize(
    ("endings", "sign", "best"),
    [
        ([complete(3), complete(1), complete(2), complete(1)], 1, [1, 3]),
        ([complete(3), complete(1), complete(2), complete(1)], -1, [0, 2]),
        ([pruned(1), complete(9), pruned(5, 4), pruned(5, 3)], 1, [1, 3]),
        ([pruned(1), complete(9), pruned(5, 4), pruned(5, 3)], -1, [1, 2]),
        ([pruned(), pruned(7), pruned(), FAILED], 1, [0, 1]),
    ],
)
def test_the_best_are_scores_then_what_was_pruned_latest(few, endings, sign, best):
    after = [FAILED, *[pruned()] * 3]  # the latest three, the worst of all
    n = len(endings)
    assert shown(remember([*endings, *after], sign)) == [*best, n + 1, n + 2, n + 3]


def test_as_many_of_the_best_are_shown_as_tpe_draws_from():
    assert {default_gamma(n) for n in range(study().sampler_memory, 20_000)} == {N_BEST}


def test_what_all_trials_drew_from_is_what_optuna_finds_by_looking_at_all():
    n, other = {"n": IntDistribution(1, 2)}, {"x": FloatDistribution(0, 2)}
    for spaces in ([X | n, n | X, X], [X | n, n], [X | n, other | n], [X, other], []):
        outcomes = [complete(1, space) for space in spaces]
        found = intersection_search_space(outcomes, include_pruned=True)
        assert remember([*outcomes, FAILED]).common_space() == found
    assert remember([complete(0, {"x": FloatDistribution(1, 1)})]).common_space() == {}


def space(trial):
    return {"x": trial.suggest_float("x", 0, 1)}


def study(**changes):
    return Study(name="toy", space=space, train=space, minimize="loss", **changes)


def drive(declared, n_trials):
    """Trials on four slots, that end in another order than that in which they began."""
    sampling, draws, records, under_way = Sampler(declared), random.Random(0), [], []
    for number in range(n_trials):
        params, told = sampling.ask(number).params, number - len(under_way)
        record = TrialRecord(number, params, {"x": Float(0.0, 1.0)}, {}, seed=0, endings_known=told)
        records.append(record)
        under_way.append(record)
        if len(under_way) == 4:
            record = under_way.pop(draws.randrange(4))
            record.ending = draws.choice([Ending.COMPLETE, Ending.PRUNED, Ending.ERROR])
            record.ending_number = number - 2
            record.score = params["x"] if record.ending is Ending.COMPLETE else None
            record.epochs = [EpochRecord(1, {"loss": params["x"]}, 0, 0)]
            sampling.tell(record)
    return records


def test_a_replay_is_shown_the_same_and_tells_if_it_were_not(few):
    declared = study(sampler_memory=3)
    records = drive(declared, 40)
    for first in range(40):  # as if the driver had begun again there
        assert not list(other_suggestions({0: declared, first: declared}, records))
    assert list(other_suggestions({0: study(sampler_memory=None)}, records))


def test_up_to_the_bound_suggestions_are_those_without_one():
    records = drive(study(sampler_memory=40), 40)
    assert not list(other_suggestions({0: study(sampler_memory=None)}, records))
