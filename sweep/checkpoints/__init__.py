"""Training states: their file format, and where they are kept.

That is the run directory, or any folder whose URL fsspec can write to.
"""
