"""Convolutions as matrix products, exact or with fewer multiplications. Start with `choice.py`."""
