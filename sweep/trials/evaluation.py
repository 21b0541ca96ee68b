"""Results of evaluating the best model: metrics, exhibits to look at, openings of the test set."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import stdev
from typing import Any, Literal, Self

from sweep.errors import StudyError
from sweep.text import mean_text, metrics_text
from sweep.trials.domains import Params


@dataclass(frozen=True)
class Exhibit:
    """Something to look at; created by `text`, `svg`, `pictures` or `matrix`.

    Attributes:
        title: What it shows.
        kind: How to show it.
        content: JSON values, whose form depends on the kind.
        note: How to read it, in a sentence.
    """

    title: str
    kind: Literal["text", "svg", "pictures", "matrix"]
    content: Any
    note: str = ""

    @classmethod
    def text(cls, title: str, text: str, note: str = "") -> Self:
        """Show lines of text as they are."""
        return cls(title, "text", str(text), note)

    @classmethod
    def svg(cls, title: str, svg: str, note: str = "") -> Self:
        """Show a drawing.

        Args:
            title: What it shows; screen readers say it too.
            svg: One <svg> element. It becomes part of the page, so it may use `currentColor`.
            note: How to read it.

        Raises:
            StudyError: If `svg` does not begin with <svg.
        """
        if not svg.lstrip().startswith("<svg"):
            raise StudyError(f"exhibit {title!r}: expected one <svg> element, got {svg[:40]!r}; "
                             f"leave out what comes before it")  # fmt: skip
        return cls(title, "svg", svg, note)

    @classmethod
    def pictures(cls, title: str, pictures: Sequence[tuple[bytes, str]], note: str = "") -> Self:
        """Show small pictures side by side.

        Args:
            title: What they show.
            pictures: (PNG file, caption) of each; screen readers say the caption too.
            note: How to read them.

        Raises:
            StudyError: If a file is not a PNG.
        """
        for png, caption in pictures:
            if not png.startswith(b"\x89PNG"):
                raise StudyError(
                    f"exhibit {title!r}: expected PNG files, got {png[:8]!r} for {caption!r}; "
                    f"write the picture as PNG"
                )
        content = [[base64.b64encode(png).decode(), caption] for png, caption in pictures]
        return cls(title, "pictures", content, note)

    @classmethod
    def matrix(
        cls, title: str, counts: Sequence[Sequence[int]], labels: Sequence[str], note: str = ""
    ) -> Self:
        """Show a square table of counts by class, such as a confusion matrix.

        Args:
            title: What it shows.
            counts: (K, K) how many of the row's class were taken for the column's.
            labels: K names of the classes.
            note: How to read it.

        Raises:
            StudyError: If `counts` is not K by K.
        """
        rows = [[int(n) for n in row] for row in counts]
        if any(len(row) != len(labels) for row in rows) or len(rows) != len(labels):
            raise StudyError(
                f"exhibit {title!r}: expected {len(labels)} rows of {len(labels)} counts, got "
                f"{[len(row) for row in rows]}; give one label per class"
            )
        return cls(title, "matrix", {"labels": [str(x) for x in labels], "counts": rows}, note)


@dataclass(frozen=True)
class Evaluation:
    """What `Final.evaluate` may return instead of metrics alone.

    Attributes:
        metrics: Plain numbers by name.
        exhibits: What to show of the model in report.html.
    """

    metrics: Mapping[str, float]
    exhibits: Sequence[Exhibit] = ()


def to_plain(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Return exhibits as JSON values, to be recorded."""
    return [asdict(exhibit) for exhibit in exhibits]


def from_plain(values: Sequence[Mapping[str, Any]]) -> tuple[Exhibit, ...]:
    """Return the exhibits that `to_plain` converted."""
    return tuple(Exhibit(**value) for value in values)


TESTS = "tests"
"""Attribute of the final study that records the openings of the test set, in every version."""


@dataclass(frozen=True)
class TestOpening:
    """One opening of the test set: for which final trainings, when, and with what result.

    Attributes:
        trial: Number of the final training, the first one if there are several.
        params: Its parameters, which are those of a trial of the search.
        opened: Time of the opening, in ISO 8601.
        metrics: What `evaluate` returned, the mean over the trainings; None if it did not finish.
        exhibits: What it returned to look at, for the first training.
        trials: Numbers of all final trainings; empty for a single one.
        each: What `evaluate` returned for each of these.
        ensemble: What `ensemble` returned for all of them together, if there is one.
    """

    trial: int
    params: Params
    opened: str
    metrics: Mapping[str, float] | None
    exhibits: tuple[Exhibit, ...] = ()
    trials: tuple[int, ...] = ()
    each: tuple[Mapping[str, float], ...] = ()
    ensemble: Mapping[str, float] | None = None

    @property
    def trainings(self) -> list[int]:
        """Numbers of the final trainings."""
        return [*self.trials] or [self.trial]

    @property
    def spread(self) -> dict[str, float]:
        """Sample standard deviation of each metric over the trainings; empty for a single one."""
        values = {name: [m[name] for m in self.each if name in m] for name in self.metrics or {}}
        return {name: stdev(xs) for name, xs in values.items() if len(xs) > 1}

    @property
    def texts(self) -> dict[str, str]:
        """Each metric as text, with its standard deviation if there is one."""
        return {
            name: mean_text(value, self.spread.get(name))
            for name, value in (self.metrics or {}).items()
        }

    def __str__(self) -> str:
        """Return the result as text; empty if it did not finish."""
        text = ", ".join(f"{name} {value}" for name, value in self.texts.items())
        over = f" over {len(self.trials)} trainings" if text and self.trials else ""
        together = f"; as an ensemble {metrics_text(self.ensemble)}" if self.ensemble else ""
        return text + over + together


def test_openings(attributes: Mapping[str, Any]) -> list[TestOpening]:
    """Return every opening of the test set so far, oldest first.

    Args:
        attributes: The attributes of the final study.
    """
    return [_opening(**entry) for entry in attributes.get(TESTS, [])]


def _opening(
    *,
    exhibits: Sequence[Mapping[str, Any]] = (),
    trials: Sequence[int] = (),
    each: Sequence[Mapping[str, float]] = (),
    **entry: Any,
) -> TestOpening:
    return TestOpening(
        **entry, exhibits=from_plain(exhibits), trials=tuple(trials), each=tuple(each)
    )
