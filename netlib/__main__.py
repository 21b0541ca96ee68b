"""The command line of netlib, to use a trained network: `python -m netlib --help`."""

import argparse
import os
import sys
from collections.abc import Sequence

import numpy as np

import netlib as nl
from netlib.data.digit_images import in_characters, read_picture

EXIT_MISTAKE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 on success, 2 after a mistake that the user can fix.
    """
    arguments = _parser().parse_args(argv)
    try:
        network = nl.load_model(arguments.model)
        if arguments.command == "export":
            print(*nl.export_model(network, arguments.file), sep="\n")
            return 0
        return max([_predict(network, picture) for picture in arguments.images])
    except nl.NetlibError as error:
        return _complain(error)
    except BrokenPipeError:
        # The reader of the output is gone; Python would complain again when it flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m netlib", description="Use a trained network.")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="convert the network to ONNX or PyTorch")
    predict = commands.add_parser(
        "predict",
        help="recognise the digits in pictures",
        epilog="The percentages are the softmax of the outputs, so they make sense for networks "
        "trained with cross-entropy.",
    )
    for command in (export, predict):
        command.add_argument(
            "model",
            metavar="MODEL",
            help="file written by netlib.save_model, or best/weights.safetensors of a sweep",
        )
    export.add_argument(
        "file",
        metavar="FILE",
        help="new file: *.onnx, or *.py for PyTorch (weights go to *.safetensors)",
    )
    predict.add_argument(
        "images",
        metavar="IMAGE",
        nargs="+",
        help="picture of a single digit, any size, dark on light or light on dark",
    )
    return parser


def _predict(network: nl.Sequential, path: str) -> int:
    """Print the network's answer to a picture, and the picture as the network sees it."""
    try:
        image = read_picture(path, network.in_shape)
    except nl.DataError as error:
        return _complain(error)
    outputs = network.predict(image[np.newaxis]).astype(np.float64)
    percent = 100 * nl.softmax(outputs)[0]
    print(f"{path}: {percent.argmax()} ({percent.max():.1f} %)")
    print(in_characters(image))
    print("  ".join(f"{digit}: {share:.1f} %" for digit, share in enumerate(percent)), end="\n\n")
    return 0


def _complain(error: nl.NetlibError) -> int:
    print(f"error: {error}", file=sys.stderr)
    return EXIT_MISTAKE


if __name__ == "__main__":
    sys.exit(main())
