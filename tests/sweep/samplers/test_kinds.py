"""Kinds of samplers: those that are missing, brought along, or of another version; and QMC."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler

import sweep
from sweep.samplers import kinds
from sweep.samplers.kinds import SAMPLERS, kind_of
from sweep.samplers.qmc import halton, value_at
from sweep.samplers.sampler import Sampler
from sweep.study.sampler import as_begun, reason, sampler_name
from sweep.trials.records import TrialRecord

MakeStudy = Callable[..., sweep.Study]


def test_a_missing_package_is_named_with_what_installs_it(
    make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "find_spec", lambda _: None)
    message = (
        r"sampler 'cmaes' needs cmaes, not installed here; pip install 'sweep-netlib\[cmaes\]'"
    )
    with pytest.raises(sweep.StudyError, match=message):
        Sampler(make_study(sampler="cmaes"))


@pytest.mark.parametrize("sampler", ["bayes", None, 3, optuna.samplers.TPESampler])
def test_what_is_no_sampler_is_refused(make_study: MakeStudy, sampler: object) -> None:
    message = r"expected sampler to be 'auto', .* or 'grid', or an OptunaSampler, got"
    with pytest.raises(sweep.StudyError, match=message):
        make_study(sampler=sampler)


def test_an_optuna_sampler_is_made_by_a_function_of_a_seed(make_study: MakeStudy) -> None:
    made: Any = RandomSampler(seed=0)
    with pytest.raises(sweep.StudyError, match="OptunaSampler: expected a function of a seed"):
        sweep.OptunaSampler(made)
    wrong: Any = sweep.OptunaSampler(lambda _seed: "tpe")  # type: ignore[arg-type, return-value]
    with pytest.raises(sweep.StudyError, match=r"make\(seed\) to return a sampler of Optuna, got"):
        Sampler(make_study(sampler=wrong))


class Broken(RandomSampler):
    def sample_independent(self, *_: Any) -> Any:
        raise ZeroDivisionError("no prior")


def test_an_error_of_a_sampler_is_the_studys(make_study: MakeStudy) -> None:
    for make in (lambda seed: RandomSampler(seed=1 // 0 * seed), Broken):
        with pytest.raises(sweep.StudyError, match=r"sampler\(\) raised ZeroDivisionError"):
            Sampler(make_study(sampler=sweep.OptunaSampler(make))).ask(0)


def test_trials_that_a_sampler_would_not_suggest_again_are_taken_as_recorded(
    make_study: MakeStudy,
) -> None:
    study = make_study(sampler=sweep.OptunaSampler(lambda seed: RandomSampler(seed=seed)))
    drawn = Sampler(study).ask(0)
    record = TrialRecord(0, drawn.params | {"x": 0.125}, drawn.domains, {}, 0, 0)
    resumed = Sampler(study)
    resumed.restore([record])
    assert resumed._memory.running(0).params["x"] == 0.125
    assert resumed.ask(1, 0).params == asked(study, 1).params


def asked(study: sweep.Study, number: int) -> sweep.Trial:
    live = Sampler(study)
    for earlier in range(number):
        live.ask(earlier, 0)
    return live.ask(number, 0)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "gp"),
        ({"minimize": ("loss", "seconds")}, "tpe"),
        ({"constraints": {"loss": (None, 1.0)}}, "tpe"),
    ],
)
def test_auto_is_the_gaussian_process_where_it_was_compared(
    make_study: MakeStudy, more: dict[str, Any], name: str
) -> None:
    study = make_study(sampler="auto", **more)
    assert (sampler_name(study), kind_of(study)) == (name, SAMPLERS[name])
    assert reason(study)
    assert reason(replace(study, sampler=name)) == ""


def test_a_run_keeps_the_sampler_that_auto_chose_at_its_beginning(make_study: MakeStudy) -> None:
    auto, chosen = make_study(sampler="auto"), make_study(sampler="random")
    assert as_begun(auto, {"sampler": "tpe"}).sampler == "tpe"
    assert as_begun(auto, {}).sampler == "auto"
    assert as_begun(auto, {"sampler": "cmaes"}).sampler == "auto"
    assert as_begun(chosen, {"sampler": "tpe"}).sampler == "random"


# Quasi-random points


@pytest.mark.parametrize("dimension", [0, 1, 2, 7])
def test_each_part_of_an_interval_gets_one_of_as_many_points(dimension: int) -> None:
    base = (2, 3, 5, 7, 11, 13, 17, 19)[dimension]
    points = [halton(index, dimension, seed=5) for index in range(base**2)]
    assert sorted(int(point * base**2) for point in points) == list(range(base**2))


def test_points_depend_on_seed_dimension_and_index() -> None:
    ways = {halton(i, d, s) for i in range(5) for d in range(3) for s in range(3)}
    assert len(ways) == 45


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(-1, 3),
        FloatDistribution(0, 0.3, step=0.1),
        FloatDistribution(1e-5, 0.1, log=True),
        IntDistribution(-3, 9, step=3),
        IntDistribution(1, 100, log=True),
        IntDistribution(4, 4),
    ],
)
def test_values_are_in_their_domain_and_reach_its_ends(distribution: BaseDistribution) -> None:
    values = [value_at(i / 2000, distribution) for i in range(2000)]
    assert all(distribution._contains(distribution.to_internal_repr(v)) for v in values)
    assert values == sorted(values)
    low, high = (getattr(distribution, end) for end in ("low", "high"))
    assert values[0] == pytest.approx(low)
    assert values[-1] == pytest.approx(high, rel=0.01)
