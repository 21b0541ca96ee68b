"""Ranges, choices and names as people write them: taken as they are meant, or refused in a line."""

import json
import math
from collections import UserList, deque
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from optuna.distributions import distribution_to_json, json_to_distribution

from sweep.errors import StudyError
from sweep.study.space import Trial, fixed
from sweep.trials.domains import Categorical, Domain, Float, Int, Value
from sweep.trials.optuna_trials import to_distribution, to_domain

Draw = Callable[[Any], Any]


class Kind(StrEnum):
    FLAT = "flat"
    DEEP = "deep"


class Size(IntEnum):
    SMALL = 8
    LARGE = 16


class Plain(Enum):
    FLAT = "flat"


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no text")


def number(trial: Any, low: Any, high: Any, **more: Any) -> Any:
    return trial.suggest_float("x", low, high, **more)


def whole(trial: Any, low: Any, high: Any, **more: Any) -> Any:
    return trial.suggest_int("x", low, high, **more)


def choice(trial: Any, choices: Any) -> Any:
    return trial.suggest_categorical("x", choices)


def last(_: str, domain: Domain) -> Value:
    return domain.choices[-1] if isinstance(domain, Categorical) else domain.high


@pytest.mark.parametrize(
    ("draw", "domain", "value"),
    [
        (lambda t: number(t, Decimal("0.1"), Fraction(1, 2)), Float(0.1, 0.5), 0.5),
        (lambda t: number(t, np.float32(0), 1, step=np.float32(0.5)), Float(0, 1, 0.5), 1.0),
        (lambda t: number(t, np.array(0.0), np.int8(1)), Float(0, 1), 1.0),
        (lambda t: number(t, 0, 1, step=Decimal("0.1")), Float(0, 1, 0.1), 1.0),
        (lambda t: number(t, 1, 2, log=np.bool_(1)), Float(1, 2, log=True), 2.0),
        (lambda t: number(t, 1e6, 1e6 + 1, step=0.25), Float(1e6, 1e6 + 1, 0.25), 1e6 + 1),
        (lambda t: number(t, 5e-324, 1.7e308, log=True), Float(5e-324, 1.7e308, log=True), 1.7e308),
        (lambda t: whole(t, np.int64(1), np.int8(5), step=np.uint8(2)), Int(1, 5, 2), 5),
        (lambda t: whole(t, Size.SMALL, Size.LARGE), Int(8, 16), 16),
        (lambda t: whole(t, -(2**53), 2**53), Int(-(2**53), 2**53), 2**53),
        (lambda t: choice(t, np.array([1, 2])), Categorical((1, 2)), 2),
        (lambda t: choice(t, list(np.array([0.5, 1]))), Categorical((0.5, 1.0)), 1.0),
        (lambda t: choice(t, [None, np.bool_(1)]), Categorical((None, True)), True),
        (lambda t: choice(t, np.array(["a", "b"])), Categorical(("a", "b")), "b"),
        (lambda t: choice(t, pd.Series(["a", "b"])), Categorical(("a", "b")), "b"),
        (lambda t: choice(t, pd.Categorical(["b", "a"])), Categorical(("b", "a")), "a"),
        (lambda t: choice(t, pd.Index([1, 2])), Categorical((1, 2)), 2),
        (lambda t: choice(t, range(2)), Categorical((0, 1)), 1),
        (lambda t: choice(t, UserList("ab")), Categorical(("a", "b")), "b"),
        (lambda t: choice(t, deque("ab")), Categorical(("a", "b")), "b"),
        (lambda t: choice(t, [0.5, math.inf]), Categorical((0.5, math.inf)), math.inf),
        (lambda t: choice(t, ["1", 1]), Categorical(("1", 1)), 1),
        (lambda t: choice(t, list(Kind)), Categorical(("flat", "deep")), Kind.DEEP),
        (lambda t: choice(t, [Size.SMALL, Size.LARGE]), Categorical((8, 16)), Size.LARGE),
        (lambda t: t.suggest_categorical(Kind.DEEP, ["ab"]), Categorical(("ab",)), "ab"),
    ],
)  # fmt: skip
def test_what_is_meant_is_taken_and_drawn_alike_from_its_record(
    draw: Draw, domain: Domain, value: object
) -> None:
    trial = Trial(last)
    drawn = draw(trial)
    (recorded,) = trial.domains.values()
    assert (recorded, drawn, type(drawn)) == (domain, value, type(value))
    distribution = json_to_distribution(distribution_to_json(to_distribution(recorded)))
    assert to_domain(distribution) == domain
    params = json.loads(json.dumps(trial.params))
    assert [type(kept) for kept in params.values()] == [type(p) for p in trial.params.values()]
    again = draw(Trial(fixed(params)))
    assert (again, type(again)) == (drawn, type(drawn))


