"""Writes the reports into a run directory: tables, plots, report.md, report.html, the best model.

They are made from the database alone, with the same bytes each time, except for the last lines that
failed trials have printed.
"""

import shutil
from pathlib import Path

from sweep.files import delete, holds, write_atomically
from sweep.reports.best import CHECKPOINT, CONFIG, WEIGHTS, best_files, loader
from sweep.reports.formats import comparison_in_markdown, of_comparison, to_csv
from sweep.reports.html.content import render
from sweep.reports.markdown import PLOTS, markdown
from sweep.reports.results import Run
from sweep.reports.sections import report_of


def write(run: Run) -> None:
    """Write the report, the tables, the plots and the best configuration of a run.

    Raises:
        StorageError: If the disk refuses.
    """
    folder = run.directory.path
    best = best_files(run)
    if best and (len(best) == 1 or not holds(folder / CONFIG, _bytes(best[CONFIG]))):
        delete(folder / WEIGHTS)  # they may be a former best's
        shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    _write(folder, best)
    report = report_of(run, loader(folder / WEIGHTS))
    files: dict[str, str | bytes] = {
        "trials.csv": to_csv(run.trials()),
        "epochs.csv": to_csv(run.epochs()),
        "report.md": markdown(report),
        "report.html": render(report),
    }
    for name, table in report.published.items():
        files[f"tables/{name}.csv"] = of_comparison(table, "csv")
        files[f"tables/{name}.md"] = f"# {table.title}\n\n{comparison_in_markdown(table)}"
    for name in PLOTS.keys() & report.plots.keys():
        files[f"plots/{name}.svg"] = report.plots[name].svg
    _write(folder, files)


def _write(folder: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        write_atomically(folder / name, _bytes(content))


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content
