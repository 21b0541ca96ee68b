"""What verifies a study before it runs, and a run afterwards: the dry run, and replay."""
