"""What a study file declares, and how such a file is loaded and called. Writes nothing."""
