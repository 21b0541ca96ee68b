"""The user's code: loading it, calling it, sending it to workers, and noticing changes."""
