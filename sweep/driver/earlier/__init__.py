"""What a run takes over: trials of other runs, and its own that were drawn from another space."""
