"""Writes a first study for a program with argparse options, or for a function."""