FINITE = r"space: suggest_float\('x'\): expected finite numbers low <= high, got "
WHOLE = r"space: suggest_int\('x'\): expected whole numbers low <= high, got "
ORDER = (
    r"space: suggest_categorical\('x'\): expected choices in an order that stays the same, as in a "
    r"list or a tuple, got "
)
PLAIN = r"space: suggest_categorical\('x'\): expected choices that are None, .* or str, got "


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda t: number(t, 2, 1), FINITE + "low=2, high=1, step=None, log=False; fix them"),
        (lambda t: number(t, None, 1), FINITE + "low=None, high=1"),
        (lambda t: number(t, 0, "1"), FINITE + "low=0, high='1'"),
        (lambda t: number(t, 0, 10**400), FINITE + r"low=0, high=10+\.\.\., step"),
        (lambda t: number(t, 0, 10**5000), FINITE + "low=0, high=a value of type int, step"),
        (lambda t: number(t, 0, Decimal("sNaN")), FINITE + r"low=0, high=Decimal\('sNaN'\)"),
        (lambda t: number(t, False, True), FINITE + "low=False, high=True"),  # noqa: FBT003
        (lambda t: number(t, math.nan, 1), FINITE + "low=nan"),
        (lambda t: number(t, 0, math.inf), FINITE + "low=0, high=inf"),
        (lambda t: number(t, 0, 1j), FINITE + "low=0, high=1j"),
        (lambda t: number(t, [0], 1), FINITE + r"low=\[0\]"),
        (lambda t: number(t, np.zeros(2), 1), FINITE + r"low=array\(\[0., 0.\]\)"),
        (lambda t: number(t, Unprintable(), 1), FINITE + "low=a value of type Unprintable, high"),
        (lambda t: number(t, -1.7e308, 1.7e308), r"expected high - low to be finite, .*; draw its"),
        (lambda t: number(t, 0, 1, step=0), r"a finite step > 0 and no log, got .*step=0, log=Fal"),
        (lambda t: number(t, 0, 1, step=-0.1), "a finite step > 0 and no log, .*step=-0.1.*; drop"),
        (lambda t: number(t, 0, 1, step=math.nan), "a finite step > 0 and no log, got .*step=nan"),
        (lambda t: number(t, 0, 1, step=math.inf), "a finite step > 0 and no log, got .*step=inf"),
        (lambda t: number(t, 0, 1, step="0.1"), "a finite step > 0 and no log, got .*step='0.1'"),
        (lambda t: number(t, 0, 1, step=True), "a finite step > 0 and no log, got .*step=True"),
        (lambda t: number(t, 1, 2, step=1, log=True), "got .*step=1, log=True; drop one"),
        (lambda t: number(t, 1, 2, log="yes"), "log to be True or False, got .*log='yes'; give"),
        (lambda t: number(t, 1, 2, log=None), "expected log to be True or False, got .*log=None"),
        (lambda t: number(t, 0, 1, log=True), "low > 0 with log=True, got low=0, .*; raise low"),
        (lambda t: number(t, 0, 1, step=1e-300), "a step of at least 4e-08, as floats of this si"),
        (lambda t: number(t, 1e9, 1e9 + 1, step=0.1), "at least 2e\\+01, .*; make it larger, or"),
        (lambda t: whole(t, 2, 1), WHOLE + "low=2, high=1, step=1, log=False; fix them"),
        (lambda t: whole(t, 1, 2.5), WHOLE + "low=1, high=2.5"),
        (lambda t: whole(t, 1.0, 2), WHOLE + "low=1.0"),
        (lambda t: whole(t, None, 2), WHOLE + "low=None"),
        (lambda t: whole(t, "1", 2), WHOLE + "low='1'"),
        (lambda t: whole(t, False, 2), WHOLE + "low=False"),  # noqa: FBT003
        (lambda t: whole(t, 1, math.nan), WHOLE + "low=1, high=nan"),
        (lambda t: whole(t, 1, 2**53 + 1), r"expected whole numbers within 2\*\*53, which a float"),
        (lambda t: whole(t, -(2**54), 2), "got low=-18014398509481984, high=2, .*; draw a smaller"),
        (lambda t: whole(t, 1, 10**400), r"within 2\*\*53, .*, got low=1, high=10+\.\.\., step=1"),
        (lambda t: whole(t, 1, 2, step=0), "a whole step >= 1, and with .*, got .*step=0"),
        (lambda t: whole(t, 1, 2, step=1.5), "a whole step >= 1, and with .*, got .*step=1.5"),
        (lambda t: whole(t, 1, 2, step=True), "a whole step >= 1, and with .*, got .*step=True"),
        (lambda t: whole(t, 1, 2, step=None), "a whole step >= 1, and with .*, got .*step=None"),
        (lambda t: whole(t, 1, 9, step=2, log=True), "step 1 and low >= 1, got .*step=2, log=True"),
        (lambda t: whole(t, 0, 2, log=True), "step 1 and low >= 1, got low=0, .*log=True; fix"),
        (lambda t: whole(t, 1, 2, log=1), "expected log to be True or False, got .*log=1; give"),
        (lambda t: choice(t, None), ORDER + "None; write a list"),
        (lambda t: choice(t, 3), ORDER + "a value of type int; write a list"),
        (lambda t: choice(t, "abc"), ORDER + "a value of type str; write a list"),
        (lambda t: choice(t, b"abc"), ORDER + "a value of type bytes; write a list"),
        (lambda t: choice(t, (c for c in "ab")), ORDER + "a value of type generator; write a list"),
        (lambda t: choice(t, {"a"}), ORDER + "a value of type set; write a list"),
        (lambda t: choice(t, frozenset("a")), ORDER + "a value of type frozenset; write a list"),
        (lambda t: choice(t, {"a": 1}), ORDER + "a value of type dict; write a list of its keys"),
        (lambda t: choice(t, {"a": 1}.keys()), ORDER + "a value of type dict_keys; write a list"),
        (lambda t: choice(t, {"a": 1}.values()), ORDER + "a value of type dict_values; write"),
        (lambda t: choice(t, np.array(1)), ORDER + "a value of type int; write a list"),
        (lambda t: choice(t, pd.DataFrame({"a": [1]})), ORDER + "a value of type DataFrame; write"),
        (lambda t: choice(t, ()), "expected at least one choice, got none; name one"),
        (lambda t: choice(t, np.array([])), "expected at least one choice, got none; name one"),
        (lambda t: choice(t, [[1], [2]]), PLAIN + r"\[1\]; choose by name and look the object up"),
        (lambda t: choice(t, np.eye(2)), PLAIN + r"\[1.0, 0.0\]; choose"),
        (lambda t: choice(t, [np.zeros(2)]), PLAIN + r"array\(\[0., 0.\]\); choose"),
        (lambda t: choice(t, ("a", len)), PLAIN + "<built-in function len>; choose"),
        (lambda t: choice(t, [Unprintable()]), PLAIN + "a value of type Unprintable; choose"),
        (lambda t: choice(t, [Decimal("0.1")]), PLAIN + r"Decimal\('0.1'\); choose"),
        (lambda t: choice(t, [date(2026, 1, 2)]), PLAIN + r"datetime.date\(2026, 1, 2\); choose"),
        (lambda t: choice(t, [datetime(2026, 1, 2, tzinfo=UTC)]), PLAIN + "datetime.datetime"),
        (lambda t: choice(t, pd.to_datetime(["2026-01-02"])), PLAIN + "Timestamp"),
        (lambda t: choice(t, [pd.NA]), PLAIN + "<NA>; choose"),
        (lambda t: choice(t, [b"a"]), PLAIN + "b'a'; choose"),
        (lambda t: choice(t, [1j]), PLAIN + "1j; choose"),
        (lambda t: choice(t, list(Plain)), PLAIN + "<Plain.FLAT: 'flat'>; choose"),
        (lambda t: choice(t, [0.0, math.nan]), "that equal themselves, got nan; name it, such as"),
        (lambda t: choice(t, pd.Categorical(["a", None])), "that equal themselves, got nan; name"),
        (lambda t: choice(t, [2**53 + 1]), r"2\*\*53 if .*, got 9007199254740993; choose by name"),
        (lambda t: choice(t, ["a", "caf\udce9"]), r"valid Unicode, got 'caf\\udce9'; choose by na"),
        (lambda t: choice(t, (1, True)), r"that differ \(True, 1 and 1.0 are equal\), got \(1, Tr"),
        (lambda t: choice(t, (0.0, 0)), r"that differ .*, got \(0.0, 0\); drop or rename one"),
        (lambda t: choice(t, ("a", "a")), r"that differ .*, got \('a', 'a'\); drop or rename one"),
        (lambda t: choice(t, (Kind.FLAT, "flat")), "that differ .*; drop or rename one"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_where_it_is_written(draw: Draw, message: str) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        draw(Trial(last))
    text = str(caught.value)
    assert text.startswith("space: suggest_")
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (None, "None"),
        (["x"], r"\['x'\]"),
        (3, "3"),
        (b"x", "b'x'"),
        ("caf\udce9", r"'caf\\udce9'"),
        ("x\0", r"'x\\x00'"),
        ("x" * 513, r"'x{76}\.\.\."),
        ("x" * 10_000, r"'x{76}\.\.\."),
    ],
)
def test_a_name_that_no_database_can_hold_is_refused(name: Any, shown: str) -> None:
    message = (
        r"space: expected a parameter's name to be a text of valid Unicode, of at most 512 "
        rf"characters and without a NUL, got {shown}; rename it"
    )
    with pytest.raises(StudyError, match=message):
        Trial(last).suggest_float(name, 0, 1)
    with pytest.raises(StudyError, match=message):
        Trial(last).suggest_int(name, 0, 1)
    with pytest.raises(StudyError, match=message):
        Trial(last).suggest_categorical(name, ["a"])


@pytest.mark.parametrize("name", ["", " ", "new\nline", "\x1b[31m", "größe", "x" * 512])
def test_other_names_are_taken_as_they_are(name: str) -> None:
    trial = Trial(last)
    trial.suggest_int(name, 1, 2)
    assert trial.params == {name: 2}


def test_choices_of_other_types_are_others() -> None:
    pairs: list[tuple[tuple[Value, ...], tuple[Value, ...]]] = [
        ((0, 1), (False, True)),
        ((1, 2), (1.0, 2.0)),
    ]
    for one, other in pairs:
        assert Categorical(one) != Categorical(other)
        assert Categorical(one) == Categorical(one)
        assert hash(Categorical(one)) == hash(Categorical(one))


def test_a_given_value_is_recorded_as_the_choice_that_it_equals() -> None:
    trial = Trial(lambda *_: 1)
    assert trial.suggest_categorical("flag", [False, True]) is True
    assert trial.params == {"flag": True}
    assert trial.params["flag"] is True
    assert type(trial.suggest_float("x", 0, 2)) is float
    assert type(trial.params["x"]) is float
