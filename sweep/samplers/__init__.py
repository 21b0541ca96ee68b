"""Where the parameters of the next trial come from.

Samplers work on a copy of the trials in memory, never on the database. To add one, copy
`random.py`, and add it to `SAMPLERS` in `kinds.py` and its name to `SamplerName` in
`sweep/study/sampler.py`; a test fails if one of them is missing.
"""
