"""This file hands a run to a cluster, as a job that outlives this process."""

from collections.abc import Sequence
from pathlib import Path

import click

from sweep.driver.options import Options
from sweep.errors import OptionError
from sweep.text import without_password


def submit(study: Path, address: str, words: Sequence[str], options: Options) -> int:
    """Runs a study on a cluster and shows what it prints; Ctrl-C stops it.

    Args:
        study: The study file; its folder is sent along.
        address: http://HEAD:8265, the cluster's job server.
        words: The options of `python -m sweep run`, as given.
        options: What these say.

    Returns:
        The exit code of the run.

    Raises:
        OptionError: If the run could not last on the cluster, or the cluster cannot be used.
    """
    _check(address, options)
    from sweep.workers.ray.job import Job  # half a second, for nothing if there is a mistake

    command = ["python", "-m", "sweep", "run", study.name, "--address", "auto", *words]
    job = Job(address, command, study.resolve().parent)
    click.echo(f"job {job.name} on {address}; Ctrl-C stops it, the same command goes on", err=True)
    try:
        return job.follow(_show)
    except KeyboardInterrupt:
        job.stop()
        job.follow(_show)
        raise


def _check(address: str, options: Options) -> None:
    if not address.startswith(("http://", "https://")):
        raise OptionError(
            f"--address: expected a job server, http://HEAD:8265, got {address!r}; on a node of "
            f"the cluster itself, `python -m sweep run --address auto` needs none"
        )
    if not options.runs.is_absolute():
        raise OptionError(
            f"--runs: expected an absolute path, on a volume that the cluster keeps, got "
            f"{options.runs}, which would be gone with the job; give one as --runs /results, and "
            f"where disks do not last the records to --storage postgresql://user@host/database"
        )
    if without_password(options.storage) != options.storage:
        raise OptionError(
            "--storage: expected no password in what all who see the cluster's jobs can read, got "
            "one; set PGPASSWORD for the cluster's head, or put it into ~/.pgpass there"
        )


def _show(text: str) -> None:
    click.echo(text, nl=False)
