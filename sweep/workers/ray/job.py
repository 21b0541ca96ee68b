"""This file runs a command as a job of a Ray cluster: sends its folder, shows its log, stops it."""

import asyncio
import logging
import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sweep.errors import OptionError
from sweep.workers.ray import cluster as ray_cluster  # before Ray itself

from ray.exceptions import RayError  # isort: skip
from ray.job_submission import JobStatus, JobSubmissionClient  # isort: skip


EXCLUDED = ["/runs", "/.venv", "/.git"]
"""What of a folder stays where it is, beside all that its .gitignore names."""


RETRY_S = 2.0
"""How long to wait before something is asked for again."""


READY_S = 60.0
"""How long after its job server a cluster may be ready for jobs."""


NOT_READY = "No available agent"


for _talkative in ("dashboard.modules.dashboard_sdk", "dashboard.modules.job.sdk",
                   "_private.runtime_env.packaging"):  # fmt: skip
    logging.getLogger(f"ray.{_talkative}").setLevel(logging.WARNING)


class Job:
    """A command that a cluster carries out in a copy of a folder, whoever goes on watching."""

    def __init__(self, address: str, command: Sequence[str], folder: Path) -> None:
        """Ships the folder and begins.

        Args:
            address: http://HEAD:8265, the cluster's job server.
            command: A program and its arguments; the program is found by the head's PATH.
            folder: What it begins in, up to 100 MiB when packed.

        Raises:
            OptionError: If there is no job server, or it does not accept the token or the folder.
        """
        self.address = address
        self._shown = 0
        ray_cluster.check_token()
        deadline = time.monotonic() + READY_S
        try:
            self._client = JobSubmissionClient(address)
            while not (name := self._submit(shlex.join(command), str(folder), deadline)):
                time.sleep(RETRY_S)
        except (OSError, RuntimeError, ValueError, RayError) as error:
            raise _refusal(address, folder, str(error)) from error
        self.name = name

    def _submit(self, command: str, folder: str, deadline: float) -> str:
        """The job's name; empty if the cluster is not ready yet, and there is time left."""
        runtime_env = {"working_dir": folder, "excludes": EXCLUDED}
        try:
            return self._client.submit_job(entrypoint=command, runtime_env=runtime_env)
        except RuntimeError as error:
            if NOT_READY in str(error) and time.monotonic() < deadline:
                return ""
            raise

    def follow(self, show: Callable[[str], None]) -> int:
        """Shows what the job prints until it ends; a connection that breaks is made again.

        Returns:
            The command's exit code; 130 if somebody stopped it, 1 if the cluster ended it.

        Raises:
            OptionError: If the job server is gone; the job may go on.
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
        """Asks the job to end, as Ctrl-C does on its machine."""
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
                f"--address {self.address}: expected the job server to answer, got "
                f"{type(error).__name__}; job {self.name} may go on: submit again when the server "
                f"is back"
            ) from error


def _refusal(address: str, folder: Path, words: str) -> OptionError:
    if "Maximum request body size" in words:
        return OptionError(
            f"{folder}: expected a folder that can be sent, up to 100 MiB packed, got more; keep "
            f"data elsewhere, or name it in {folder / '.gitignore'}"
        )
    return OptionError(
        f"--address {address}: expected a Ray job server that accepts the token of this machine, "
        f"got {words.strip().splitlines()[0]!r}; start it by `ray start --head` with Ray[default], "
        f"and put its token in RAY_AUTH_TOKEN_PATH or ~/.ray/auth_token"
    )
