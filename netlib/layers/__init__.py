"""Layers, one to a file; `layer.py` states what they promise."""
