"""`sweep submit`: a run as a job of a cluster, which outlives this process."""

from functools import partial
from pathlib import Path

import click

from sweep.cli.shared.options import given_words, run_options, study_command
from sweep.driver.options import Options
from sweep.errors import OptionError
from sweep.study.study import Study
from sweep.text import without_password
from sweep.workers.process.kernel import variables


@study_command
@run_options
@click.option("--address", "server", required=True, metavar="http://HEAD:8265",
              help="Job server of the cluster.")  # fmt: skip
def submit(_: Study, options: Options, server: str, **_flags: bool) -> int:
    """Run a study as a job of a Ray cluster.

    Uploads the study's folder. Ctrl-C stops the job; closing the terminal does not. Submit again
    to resume.
    """
    _check(server, options)
    from sweep.workers.ray.job import Job  # takes half a second, so only after the checks

    study: Path = click.get_current_context().params["study"]
    words = given_words("study", "server")
    command = ["python", "-m", "sweep", "run", study.name, "--address", "auto", *words]
    forced = variables(options.blas_kernel) if options.blas_kernel else {}
    job = Job(server, command, study.resolve().parent, forced)
    click.echo(f"job {job.name} on {server}: Ctrl-C stops it; submit again to resume", err=True)
    show = partial(click.echo, nl=False)
    try:
        return job.follow(show)
    except KeyboardInterrupt:
        job.stop()
        job.follow(show)
        raise


def _check(server: str, options: Options) -> None:
    if not server.startswith(("http://", "https://")):
        raise OptionError(
            f"--address: expected a job server, http://HEAD:8265, got {server!r}; on a node of "
            f"the cluster itself, use `python -m sweep run --address auto`"
        )
    if not options.runs.is_absolute():
        raise OptionError(
            f"--runs: expected an absolute path, on a volume that outlives the cluster's nodes, "
            f"got {options.runs}, which would be deleted with the job; use --runs /results and, "
            f"if no disk lasts, also --storage postgresql://user@host/database and --checkpoints"
        )
    if without_password(options.storage) != options.storage:
        raise OptionError(
            "--storage: expected no password, because everyone who sees the cluster's jobs can "
            "read it, got one; set PGPASSWORD on the cluster's head, or use ~/.pgpass there"
        )
