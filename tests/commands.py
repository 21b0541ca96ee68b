"""All commands of the command line by name, imported."""

import click

from sweep.cli.main import cli

_CONTEXT = click.Context(cli)
COMMANDS: dict[str, click.Command] = {
    name: command
    for name in cli.list_commands(_CONTEXT)
    if (command := cli.get_command(_CONTEXT, name))
}
