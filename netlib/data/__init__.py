"""Labelled images: data sets, their file formats, and augmentation of training images."""
