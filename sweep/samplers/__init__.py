"""Where the parameters of the next trial come from.

Samplers work on a copy of the trials in memory, never on the database. To add one, copy
`random.py`, and add it to `SAMPLERS` in `sampler.py`; a test then asks for its name in
`sweep.study.study.SamplerName`.
"""
