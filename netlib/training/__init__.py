"""How networks are trained and evaluated. Start with `fit.py`, then `recipe.py`."""
