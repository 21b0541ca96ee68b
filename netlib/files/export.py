"""Write networks to files for other frameworks, and never overwrite one."""

from collections.abc import Callable, Mapping
from pathlib import Path

from safetensors.numpy import save

from netlib.errors import ConfigError
from netlib.files.torch_module import torch_module
from netlib.layers.sequential import Sequential

Files = Mapping[Path, bytes]


def export_model(network: Sequential, path: str | Path) -> list[Path]:
    """Write a network for another framework, which the suffix of the file chooses.

    *.onnx is an ONNX file. *.py is a PyTorch module, with its weights in *.safetensors next to it.
    Both take images (N, C, H, W) float32 in [0, 1] and return the outputs of `Sequential.predict`.

    Args:
        network: Built, with netlib's own layers.
        path: Name of the new file.

    Returns:
        The files written.

    Raises:
        ConfigError: If the suffix is unknown, a layer cannot be translated, a file exists or
            cannot be written, or a package is missing.
        NotBuiltError: If the network has not been built.
    """
    path = Path(path)
    if path.suffix not in WRITERS:
        raise ConfigError(
            f"{path}: expected a name that ends in {' or '.join(WRITERS)}, got {path.suffix!r}; "
            "choose one"
        )
    files = WRITERS[path.suffix](network, path)
    _create(files)
    return list(files)


def _onnx(network: Sequential, path: Path) -> Files:
    try:
        from netlib.files.onnx_file import onnx_file
    except ImportError as error:
        raise ConfigError(
            f"{path}: expected the package onnx to be installed, got {str(error)!r}; "
            "pip install onnx"
        ) from error
    return {path: onnx_file(network)}


def _torch(network: Sequential, path: Path) -> Files:
    text, weights = torch_module(network)
    return {path: text.encode(), path.with_suffix(".safetensors"): save(weights)}


WRITERS: dict[str, Callable[[Sequential, Path], Files]] = {".onnx": _onnx, ".py": _torch}


def _create(files: Files) -> None:
    """Write new files: all of them, or none."""
    made: list[Path] = []
    for path, content in files.items():
        try:
            with path.open("xb") as file:
                made.append(path)
                file.write(content)
        except OSError as error:
            for begun in made:
                begun.unlink()
            raise ConfigError(
                f"{path}: expected a new file that can be written, got {error.strerror!r}; "
                "choose another name"
            ) from error
