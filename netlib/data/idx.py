"""IDX, the file format in which MNIST and similar data sets are published.

Two zero bytes, a byte for the type (8 = unsigned byte), a byte for the number of axes, the
length of each axis as a big-endian uint32, then the values, last axis fastest.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from netlib.errors import DataError, DataNotFoundError

_UNSIGNED_BYTE = 8  # code of the type in the header


def read_idx(path: Path, n_axes: int) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes.

    Args:
        path: The file; decompressed if its name ends with .gz.
        n_axes: Number of axes it must have: 3 for images, 1 for labels.

    Returns:
        Read-only uint8 array with that number of axes.

    Raises:
        DataNotFoundError: If there is no such file.
        DataError: If the file is damaged or has other contents; the message names it.
    """
    return parse_idx(read_bytes(path), n_axes, where=str(path))


def read_bytes(path: Path) -> bytes:
    """Read a file, and decompress it if its name ends with .gz.

    Args:
        path: The file.

    Returns:
        Its uncompressed contents.

    Raises:
        DataNotFoundError: If there is no such file.
        DataError: If the compressed file is damaged.
    """
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if path.suffix == ".gz" else content
    except FileNotFoundError as error:
        raise DataNotFoundError(f"{path}: expected a file, got none; check the path") from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(
            f"{path}: expected a complete gzip file, got a damaged one ({error}); download it again"
        ) from error


def parse_idx(content: bytes, n_axes: int, where: str) -> NDArray[np.uint8]:
    """Decode the contents of an IDX file.

    Args:
        content: Contents of the uncompressed file.
        n_axes: Number of axes it must have.
        where: Name of the file, for messages.

    Returns:
        Read-only uint8 array, sharing the memory of `content`.

    Raises:
        DataError: If the content breaks the format.
    """
    header = 4 + 4 * n_axes
    if len(content) < header or content[:2] != b"\0\0":
        raise DataError(
            f"{where}: expected an IDX file starting with two zero bytes and {header} bytes of "
            f"header, got {content[:4].hex(' ') or 'nothing'} and {len(content)} bytes in all; "
            "check that this is an IDX file"
        )
    if content[2] != _UNSIGNED_BYTE:
        raise DataError(
            f"{where}: expected values of IDX type 8 (unsigned byte), got type {content[2]}; "
            "convert the file"
        )
    if content[3] != n_axes:
        raise DataError(
            f"{where}: expected {n_axes} axes, got {content[3]}; check that images and labels "
            "are not swapped"
        )
    shape = struct.unpack(f">{n_axes}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DataError(
            f"{where}: expected {math.prod(shape)} values for shape {shape}, got "
            f"{len(content) - header}; download it again"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)
