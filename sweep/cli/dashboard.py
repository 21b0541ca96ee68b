"""`sweep dashboard`: a run in optuna-dashboard, which can read it but not change it."""

import os
import socket
from contextlib import closing

import click

from sweep.cli.shared.options import run_command
from sweep.errors import OptionError, not_installed
from sweep.reports.results import Run
from sweep.storage.database import Database
from sweep.storage.locations import storage_of

HOST = "127.0.0.1"  # there is no password, so other machines must not reach it


@run_command
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True,
              help=f"Port to listen on ({HOST} only).")  # fmt: skip
def dashboard(run: Run, port: int) -> None:
    """Show a run in optuna-dashboard, on this machine only.

    Also works while the run is running. It cannot change anything.
    """
    try:
        from optuna_dashboard import run_server
    except ImportError as error:
        raise not_installed("optuna-dashboard", "dashboard") from error
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()  # without the address that Python adds
        raise OptionError(f"--port {port}: {reason}; choose another") from error
    with closing(Database(storage_of(run.directory))) as database:
        click.echo(f"http://{HOST}:{port}/dashboard shows {run.directory.path}; Ctrl-C stops it")
        run_server(database.to_look_at(), host=HOST, port=port)
