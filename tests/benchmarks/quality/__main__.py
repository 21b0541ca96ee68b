"""How good configurations are that searches find, and how soon: this project and its peers.

python -m tests.benchmarks.quality run --table dense_mnist --method sweep-tpe --out results.csv
python -m tests.benchmarks.quality report results.csv --plot quality.svg

A table of complete trainings is searched in virtual time: slots take the core-seconds on record,
searches nothing. `run` can be stopped at any time; it does what the file does not hold yet.
"""

import time
from collections.abc import Sequence
from pathlib import Path as File

import click

from studies.tables.curves import HERE
from tests.benchmarks.quality import results
from tests.benchmarks.quality.methods import names
from tests.benchmarks.quality.problems import Problem
from tests.benchmarks.quality.tables import TABLES, load


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.option("--table", "tables", multiple=True, required=True, help="all: every table there is")
@click.option("--method", "methods", multiple=True, required=True, help="see `methods`")
@click.option("--slots", multiple=True, type=int, help="1 and 8; 4 on public tables")
@click.option("--seeds", default=20, show_default=True, help="how many")
@click.option("--first-seed", default=0, show_default=True)
@click.option(
    "--trainings", type=float, help="budget in mean whole trainings; 50, 100 on public ones"
)
@click.option("--folder", default=HERE, type=File, help="folder of the learning curves")
@click.option("--out", required=True, type=File, help="file of results, created or added to")
def run(
    tables: Sequence[str],
    methods: Sequence[str],
    slots: Sequence[int],
    seeds: int,
    first_seed: int,
    trainings: float | None,
    folder: File,
    out: File,
) -> None:
    """Search tables with methods; write every incumbent to a file."""
    done = results.done(out)
    for table in TABLES if "all" in tables else tables:
        problem = load(table, folder)
        core_seconds = (trainings or problem.trainings) * problem.training_seconds
        for seed in range(first_seed, first_seed + seeds):
            for n_slots in slots or problem.slots:
                for method in methods:
                    key = results.Key(method, table, n_slots, seed)
                    if key not in done:
                        _search(key, problem, core_seconds, out)


def _search(key: results.Key, problem: Problem, core_seconds: float, out: File) -> None:
    began = time.process_time()
    search = names.method(key.method)
    found = search(problem.seen_by(key.seed), key.slots, key.seed, core_seconds)
    results.append(out, key, results.rows_of(problem, found, core_seconds))
    click.echo(f"{' '.join(map(str, key))}: {time.process_time() - began:.1f} s", err=True)


@main.command()
def methods() -> None:
    """List the methods whose libraries are installed here."""
    click.echo("\n".join(names.installed()))


@main.command()
@click.argument("files", nargs=-1, required=True, type=File)
@click.option("--method", "methods", multiple=True, help="only these; all if none is given")
@click.option("--plot", type=File, help="SVG file to draw regret over core-seconds into")
def report(files: Sequence[File], methods: Sequence[str], plot: File | None) -> None:
    """Print figures of the searches in some files as Markdown."""
    from tests.benchmarks.quality import figures
    from tests.benchmarks.quality.plot import draw

    rows = results.read(files)
    if methods:
        rows = rows[rows["method"].isin(methods)]
    table = figures.all_figures(rows)
    click.echo(figures.summary(table).to_markdown(index=False, floatfmt=".3g"))
    for (name, slots), group in table.groupby(["table", "slots"]):
        click.echo(f"\n{name}, {slots} slots:\n")
        text = group.droplevel(["table", "slots"]).drop(columns="best peer")
        click.echo(text.to_markdown(floatfmt=".3g"))
    if plot is not None:
        draw(rows, methods or sorted(rows["method"].unique()), plot)


if __name__ == "__main__":
    main()
