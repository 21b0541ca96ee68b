"""What a report says, as plain data: made once from a run, rendered as Markdown and as HTML."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from sweep.reports import tables
from sweep.reports.costs import cost_sentences, costs
from sweep.reports.finals import opening_text, runoff_note, runoff_table, winner_text
from sweep.reports.fronts import best_scores, infeasible_sentences
from sweep.reports.outlook.outlook import Outlook, outlook_of
from sweep.reports.plots.all_plots import Plot, all_plots
from sweep.reports.published import FilledTable
from sweep.study.fields import difference, recorded
from sweep.study.objectives import constraints_text
from sweep.text import counted, duration, metrics_text, short
from sweep.trials.evaluation import Exhibit
from sweep.trials.ranking import n_ended
from sweep.trials.records import TrialRecord

if TYPE_CHECKING:
    from sweep.reports.results import Run

N_LEADERS = 10
"""Trials in the table of the best."""

ELSEWHERE = {"name", "metric", "direction", "further_objectives", "constraints", "settings", "code",
             "functions", "data"}  # fmt: skip
"""Recorded values of a study that its provenance shows in another form, or the headline does."""

Pairs = list[tuple[str, str]]
"""Names and their values as text, in the order in which to show them."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that a report says about a run.

    Attributes:
        sealed: The sentence before the list of openings.
        name: Name of the study.
        headline: The result, in a few sentences.
        key_numbers: The numbers to see first.
        published: The tables that the study declares, by name.
        plots: Plots by name; those with nothing to draw are left out.
        progression: Trials that set a new best.
        outlook: What paused trials are expected to come to, and what another hour would do.
        front: Numbers, as text, of the trials on the Pareto front; of one objective, of the best.
        leaders: The best trials; of several objectives, those on the front.
        trials: All trials.
        best: Number, configuration and seed of the best trial; empty before the first score.
        load: Line of Python that loads the best model; empty if there is none.
        exhibits: What the study shows of the best model.
        runoff: The trials of the runoff.
        finals: All final trainings.
        openings: Each evaluation on the test set, as text.
        summary: How trials ended.
        costs: What the run cost, in sentences.
        failures: Failed trials by how they ended and the error message, the most frequent first.
        printed: The last lines that the first trial of each kind of failure printed, if any.
        provenance: What made the run, and how the study changed during it.
    """

    sealed: ClassVar = "The search never saw the test set. It was opened only for:"
    name: str
    headline: str
    key_numbers: Pairs
    published: Mapping[str, FilledTable]
    plots: Mapping[str, Plot]
    progression: FilledTable
    outlook: Outlook
    front: list[str]
    leaders: FilledTable
    trials: FilledTable
    best: Pairs
    load: str
    exhibits: tuple[Exhibit, ...]
    runoff: FilledTable
    finals: FilledTable
    openings: list[str]
    summary: FilledTable
    costs: list[str]
    failures: dict[str, list[TrialRecord]]
    printed: dict[int, str]
    provenance: Pairs


def report_of(run: "Run", load: str = "") -> Report:
    """Return the report of a run.

    Args:
        run: The run; it may still be running, be empty, or have failed wholly.
        load: Name of the function that loads the best model; empty if there is none.
    """
    best, trial = run.final or run.best, run.chosen if run.final else run.best
    failures, ahead = _failures(run.records), outlook_of(run)
    first = [trials[0].number for trials in failures.values()]
    return Report(
        name=run.name,
        headline=" ".join(_headline(run)),
        key_numbers=_key_numbers(run),
        published=run.comparisons(),
        plots=all_plots(run, ahead.paused),
        progression=_table(
            "Progression of the best", tables.progression(run.records, run.metric, run.sign), (),
            f"Each row is a trial that set a new best {run.metric} (of its "
            f"{run.about['score']} epoch), and what it changed from the best before it."),
        outlook=ahead,
        front=[str(record.number) for record in run.front],
        leaders=_table("Pareto front" if run.knee else f"Best {N_LEADERS} trials",
                       run.leaders(N_LEADERS)),
        trials=_table("All trials", run.trials(), ["cpu_seconds", "seed", "host", "started"]),
        best=[(name, str(value)) for name, value in [
            ("trial", trial.number), *best.config.items(), ("seed", best.seed)]]
        if trial and best else [],
        load=f'model = {load}("best/weights.safetensors")' if load else "",
        exhibits=run.test.exhibits if run.test else (),
        runoff=_table("Runoff", runoff_table(run), (), runoff_note(run)),
        finals=_table("Final training", tables.trials(run.finals, run.final_metric),
                      ["attempts", "host", "started"]),
        openings=[opening_text(test) for test in run.tests],
        summary=_table("How trials ended", tables.summary(run.records)),
        costs=[*cost_sentences(*map(costs, (run.records, run.runoff, run.finals))),
               *infeasible_sentences(run)]
        if run.records else [],
        failures=failures,
        printed={number: text for number in first if (text := run.printed(number))},
        provenance=_provenance(run),
    )  # fmt: skip


def _table(title: str, rows: pd.DataFrame, hidden: Iterable[str] = (), *notes: str) -> FilledTable:
    shown = rows.drop(columns=list(hidden), errors="ignore")
    return FilledTable(title, shown, shown, notes=notes)


def _headline(run: "Run") -> Iterator[str]:
    ended, n_trials = n_ended(run.records), len(run.records)
    among = counted(ended, "trial")
    if run.best:
        by = f" by {run.metric}" if run.knee else ""
        score = metrics_text(run.scores(run.best))
        yield f"The best of {among}{by} is trial {run.best.number}: {score}."
    else:
        yield f"None of {among} has a score." if ended else "No trial has ended yet."
    if run.knee:
        yield (f"The Pareto front of {' and '.join(goal.metric for goal in run.objectives)} has "
               f"{counted(len(run.front), 'trial')}; its knee is trial {run.knee.number}: "
               f"{metrics_text(run.scores(run.knee))}.")  # fmt: skip
    if chosen := winner_text(run):
        yield f"A runoff of the best {len(run.finalists)} chose {chosen}."
    if run.test:
        yield f"Retrained on all training data, it reaches {run.test} on the test set."
    if ended < n_trials:
        yield f"{ended} of {counted(n_trials, 'trial')} have ended."


def _key_numbers(run: "Run") -> Pairs:
    cost = costs(run.records)
    together = run.test.ensemble or {} if run.test else {}
    return [
        *((f"best {name}", short(score)) for name, score in best_scores(run).items()),
        *([("on the front", str(len(run.front)))] if run.knee else []),
        *(run.test.texts.items() if run.test else ()),
        *((f"{name}, ensemble", short(value)) for name, value in together.items()),
        *((row.status, str(row.trials)) for row in tables.summary(run.records).itertuples()),
        ("core time", duration(cost.spent)),
        *([("saved, estimated", f"{100 * cost.share_saved:.0f} %")] if cost.saved else []),
        *([] if cost.busy is None else [("slots busy", f"{100 * cost.busy:.0f} %")]),
    ]


def _failures(records: Iterable[TrialRecord]) -> dict[str, list[TrialRecord]]:
    groups: dict[str, list[TrialRecord]] = {}
    for record in records:
        if record.failure:
            groups.setdefault(f"{record.ending}: {record.failure.message}", []).append(record)
    return dict(sorted(groups.items(), key=lambda group: -len(group[1])))


def _kernels(records: Iterable[TrialRecord]) -> str:
    """Return the kernels of the processes that trained; with several, each with its trials."""
    names = [str(r.worker.kernel) for r in records if r.worker and r.worker.kernel]
    counts = sorted(Counter(names).items())
    many = len(counts) > 1
    return "; ".join(f"{name} ({counted(n, 'trial')})" if many else name for name, n in counts)


def _provenance(run: "Run") -> Pairs:
    """Return what made the run, and how its study changed, in the order in which to show them."""
    made, declared = run.about["provenance"], recorded(run.about)
    versions = {"Python": made["python"], **made["versions"]}
    facts = {
        "study": run.about.get("file"),
        "command": made["command"],
        **{name: value for name, value in declared.items() if name not in ELSEWHERE},
        "sampler": _sampler(run.about),
        "constraints": constraints_text(declared["constraints"]),
        "settings": ", ".join(f"{k}={v}" for k, v in declared["settings"].items()) or "none",
        "versions": ", ".join(f"{name} {number}" for name, number in versions.items()),
        "code": f"revision {made['revision']}",
        "machine": f"{made['cpus']} cores of {made['processor']}, {made['platform']}",
        "trained on": ", ".join(sorted({r.worker.host for r in run.records if r.worker})),
        "trained with": _kernels(run.records),
    }
    changes = [
        (f"changed from trial {change['from_trial']} on",
         ", ".join(_change(k, change["before"][k], v) for k, v in change["after"].items()))
        for change in run.about.get("changes", [])
    ]  # fmt: skip
    return [(k, str(v)) for k, v in facts.items() if v not in (None, "")] + changes


def _sampler(about: Mapping[str, Any]) -> str:
    """Return the sampler on record, and why it was chosen if the study leaves the choice."""
    return f"{about['sampler']}" + (f" (auto; {about['auto']})" if about.get("auto") else "")


def _change(key: str, before: Any, after: Any) -> str:
    if key == "functions":
        return difference(key, before, after).replace(" -> ", " → ")
    return f"{key} {before} → {after}"
