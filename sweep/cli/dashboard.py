"""This file shows a run in optuna-dashboard, which can look at it and change nothing."""

import socket
from contextlib import closing

import click

from sweep.errors import OptionError
from sweep.storage.database import Database
from sweep.storage.locations import storage_of
from sweep.storage.run_directory import RunDirectory

HOST = "127.0.0.1"  # there is no password, so nobody else may reach it


def serve(directory: RunDirectory, port: int) -> None:
    """Serves the studies of a run's database, as they are at each look, until interrupted.

    Args:
        directory: The run directory; a driver may be at work in it.
        port: To listen on, of this machine alone.

    Raises:
        OptionError: If optuna-dashboard is not installed, or the port is taken.
        StorageError: If the database cannot be read.
    """
    try:
        from optuna_dashboard import run_server
    except ImportError as error:
        raise OptionError(
            "dashboard: expected optuna-dashboard to be installed, got none; "
            "pip install 'sweep[dashboard]'"
        ) from error
    _check_port(port)
    with closing(Database(storage_of(directory))) as database:
        click.echo(f"http://{HOST}:{port}/dashboard shows {directory.path}; Ctrl-C ends it")
        run_server(database.to_look_at(), host=HOST, port=port)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise OptionError(
                f"--port: expected one that is free, got {port}, {error.strerror}; choose another"
            ) from error
