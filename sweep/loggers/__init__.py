"""Callbacks that log trials to other programs; each is an example of how to write one.

A callback is any function that takes the study's name and the record of a trial that has ended, and
returns None. Pass them as `Study.callbacks`; the driver calls them after it has recorded the trial.
"""
