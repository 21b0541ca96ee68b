"""`sweep init`: a first study for a script."""

from pathlib import Path

import click

from sweep.display.terminal import relative
from sweep.errors import OptionError
from sweep.programs.new_study.text import study_text


@click.command()
@click.argument("script", type=click.Path(path_type=Path), metavar="SCRIPT.py")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Write to this file (must not exist).  [default: SCRIPT_study.py]")  # fmt: skip
def init(script: Path, output: Path | None) -> None:
    """Write a study for a program with argparse options, or for a function.

    The script is read, not run or changed. An existing file is never overwritten.
    """
    if not script.is_file():
        raise OptionError(f"{script}: expected a Python script, found none; check the path")
    study = output or script.with_name(f"{script.stem}_study.py")
    if study.resolve().parent != script.resolve().parent:
        raise OptionError(
            f"--output: expected a file next to {script}, got {study}; the program runs there"
        )
    text = study_text(script, str(relative(study)))
    try:
        with study.open("x") as file:
            file.write(text)
    except FileExistsError:
        raise OptionError(
            f"{study}: expected a new file, got one that exists; give another with --output"
        ) from None
    click.echo(f"{relative(study)}: choose the ranges, then: python -m sweep check {study}")
