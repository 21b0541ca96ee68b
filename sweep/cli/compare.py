"""`sweep compare`: where runs differ."""

import click

from sweep.cli.export import print_table
from sweep.cli.shared.options import open_runs
from sweep.errors import OptionError
from sweep.reports.compare import TABLES
from sweep.reports.formats import FORMATS, to_markdown


@click.command()
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--table", type=click.Choice(list(TABLES)),
              help="Only this table.  [default: all, in Markdown]")  # fmt: skip
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="markdown",
              show_default=True)  # fmt: skip
def compare(runs: tuple[str, ...], table: str | None, format_: str) -> None:
    """Compare the settings, outcomes and learning curves of runs.

    If the best configurations were trained repeatedly, also shows how likely their difference is
    by chance alone.
    """
    opened = open_runs(runs)
    if table is not None:
        print_table(FORMATS[format_](TABLES[table](opened)))
        return
    if format_ != "markdown":
        raise OptionError(f"--format {format_}: expected a --table with it, got none; "
                          f"give one of {', '.join(TABLES)}")  # fmt: skip
    filled = {name: make(opened) for name, make in TABLES.items()}
    for name, each in filled.items():
        if len(each):
            click.echo(f"{name}\n\n{to_markdown(each)}")
    if len(filled["significance"]):
        click.echo("p_value: probability of so large a difference by chance alone (permutation "
                   "test). Each is the best of many trials: expect less next time.")  # fmt: skip
    else:
        click.echo("significance: needs runs whose best configurations were trained repeatedly, "
                   "as in studies with repeats=3")  # fmt: skip
