"""This file keeps the checkpoints of a study at a URL: in a bucket, or wherever fsspec writes."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from fsspec.core import url_to_fs

from sweep.checkpoints.format import decode
from sweep.checkpoints.store import flaw_of, usable
from sweep.errors import StorageError


class RemoteCheckpoints:
    """The same as a `LocalCheckpoints`, where files cannot be renamed, nor be replaced as a whole.

    So each has a name of its own, which tells the epoch, and goes when the second after it is
    there. One process writes, so it knows what is there.
    """

    def __init__(self, url: str, study: str) -> None:
        """Looks what is there.

        Args:
            url: Of a folder that no other run uses.
            study: Whose checkpoints these are.

        Raises:
            StorageError: If that is not possible.
        """
        self._url = url
        self._study = study
        with self._in_our_words():
            self._files, self._root = url_to_fs(url)
            self._files.invalidate_cache()
            self._names = sorted(filter(self._is_ours, self._list()))

    def path(self, number: int) -> str:
        """What the names of a trial's checkpoints begin with."""
        return f"{self._url}/{self._stem(number)}"

    def read(self, number: int, n_epochs: int) -> bytes | None:
        """See `LocalCheckpoints.read`."""
        last = self._of(number)[-1:]
        return usable(self._read(last[0]), n_epochs) if last else None

    def recover(self, number: int, n_epochs: int) -> tuple[bytes | None, str]:
        """See `LocalCheckpoints.recover`. What is of no use is removed."""
        flaws: list[str] = []
        for name in reversed(self._of(number)):
            found = self._read(name)
            if usable(found, n_epochs) is not None:
                epoch = decode(found).epoch
                return found, _words(flaws, f"goes on from the one before it, of epoch {epoch}")
            flaws.append(f"{flaw_of(found)} at {self._url}/{name}")
            self._remove([name])
        return None, _words(flaws, "starts over")

    def write(self, number: int, data: bytes) -> None:
        """Adds a checkpoint of a trial; the one before the last goes.

        Raises:
            StorageError: If it cannot be kept.
        """
        name = f"{self._stem(number)}{decode(data).epoch:08d}.safetensors"
        with self._in_our_words():
            if not self._names:
                self._files.makedirs(self._root, exist_ok=True)
            self._files.pipe_file(f"{self._root}/{name}", data)
        self._names = sorted({*self._names, name})
        self._remove(self._of(number)[:-2])

    def discard(self, number: int, *, keep_last: bool) -> None:
        """See `Checkpoints.discard`."""
        names = self._of(number)
        self._remove(names[:-1] if keep_last else names)

    def clean_up(self, running: Collection[int], ended: Collection[int]) -> None:
        """See `LocalCheckpoints.clean_up`."""
        kept = {name for number in running for name in self._of(number)}
        kept |= {name for number in ended for name in self._of(number)[-1:]}
        self._remove([name for name in self._names if name not in kept])

    def _stem(self, number: int) -> str:
        """What the names of a trial's checkpoints begin with, in the folder."""
        return f"{self._study}-{number:05d}-"

    def _of(self, number: int) -> list[str]:
        """The names of a trial's checkpoints, the last one last."""
        stem = self._stem(number)
        return [name for name in self._names if name.startswith(stem)]

    def _is_ours(self, name: str) -> bool:
        return bool(re.fullmatch(rf"{re.escape(self._study)}-\d{{5,}}-\d{{8}}\.safetensors", name))

    def _list(self) -> list[str]:
        try:
            return [path.rpartition("/")[2] for path in self._files.ls(self._root, detail=False)]
        except FileNotFoundError:
            return []

    def _read(self, name: str) -> bytes:
        with self._in_our_words():
            return bytes(self._files.cat_file(f"{self._root}/{name}"))

    def _remove(self, names: list[str]) -> None:
        self._names = [name for name in self._names if name not in names]
        with self._in_our_words():
            for name in names:
                self._files.rm_file(f"{self._root}/{name}")

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # each protocol's library has errors of its own
            raise StorageError(
                f"--checkpoints: expected to read and write {self._url}, got {error!r}; see to "
                f"that place and the right to use it, then run again: nothing done is lost"
            ) from error


def _words(flaws: list[str], then: str) -> str:
    if not flaws:
        return ""
    return f"expected a checkpoint that can be used, got {' and '.join(flaws)}; {then}"
