"""The report as data: Markdown and HTML say the same, and say it in whole sentences."""

from dataclasses import replace

from sweep.reports.html.content import render
from sweep.reports.markdown import markdown
from sweep.reports.sections import counted, report_of
from sweep.trials.records import Ending, Failure
from sweep.trials.worker import Kernel, Worker
from tests.sweep.reports.html.test_content import Balanced, run_of, trial

__all__ = ["run_of"]  # a fixture


def failed(number, message):
    return replace(trial(number, Ending.ERROR), failure=Failure(Ending.ERROR, message, str(number)))


def test_markdown_and_html_say_the_same(run_of):
    run = run_of([trial(0), trial(1, Ending.PRUNED), failed(2, "no"), trial(3, Ending.RUNNING)])
    run.about["changes"] = [{"from_trial": 2, "before": {"seed": 0}, "after": {"seed": 1}}]
    report = report_of(run)
    text, page = markdown(report), " ".join(Balanced(render(report)).words.split())
    assert report.headline == "The best of 3 trials is trial 0: loss 0.5. 3 of 4 trials have ended."
    assert len(report.costs) == 2  # the pruned trial was as long as the complete one
    assert ("changed from trial 2 on", "seed 0 → 1") in report.provenance
    said = [report.headline, *report.costs, *(value for _, value in report.provenance)]
    for sentence in (*said, *report.progression.notes):
        assert sentence in text
        assert sentence in page


def test_failures_alike_are_one_group_and_the_most_frequent_comes_first(run_of):
    report = report_of(run_of([failed(0, "rare"), failed(1, "often"), failed(2, "often")]))
    groups = [
        (error, [trial.number for trial in trials], trials[0].failure.traceback)
        for error, trials in report.failures.items()
    ]
    assert groups == [("error: often", [1, 2], "1"), ("error: rare", [0], "0")]
    assert "- error: often (trials 1, 2)\n- error: rare (trial 0)\n" in markdown(report)


def test_a_report_without_trials_leaves_out_what_would_be_empty(run_of):
    report = report_of(run_of([]))
    assert (report.best, report.costs, report.failures, report.plots) == ([], [], {}, {})
    headings = [line for line in markdown(report).splitlines() if line.startswith("#")]
    assert headings == ["# toy", "## Provenance"]


def trained_with(number, name):
    worker = Worker("host", 1, 1, Kernel("OpenBLAS", "0.3.31", name, "X86_V3") if name else None)
    return replace(trial(number), worker=worker)


def test_the_kernels_that_trained_are_named_and_counted_if_there_are_several(run_of):
    def shown(*records):
        return dict(report_of(run_of(records)).provenance).get("trained with")

    haswell, zen = "OpenBLAS 0.3.31 Haswell, NumPy X86_V3", "OpenBLAS 0.3.31 Zen, NumPy X86_V3"
    one, other, old = trained_with(0, "Haswell"), trained_with(1, "Zen"), trained_with(2, "")
    assert shown(one, trained_with(1, "Haswell"), old) == haswell
    assert shown(one, other, trained_with(2, "Zen")) == f"{haswell} (1 trial); {zen} (2 trials)"
    assert shown(old) is None


def test_one_thing_has_no_plural():
    assert [counted(n, "trial") for n in (0, 1, 2)] == ["0 trials", "1 trial", "2 trials"]
