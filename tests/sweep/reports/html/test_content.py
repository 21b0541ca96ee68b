"""The report page, whatever a run looks like; tests/sweep/reports/html/test_browser.py opens it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

import sweep
from sweep.reports.html import content
from sweep.reports.sections import report_of
from sweep.reports.write import write
from sweep.trials.domains import Categorical, Float, Int
from sweep.trials.records import Ending, EpochRecord, Failure, TrialRecord
from sweep.trials.worker import Worker

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
DOMAINS = {"rate": Float(1e-4, 1e-1, log=True), "k": Int(1, 9), "kind": Categorical(("a", "b"))}
VOID = {"meta", "br", "input", "img", "link"}


def trial(number: int, ending: Ending = Ending.COMPLETE, metric: str = "loss") -> TrialRecord:
    """A trial of two epochs; the score falls with the number."""
    score = 1 / (number + 2)
    begin = BEGAN + timedelta(seconds=number)
    failed = ending not in (Ending.COMPLETE, Ending.PRUNED, Ending.RUNNING)
    return TrialRecord(
        number=number,
        params={"rate": 10 ** -(1 + number % 3), "k": 1 + number % 9, "kind": "ab"[number % 2]},
        domains=DOMAINS,
        config={"k": 1 + number % 9},
        seed=number,
        endings_known=number,
        ending=ending,
        ending_number=number + 1 if ending is not Ending.RUNNING else 0,
        score=score if ending is Ending.COMPLETE else None,
        epochs=[EpochRecord(i, {metric: score * (3 - i)}, 0.5, 0.4) for i in (1, 2)],
        failure=Failure(ending, "ValueError: <b>no</b>", "Traceback ...") if failed else None,
        worker=Worker("host", 1, 1),
        started=begin,
        finished=begin + timedelta(seconds=2) if ending is not Ending.RUNNING else None,
    )


def page_of(run: sweep.Run) -> str:
    return content.render(report_of(run))


@pytest.fixture
def run_of(make_study, inline) -> Callable[..., sweep.Run]:
    """A maker of runs with these records in place of their own."""
    run = inline(make_study(trials=1))

    def make(records: list[TrialRecord], metric: str = "loss") -> sweep.Run:
        run.records = records
        run.about["metric"] = metric
        return run

    return make


class Balanced(HTMLParser):
    """Collects the words, and fails where elements are not closed in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.words = ""
        self.feed(text)
        assert not self.stack

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_finished_run_writes_it(make_study, inline) -> None:
    run = inline(make_study(trials=12))
    text = (run.directory.path / "report.html").read_text()
    words = Balanced(text).words
    assert f"The best of 12 trials is trial {run.best.number}" in words
    assert "http" not in text.replace("http://www.w3.org/", "").replace("http-equiv", "")
    write(run)
    assert (run.directory.path / "report.html").read_text() == text


def test_an_empty_run_says_so(run_of) -> None:
    assert "No trial has ended yet." in Balanced(page_of(run_of([]))).words


def test_one_trial(run_of) -> None:
    words = Balanced(page_of(run_of([trial(0)]))).words
    assert "The best of 1 trial is trial 0" in words
    assert "nothing to compare" in words


def test_a_run_that_goes_on(run_of) -> None:
    words = Balanced(page_of(run_of([trial(0), trial(1, Ending.RUNNING)]))).words
    assert "1 of 2 trials have ended." in words


def test_a_run_whose_trials_all_failed(run_of) -> None:
    text = page_of(run_of([trial(i, Ending.ERROR) for i in range(3)]))
    words = Balanced(text).words
    assert "None of 3 trials has a score." in words
    assert "error: ValueError: <b>no</b>" in words
    assert "3 trials: 0, 1, 2" in words
    assert "<b>" not in text


def test_names_of_metrics_may_have_spaces_and_html(run_of) -> None:
    metric = 'error < 5 % & "$x_1$"'
    records = [trial(i, metric=metric) for i in range(12)]
    text = page_of(run_of(records, metric))
    assert f"{metric} 0.07692" in " ".join(Balanced(text).words.split())


def test_five_thousand_trials_stay_below_5_mb(run_of) -> None:
    endings = (Ending.COMPLETE, Ending.PRUNED)
    text = page_of(run_of([trial(i, endings[i % 3 == 0]) for i in range(5000)]))
    assert len(text.encode()) < 5e6
    assert text.count("<tr class=") == 5000


def test_exhibits_are_shown(make_study, inline) -> None:
    exhibits = [
        sweep.Exhibit.text("Words", "a <layer>", note="As it is."),
        sweep.Exhibit.svg("Drawing", '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'),
        sweep.Exhibit.pictures("Digits", [(b"\x89PNG...", "4 read as 9")]),
        sweep.Exhibit.matrix("Confusion", [[7, 1], [0, 8]], ["cat", "dog"]),
    ]
    final = sweep.Final(
        data=lambda: None,
        test=lambda: None,
        evaluate=lambda *_: sweep.Evaluation({"test_error": 0.25}, exhibits),
        minimize="loss",
    )
    run = inline(make_study(final=final))
    text = (run.directory.path / "report.html").read_text()
    words = Balanced(text).words
    assert run.test.exhibits == tuple(exhibits)
    assert all(exhibit.title in words for exhibit in exhibits)
    assert "a <layer>" in words
    assert 'alt="4 read as 9"' in text
    assert "test_error 0.25" in words


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: sweep.Exhibit.svg("Net", "<?xml?><svg/>"), "expected one <svg> element, got"),
        (lambda: sweep.Exhibit.pictures("Digits", [(b"GIF8", "4")]), "expected PNG files, got"),
        (lambda: sweep.Exhibit.matrix("Who", [[1, 2]], ["a", "b"]), "expected 2 rows of 2 counts"),
    ],
)
def test_exhibits_that_could_not_be_shown_are_refused(make, message) -> None:
    with pytest.raises(sweep.StudyError, match=message):
        make()


def test_declared_tables_are_shown_with_their_notes(make_study, inline) -> None:
    rows = sweep.PublishedTable(
        name="ks",
        title="What <k> does",
        by="k",
        rows=("1", "2"),
        quantities=(sweep.Quantity(source="loss", header="loss", published={"1": 0.5}),),
        notes=("Of <old>.",),
    )
    run = inline(make_study(tables=(rows,)))
    words = Balanced((run.directory.path / "report.html").read_text()).words
    assert "What <k> does" in words
    assert "Of <old>." in words


def test_changes_of_the_study_are_told(run_of) -> None:
    run = run_of([trial(0)])
    run.about["changes"] = [{"from_trial": 7, "before": {"seed": 0}, "after": {"seed": 1}}]
    assert "changed from trial 7 on" in Balanced(page_of(run)).words


def test_trials_that_lack_a_parameter_are_drawn(run_of) -> None:
    records = [trial(i) for i in range(12)]
    some = [replace(r, **{field: dict(list(getattr(r, field).items())[: 1 + r.number % 3])
                          for field in ("params", "domains")}) for r in records]  # fmt: skip
    assert Balanced(page_of(run_of(some))).words
