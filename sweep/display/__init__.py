"""What a running study shows: on a terminal, in a log, and in a notebook."""
