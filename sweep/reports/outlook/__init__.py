"""What a run is to expect, by a model of its learning curves: of paused trials, and of an hour."""
