"""Training states: their file format, and where they are kept.

They are kept in the run directory, or at any URL that fsspec can write to.
"""
