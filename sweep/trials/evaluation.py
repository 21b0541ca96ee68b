"""This file is what a study shows of its best model, beside the numbers that it is judged by."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sweep.errors import StudyError
from sweep.trials.domains import Params

Kind = Literal["text", "svg", "pictures", "matrix"]


@dataclass(frozen=True)
class Exhibit:
    """Something to look at; made by `text`, `svg`, `pictures` or `matrix`.

    Attributes:
        title: What it is.
        kind: How it is shown.
        content: JSON values, as the maker of this kind puts them together.
        note: How to read it, in a sentence.
    """

    title: str
    kind: Kind
    content: Any
    note: str = ""

    @classmethod
    def text(cls, title: str, text: str, note: str = "") -> "Exhibit":
        """Lines of text, shown as they are."""
        return cls(title, "text", str(text), note)

    @classmethod
    def svg(cls, title: str, svg: str, note: str = "") -> "Exhibit":
        """A drawing.

        Args:
            title: What it is; also what a screen reader says.
            svg: One <svg> element. It is shown as part of the page, so it may use `currentColor`.
            note: How to read it.

        Raises:
            StudyError: If it is none.
        """
        if not svg.lstrip().startswith("<svg"):
            raise StudyError(f"exhibit {title!r}: expected one <svg> element, got {svg[:40]!r}; "
                             f"leave out what comes before it")  # fmt: skip
        return cls(title, "svg", svg, note)

    @classmethod
    def pictures(
        cls, title: str, pictures: Sequence[tuple[bytes, str]], note: str = ""
    ) -> "Exhibit":
        """Small pictures side by side.

        Args:
            title: What they are.
            pictures: (PNG file, caption) of each; the caption is also what a screen reader says.
            note: How to read them.

        Raises:
            StudyError: If a file is no PNG.
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
    ) -> "Exhibit":
        """A square table of counts, such as a confusion matrix: a row per class, and a column.

        Args:
            title: What it is.
            counts: (K, K): how many of row's class were taken for column's.
            labels: K names of the classes.
            note: How to read it.

        Raises:
            StudyError: If it is not square, or the labels are not as many.
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
        exhibits: What to show of the model in the report page.
    """

    metrics: Mapping[str, float]
    exhibits: Sequence[Exhibit] = ()


def to_plain(exhibits: Sequence[Exhibit]) -> list[dict[str, Any]]:
    """Exhibits as JSON values, to be recorded."""
    return [asdict(exhibit) for exhibit in exhibits]


def from_plain(values: Sequence[Mapping[str, Any]]) -> tuple[Exhibit, ...]:
    """What `to_plain` made of them."""
    return tuple(Exhibit(**value) for value in values)


TESTS = "test_openings"


@dataclass(frozen=True)
class TestOpening:
    """One opening of the test set: for which final training, when, and what came out.

    Attributes:
        trial: The number of the final training.
        params: The parameters that it shares with the best trial of the search.
        opened: When, as an ISO 8601 time.
        metrics: What `evaluate` returned; None if it never came to an end.
        exhibits: What else it returned, to look at.
    """

    trial: int
    params: Params
    opened: str
    metrics: Mapping[str, float] | None
    exhibits: tuple[Exhibit, ...] = ()


def test_openings(attributes: Mapping[str, Any]) -> list[TestOpening]:
    """Every opening of the test set so far, oldest first."""
    return [
        TestOpening(**entry | {"exhibits": from_plain(entry.get("exhibits", []))})
        for entry in attributes.get(TESTS, [])
    ]
