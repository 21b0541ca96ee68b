"""This file writes what a run directory shows: tables, plots, and the report that holds them.

Everything is made of the database alone, and is the same bytes each time.
"""

from sweep.files import write_atomically
from sweep.reports import formats as export
from sweep.reports.best import best_files, loader
from sweep.reports.html import content as page
from sweep.reports.markdown import markdown
from sweep.reports.plots import trials as plots
from sweep.reports.results import Run


def write(run: Run) -> None:
    """Writes the report, the tables, the plots and the best configuration of a run.

    Raises:
        StorageError: If the disk refuses.
    """
    directory = run.directory
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
        write_atomically(directory.path / name, data)
    load = loader(directory.best / "weights.safetensors")
    line = f'model = {load}("best/weights.safetensors")' if load else ""
    write_atomically(directory.path / "report.html", page.render(run, line, drawn).encode())
