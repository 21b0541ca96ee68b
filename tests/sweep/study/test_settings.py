"""Settings of a study: defaults, changes by name, and everything that cannot be read."""

from dataclasses import asdict, dataclass, field, fields, make_dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweep.errors import OptionError, StudyError
from sweep.study.settings import overriding, settings

# What survives a command line: no blanks at either end, and no comma inside a tuple's parts.
WORDS = st.text(st.characters(exclude_categories=("Cs", "Z", "Cc"))).map(str.strip)
PARTS = st.text("abcäß∂ 0", min_size=1).map(str.strip)


@dataclass(frozen=True)
class Settings:
    epochs: int = 6
    rate: float = 0.5
    augment: bool = False
    optimizer: str = "adam"
    models: tuple[int, ...] = (1, 2)
    tags: tuple[str, ...] = ()


def as_json(values):
    return {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(values).items()}


def printed(value):
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def test_without_changes_the_settings_are_their_defaults():
    assert settings(Settings) == Settings()
    with overriding({}):
        assert settings(Settings) == Settings()


@given(
    st.builds(
        Settings,
        epochs=st.integers(),
        rate=st.floats(allow_nan=False),
        augment=st.booleans(),
        optimizer=WORDS,
        models=st.lists(st.integers(), min_size=1).map(tuple),
        tags=st.lists(PARTS, min_size=1).map(tuple),
    )
)
def test_settings_that_were_printed_are_read_back(given_settings):
    texts = {f.name: printed(getattr(given_settings, f.name)) for f in fields(Settings)}
    with overriding(texts) as known:
        assert settings(Settings) == given_settings
    assert known == as_json(given_settings)


@pytest.mark.parametrize("text", ["true", "True", " TRUE "])
def test_true_is_read_in_any_case(text):
    with overriding({"augment": text}):
        assert settings(Settings).augment is True


def test_blanks_around_a_value_do_not_count():
    with overriding({"models": " 3, 4 ", "optimizer": " sgd "}):
        assert settings(Settings) == Settings(models=(3, 4), optimizer="sgd")


def test_several_declarations_share_the_changes():
    @dataclass(frozen=True)
    class Others:
        width: int = 8

    with overriding({"width": "16", "epochs": "1"}) as known:
        assert settings(Others) == Others(width=16)
        assert settings(Settings) == Settings(epochs=1)
    assert known == as_json(Settings(epochs=1)) | {"width": 16}


def test_the_changes_end_with_their_block_even_if_it_raises():
    with pytest.raises(ZeroDivisionError), overriding({"epochs": "1"}):
        _ = 1 / 0
    assert settings(Settings).epochs == 6


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("epochs", "six", r"--set epochs: expected a value of type int, like 6, got 'six'"),
        ("epochs", "1.5", r"--set epochs: expected a value of type int, like 6, got '1.5'"),
        ("rate", "", r"--set rate: expected a value of type float, like 0.5, got ''"),
        ("augment", "yes", r"--set augment: expected a value of type bool, like False, got 'yes'"),
        (
            "models",
            "1,",
            r"--set models: expected a value of type tuple\[int, ...\], like",
        ),
    ],
)
def test_a_value_of_another_type_is_refused(name, text, message):
    with pytest.raises(OptionError, match=message), overriding({name: text}):
        settings(Settings)


class Mode(Enum):
    FAST = "quick"
    SLOW = "slow"


@dataclass(frozen=True)
class Kinds:
    rows: int | None = None
    layers: list[int] = field(default_factory=lambda: [8, 8])
    folder: Path = Path("data")
    mode: Mode = Mode.FAST
    loss: Literal["l1", "l2"] = "l2"
    size: tuple[int, str] = (3, "same")
    limits: dict[str, float] = field(default_factory=dict)
    anything: int | str | bool = 1
    bare: tuple = (1, 2)  # type: ignore[type-arg]


@pytest.mark.parametrize(
    ("name", "text", "value", "plain"),
    [
        ("rows", "100", 100, 100),
        ("rows", "none", None, None),
        ("rows", "null", None, None),
        ("layers", "16,16,16", [16, 16, 16], [16, 16, 16]),
        ("layers", "[1, 2]", [1, 2], [1, 2]),
        ("layers", "5", [5], [5]),
        ("folder", "a/b c.csv", Path("a/b c.csv"), "a/b c.csv"),
        ("mode", "SLOW", Mode.SLOW, "slow"),
        ("mode", "slow", Mode.SLOW, "slow"),
        ("loss", "l1", "l1", "l1"),
        ("size", "5,valid", (5, "valid"), [5, "valid"]),
        ("limits", '{"a": 1}', {"a": 1.0}, {"a": 1.0}),
        ("anything", "x", "x", "x"),
        ("anything", "true", True, True),
        ("bare", "3,4,5", (3, 4, 5), [3, 4, 5]),
    ],
)
def test_a_value_is_read_by_its_annotation_and_recorded_as_json(name, text, value, plain):
    with overriding({name: text}) as known:
        assert getattr(settings(Kinds), name) == value
    assert known[name] == plain
    with overriding(known) as again:  # as a replay does
        assert getattr(settings(Kinds), name) == value
    assert again == known


@pytest.mark.parametrize(
    ("kind", "default"),
    [(int, None), (list[int], "abc"), (object, object()), (float, float("nan")), (Mode, "medium")],
)
def test_a_default_that_cannot_be_recorded_is_refused(kind, default):
    made = make_dataclass("Made", [("x", kind, field(default_factory=lambda: default))])
    message = r"settings: expected 'x' to be .*, of values that JSON can hold, got .*; change the"
    with pytest.raises(StudyError, match=message):
        settings(made)


def test_an_annotation_that_names_no_type_is_refused():
    made = make_dataclass("Made", [("x", "Nowhere", 1)])
    message = r"settings: expected annotations that name types, got NameError: .*; import these"
    with pytest.raises(StudyError, match=message):
        settings(made)


def test_an_enumeration_is_refused_with_its_members():
    message = r"--set mode: expected a value of type Mode \(FAST, SLOW\), like .*, got 'medium'"
    with pytest.raises(OptionError, match=message), overriding({"mode": "medium"}):
        settings(Kinds)


def test_an_unknown_setting_is_refused_with_those_there_are():
    message = r"--set epoch: expected one of the study's settings, got 'epoch'; it has epochs, rate"
    with pytest.raises(OptionError, match=message), overriding({"epoch": "3"}):
        settings(Settings)


def test_a_study_without_settings_takes_none():
    with (
        pytest.raises(OptionError, match=r"--set x: .*; it has none at all"),
        overriding({"x": ""}),
    ):
        pass


@pytest.mark.parametrize("declaration", [dict, Settings(), 3])
def test_a_declaration_is_a_dataclass(declaration):
    with pytest.raises(StudyError, match=r"settings: expected a dataclass, got .*; decorate the"):
        settings(declaration)


def test_every_setting_has_a_default():
    @dataclass(frozen=True)
    class Incomplete:
        epochs: int

    message = r"a default for every field of Incomplete, got none for one \(.*'epochs'\); give each"
    with pytest.raises(StudyError, match=message):
        settings(Incomplete)
