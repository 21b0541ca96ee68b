"""Callbacks that hand trials on to other programs; each is an example of how to write one.

A callback is any function (study's name, record of a trial that has ended) -> None; give some as
`Study.callbacks`. It is called in the process that drives the run, after the trial is on record.
"""
