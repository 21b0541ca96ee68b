"""The processes that train.

They receive parameters, a seed and data, and send back epochs; they know neither the sampler
nor the database.
"""
