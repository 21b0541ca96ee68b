"""Training a network and judging it: `fit`, and the recipe that tells it how."""
