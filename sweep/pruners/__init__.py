"""Rules that stop unpromising trials early.

Pure functions of learning curves; to add one, copy `median.py` and export it in
`sweep/__init__.py`.
"""
