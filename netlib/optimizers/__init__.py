"""Rules that change parameters along their gradients; to add one, copy `adam.py`."""
