"""The group of all commands: each is imported when it is used, since that takes up to a second."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem


class Commands(click.Group):
    """Commands by name; each is a function of that name in the module `sweep.cli` has of it."""

    def __init__(self, *, names: Sequence[str], **settings: Any) -> None:
        """Make a group; `names` are in the order in which help lists them."""
        super().__init__(**settings)
        self._names = names

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names of all commands."""
        return list(self._names)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        """Return a command; None if there is none of that name."""
        if cmd_name not in self._names:
            return None
        command: click.Command = getattr(import_module(f"sweep.cli.{cmd_name}"), cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names without their help, for which all commands would have to be imported."""
        names = [CompletionItem(name) for name in self._names if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)
