"""What tests need from the machine they run on."""

import os
import socket


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def environment_without_ray() -> dict[str, str]:
    """Return this process's environment without Ray's settings, like that of a new terminal."""
    return {name: text for name, text in os.environ.items() if not name.startswith("RAY_")}
