"""A model of what trainings will come to: a Gaussian process over configurations and epochs.

Each value on a learning curve is an observation of z(x, t), the metric of configuration x after
epoch t on a scale on which good values are far apart (`scale`). The process is the sum of

- what the configuration is worth, a smooth function of its parameters (`kernel`): Matern 5/2, with
  a length scale per parameter, so that parameters that do not matter are ignored;
- what this one training is worth beside that: its initial weights, and whatever is not smooth;
- a trend over epochs that all trainings share, since most get better the longer they train;
- noise, of each value alone.

The first two change slowly with the logarithm of the epoch: how slowly is learned, so the model
knows how far an early value can be trusted. Hyperparameters maximise the posterior density
(`fitting`). Conditional parameters are understood from the trials that have them (`columns`).

What is best to do next is what most probably beats the best complete training after some more
epochs (`choice`): beginning a configuration, or continuing a training that is paused. Trainings
that run are believed to reach what the model expects of them.

Sources: Rasmussen and Williams (2006), "Gaussian Processes for Machine Learning", chapters 2, 4, 5;
Swersky et al. (2014), "Freeze-Thaw Bayesian Optimization" (arXiv:1406.3896).
"""
