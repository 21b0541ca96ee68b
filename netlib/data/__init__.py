"""Labelled images: where they come from, and how training images are varied."""
