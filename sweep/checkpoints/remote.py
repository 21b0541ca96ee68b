"""Checkpoints at a URL: in a bucket, or wherever fsspec can write."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from fsspec.core import url_to_fs

from sweep.checkpoints.format import decode, flaw_of, newest_usable
from sweep.errors import StorageError


class RemoteCheckpoints:
    """Checkpoints in object storage, where files cannot be renamed or replaced atomically.

    Each has its own name, with its epoch; the two latest of a trial are kept. Only the driver
    writes, so the list of names is cached.
    """

    def __init__(self, url: str, study: str) -> None:
        """List the checkpoints there are.

        Args:
            url: URL of a folder that no other run uses.
            study: Name of the study.

        Raises:
            StorageError: If the place cannot be read.
        """
        self._url = url
        self._study = study
        self._names: list[str] = []
        ours = re.compile(rf"{re.escape(study)}-\d{{5,}}-\d{{8}}\.safetensors")
        with self._failures_explained(), suppress(FileNotFoundError):
            self._files, self._root = url_to_fs(url)
            self._files.invalidate_cache()
            paths = self._files.ls(self._root, detail=False)
            self._names = sorted(filter(ours.fullmatch, (p.rpartition("/")[2] for p in paths)))

    def path(self, number: int) -> str:
        """Return the beginning of the URLs of a trial's checkpoints."""
        return f"{self._url}/{self._stem(number)}"

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """See `Checkpoints.read`."""
        last = self._names_of(number)[-1:]
        data = self._read(last[0]) if last else None
        return None if flaw_of(data, n_epochs) else data

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """See `Checkpoints.recover`. Unusable checkpoints are deleted."""
        return newest_usable(self._newest_first(number), n_epochs)

    def _newest_first(self, number: int) -> Iterator[tuple[str, bytes]]:
        """Yield (URL, bytes) of a trial's checkpoints; delete one as soon as another is wanted."""
        for name in reversed(self._names_of(number)):
            yield f"{self._url}/{name}", self._read(name)
            self._remove([name])

    def write(self, number: int, data: bytes) -> None:
        """Add a checkpoint of a trial, and delete all but the last two.

        Those of later epochs are deleted, too: at the end, the best epoch's may replace them.

        Raises:
            StorageError: If it cannot be written.
        """
        name = f"{self._stem(number)}{decode(data).epoch:08d}.safetensors"
        with self._failures_explained():
            if not self._names:
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(f"{self._root}/{name}", data)
        self._names = sorted({*self._names, name})
        names = self._names_of(number)
        place = names.index(name)
        self._remove(names[place + 1 :] + names[: max(0, place - 1)])

    def discard(self, number: int, *, keep_last: bool) -> None:
        """See `Checkpoints.discard`."""
        names = self._names_of(number)
        self._remove(names[:-1] if keep_last else names)

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """See `Checkpoints.clean_up`."""
        kept = {name for number in running for name in self._names_of(number)}
        kept |= {name for number in ended for name in self._names_of(number)[-1:]}
        self._remove([name for name in self._names if name not in kept])

    def _stem(self, number: int) -> str:
        return f"{self._study}-{number:05d}-"

    def _names_of(self, number: int) -> list[str]:
        """Return the names of a trial's checkpoints, oldest first."""
        return [name for name in self._names if name.startswith(self._stem(number))]

    def _read(self, name: str) -> bytes:
        with self._failures_explained():
            return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def _remove(self, names: list[str]) -> None:
        self._names = [name for name in self._names if name not in names]
        with self._failures_explained():
            for name in names:
                self._files.rm_file(f"{self._root}/{name}")

    @contextmanager
    def _failures_explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the library of each protocol raises its own exceptions
            raise StorageError(
                f"--checkpoints: cannot read and write {self._url}: {error!r}. Check the place and "
                f"your access to it, then run again; no finished work is lost"
            ) from error
