"""This file writes what a run directory shows: tables, plots, and the report that holds them.

Everything is made of the database alone, and is the same bytes each time.
"""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from sweep import export, page, plots, provenance, tables
from sweep.checkpoints import decode, write_atomically
from sweep.final import SUFFIX
from sweep.records import TrialRecord, n_ended
from sweep.results import Run
from sweep.storage import checkpoints_at

N_TOP = 10


def write(run: Run) -> None:
    """Writes the report, the tables, the plots and the best configuration of a run.

    Raises:
        StorageError: If the disk refuses.
    """
    folder = run.folder
    files: dict[str, str | bytes] = {
        "trials.csv": export.to_csv(run.trials()),
        "epochs.csv": export.to_csv(run.epochs()),
        "report.md": markdown(run),
    }
    for name, comparison in run.comparisons().items():
        files[f"tables/{name}.csv"] = export.of_comparison(comparison, "csv")
        files[f"tables/{name}.md"] = (
            f"# {comparison.title}\n\n{export.comparison_in_markdown(comparison)}"
        )
    drawn: dict[str, str] = {}
    if any(record.epochs for record in run.records):
        drawn = {"curves": plots.learning_curves(run), "progression": plots.progression(run)}
        files["plots/learning_curves.svg"] = drawn["curves"]
        files["plots/progression.svg"] = drawn["progression"]
    files |= best_files(run)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        write_atomically(folder.path / name, data)
    load = loader(folder.best / "weights.safetensors")
    line = f'model = {load}("best/weights.safetensors")' if load else ""
    write_atomically(folder.path / "report.html", page.render(run, line, drawn).encode())


def best_files(run: Run) -> dict[str, str | bytes]:
    """The best configuration, and the weights that were trained with it, as files."""
    best = run.final or run.best
    if best is None:
        return {}
    about = {
        "study": run.name,
        "trial": run.best.number if run.best else None,
        "score": {run.metric: run.best.score if run.best else None},
        "test": dict(run.test.metrics or {}) if run.test else None,
        "params": best.params,
        "config": best.config,
        "seed": best.seed,
    }
    files: dict[str, str | bytes] = {"best/config.json": json.dumps(about, indent=2) + "\n"}
    weights = _weights(run, best)
    if weights is not None:
        files["best/weights.safetensors"] = weights
    return files


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
        score = tables.short(run.best.score)
        text += f" The best is trial {run.best.number}, with {run.metric} {score}."
    if run.test is not None:
        text += (
            f" Trained once more on all training data, it has {tables.in_words(run.test.metrics)}."
        )
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
            f"{tables.in_words(test.metrics) or 'not finished'}"
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
    made = provenance.in_words(run.about)
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


def _weights(run: Run, best: TrialRecord) -> bytes | None:
    """The entry "weights" of the last state of the best training, as a safetensors file."""
    study = run.name + SUFFIX if best is run.final else run.name
    checkpoints = checkpoints_at(run.about.get("checkpoints", ""), run.folder, study)
    data = checkpoints.read(best.number, len(best.epochs))
    if data is None:
        return None
    state = decode(data).state
    model = state.get("model")
    is_told = isinstance(model, dict) and "load" in model
    header = {"model": json.dumps(model)} if is_told else None
    return save(dict(state["weights"]), header) if state.get("weights") else None


def loader(weights: Path) -> str:
    """The function that reads a model's file, as its header names it; empty if there is none."""
    if not weights.is_file():
        return ""
    try:
        with safe_open(weights, "np") as file:
            header = file.metadata() or {}
    except SafetensorError:  # damaged: making the report again mends it
        return ""
    return str(json.loads(header.get("model", "{}")).get("load", ""))
