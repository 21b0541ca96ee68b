"""Where the parameters of the next trial come from.

Samplers work on a copy of the trials in memory, never on the database.
"""
