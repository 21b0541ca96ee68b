"""The report as one HTML file that needs nothing else: no network, no other file, no server."""

from sweep.page.content import render

__all__ = ["render"]
