"""Doc."""

from sweep.reports import formats as export
from sweep.reports import tables
from sweep.reports.results import Run
from sweep.reports.sections import about_run
from sweep.text import metrics_text, short
from sweep.trials.records import TrialRecord, n_ended

N_TOP = 10


def markdown(run: Run) -> str:
    """The report as Markdown."""
    sections = [
        f"# {run.name}",
        _headline(run),
        *_declared(run),
        "## Progression of the best",
        f"Each row is a trial that was better than all before it, by {run.metric} of its "
        f"{run.about['score']} epoch, and what it changed.",
        export.to_markdown(tables.progression(run.records, run.metric, run.sign)),
        f"## The best {N_TOP}",
        export.to_markdown(tables.leaders(run.records, run.metric, run.sign, N_TOP)),
        *_final(run),
        "## What it cost",
        export.to_markdown(tables.summary(run.records)),
        *_failures(run.records),
        "## Where it comes from",
        _provenance(run),
    ]
    if any(record.epochs for record in run.records):
        sections.insert(2, "![Learning curves](plots/learning_curves.svg)")
        sections.insert(2, "![The best score so far](plots/progression.svg)")
    return "\n\n".join(section.strip() for section in sections) + "\n"


def _headline(run: Run) -> str:
    text = f"{n_ended(run.records)} trials have ended."
    if run.best is not None:
        score = short(run.best.score)
        text += f" The best is trial {run.best.number}, with {run.metric} {score}."
    if run.test is not None:
        text += f" Trained once more on all training data, it has {metrics_text(run.test.metrics)}."
    return text


def _declared(run: Run) -> list[str]:
    return [
        text
        for comparison in run.comparisons().values()
        for text in (f"## {comparison.title}", export.comparison_in_markdown(comparison))
    ]


def _final(run: Run) -> list[str]:
    if not run.finals:
        return []
    lines = [
        "The search never saw the test set. These are all the times it was opened:",
        "",
        *(
            f"- {test.opened}: final training {test.trial}, "
            f"{metrics_text(test.metrics) or 'not finished'}"
            for test in run.tests
        ),
    ]
    finals = tables.trials(run.finals, run.final_metric)
    table = finals.drop(columns=["attempts", "host", "started"], errors="ignore")
    return ["## Final training", export.to_markdown(table), "\n".join(lines)]


def _failures(records: list[TrialRecord]) -> list[str]:
    failed = [record for record in records if record.failure is not None]
    if not failed:
        return []
    lines = [
        f"- trial {record.number}: {record.ending.value}, {record.failure.message}"
        for record in failed
        if record.failure is not None
    ]
    return ["## Failures", "\n".join(lines)]


def _provenance(run: Run) -> str:
    made = about_run(run.about)
    changes = [
        f"- from trial {change['from_trial']} on: "
        + ", ".join(f"{k} {change['before'][k]} -> {v}" for k, v in change["after"].items())
        for change in run.about.get("changes", [])
    ]
    lines = [
        f"- command: `{made['command']}`",
        f"- seed: {made['seed']}, sampler: {made['sampler']}, pruner: {made['pruner']}",
        *(f"- {name}: {made[name]}" for name in ("settings", "versions", "code", "machine")),
    ]
    return "\n".join([*lines, *changes])
