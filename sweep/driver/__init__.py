"""The one process that owns a run: it asks, records, prunes, retries, and writes the report.

Start with `run.py`, then `loop.py`.
"""
