"""Everything that is read from a finished or running database.

Tables, plots, Markdown, HTML and comparisons.
"""
