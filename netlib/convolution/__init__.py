"""Convolutions as matrix products, exact or by Toom-Cook with fewer of them; start in `choice`."""
