"""This file is the command line of netlib: what to do with a trained network."""

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
        0 when done, 2 after a mistake that the user can mend.
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
        # Whoever read the output has gone; Python would complain once more when it flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m netlib", description="Use a trained network.")
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="write it for ONNX or PyTorch")
    predict = commands.add_parser(
        "predict",
        help="read digits in pictures",
        epilog="Percentages are the softmax of the outputs: for networks trained with "
        "cross-entropy.",
    )
    for command in (export, predict):
        command.add_argument(
            "model", metavar="MODEL", help="a file of netlib.save_model, or a sweep's best"
        )
    export.add_argument(
        "file", metavar="FILE", help="*.onnx, or *.py for PyTorch (its weights beside it)"
    )
    predict.add_argument(
        "images", metavar="IMAGE", nargs="+", help="PNG of any size, a digit on light or dark"
    )
    return parser


def _predict(network: nl.Sequential, path: str) -> int:
    """Print what the network makes of a picture, and what it saw."""
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
