"""What is known about one trial: its parameters, epochs and ending, as plain data.

The conversion to and from Optuna's trials lives here too.
"""
