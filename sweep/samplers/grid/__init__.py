"""Every point of a finite search space, once."""
