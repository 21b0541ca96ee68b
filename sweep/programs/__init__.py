"""Trainings that are programs: any command line, in any language, unchanged.

`program.py` has the declaration, `training.py` the generator of its epochs. A program runs below
`guard.py`, which ends it with all its children, whatever happens to the worker.
"""
