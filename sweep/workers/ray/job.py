"""Runs a command as a job of a Ray cluster: uploads its folder, shows its log, stops it."""

import asyncio
import logging
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sweep.errors import OptionError
from sweep.workers.ray.cluster import check_token  # before Ray itself

from ray.exceptions import RayError  # isort: skip
from ray.job_submission import JobStatus, JobSubmissionClient  # isort: skip


EXCLUDED = ["/runs", "/.venv", "/.git"]
"""Paths never uploaded, in addition to those in .gitignore."""


RETRY_S = 2.0
"""Seconds to wait before a request is repeated."""


READY_S = 60.0
"""Seconds after the start of its job server in which a cluster must become ready for jobs."""


NOT_READY = "No available agent"
"""Part of Ray's error message while a cluster is not ready for jobs."""


for _talkative in ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk",
                   "_private.runtime_env.packaging"):  # fmt: skip
    logging.getLogger(f"ray.{_talkative}").setLevel(logging.WARNING)


class Job:
    """A command that a cluster runs in a copy of a folder, whether or not anybody watches."""

    def __init__(
        self, address: str, command: Sequence[str], folder: Path, variables: Mapping[str, str]
    ) -> None:
        """Upload the folder and start the command.

        Args:
            address: The cluster's job server, http://HEAD:8265.
            command: Program and arguments; the program is found by the head's PATH.
            folder: Working directory of the command, up to 100 MiB when packed.
            variables: Added to its environment.

        Raises:
            OptionError: If there is no job server, or it does not accept the token or the folder.
        """
        self.address = address
        self._shown = 0
        check_token()
        try:
            self._client = JobSubmissionClient(address)
            self.name = self._submit(shlex.join(command), str(folder), dict(variables))
        except (OSError, RuntimeError, ValueError, RayError) as error:
            raise _refusal(address, folder, str(error)) from error

    def _submit(self, command: str, folder: str, variables: dict[str, str]) -> str:
        """Submit as soon as the cluster is ready, and return the job's name."""
        runtime_env = {"working_dir": folder, "excludes": EXCLUDED, "env_vars": variables}
        deadline = time.monotonic() + READY_S
        while True:
            try:
                return self._client.submit_job(entrypoint=command, runtime_env=runtime_env)
            except RuntimeError as error:
                if NOT_READY not in str(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(RETRY_S)

    def follow(self, show: Callable[[str], None]) -> int:
        """Show what the job prints until it ends; reconnect if the connection breaks.

        Returns:
            The command's exit code; 130 if somebody stopped it, 1 if the cluster ended it.

        Raises:
            OptionError: If the job server is gone; the job may still be running.
        """
        while not self._status().is_terminal():
            try:
                asyncio.run(self._tail(show))
            except (OSError, RuntimeError):
                time.sleep(RETRY_S)
        info = self._client.get_job_info(self.name)
        if info.status is JobStatus.STOPPED:
            return 130
        if info.driver_exit_code is None:
            show(f"{info.message}\n")
            return 1
        return info.driver_exit_code

    def stop(self) -> None:
        """Ask the job to end, as Ctrl-C does on its machine."""
        self._client.stop_job(self.name)

    async def _tail(self, show: Callable[[str], None]) -> None:
        read = 0
        async for text in self._client.tail_job_logs(self.name):
            read += len(text)
            if read > self._shown:
                show(text[self._shown - read :])
                self._shown = read

    def _status(self) -> JobStatus:
        try:
            return self._client.get_job_status(self.name)
        except (OSError, RuntimeError) as error:
            raise OptionError(
                f"--address {self.address}: the job server does not answer "
                f"({type(error).__name__}); job {self.name} may still be running. Submit again "
                f"when the server is back"
            ) from error


def _refusal(address: str, folder: Path, message: str) -> OptionError:
    if "Maximum request body size" in message:
        return OptionError(
            f"{folder}: expected a folder of up to 100 MiB when packed, got more; keep data "
            f"elsewhere, or list it in {folder / '.gitignore'}"
        )
    return OptionError(
        f"--address {address}: expected a Ray job server that accepts the token of this machine, "
        f"got {message.strip().splitlines()[0]!r}; run `ray start --head` with ray[default] there, "
        f"and put its token in RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token here"
    )
