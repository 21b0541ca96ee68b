"""What tests ask of the machine they run on."""

import os
import socket


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment_without_ray() -> dict[str, str]:
    """This process's environment without Ray's settings, as a terminal's is."""
    return {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
