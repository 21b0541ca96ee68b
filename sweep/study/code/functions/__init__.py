"""What the functions of a study do, for studies without a file: taken apart, and compared."""
