"""Does TPE find less when it is shown a bounded number of trials? On the space of `scale`.

python -m tests.benchmarks.search [--trials 1000] [--slots 10] [--seeds 3]

Searches with what the sampler is shown, and with all trials shown. Prints the best loss and the
median loss of the last 100 trials, each as median (lowest..highest) of the seeds.
"""

import statistics
import time
from collections import deque
from collections.abc import Sequence

import click

import sweep
from sweep import sampler_memory
from sweep.records import Ending, TrialRecord
from sweep.sampling import Sampling
from tests.benchmarks.scale import EPOCHS, loss, space, train


def search(seed: int, n_trials: int, n_slots: int) -> list[float]:
    """The losses of trials that end in the order in which they began."""
    study = sweep.Study(name="search", space=space, train=train, minimize="loss", seed=seed)
    sampling, running, losses = Sampling(study), deque[TrialRecord](), []
    for number in range(n_trials):
        trial = sampling.ask(number)
        running.append(TrialRecord(number, trial.params, trial.domains, {}, seed=0, told=0))
        if len(running) == n_slots:
            record = running.popleft()
            losses.append(loss(record.params, EPOCHS))
            record.ending, record.score, record.ended = Ending.COMPLETE, losses[-1], len(losses)
            sampling.tell(record)
    return losses


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f}..{max(values):.3f})"


@click.command()
@click.option("--trials", default=1000)
@click.option("--slots", default=10)
@click.option("--seeds", default=3)
def main(trials: int, slots: int, seeds: int) -> None:
    """Searches with bounds and without."""
    for shown in ("bounded", "all"):
        if shown == "all":
            sampler_memory.N_LATEST = sampler_memory.N_RUNNING = trials
        began = time.process_time()
        found = [search(seed, trials, slots) for seed in range(seeds)]
        cost = 1000 * (time.process_time() - began) / trials / seeds
        best = spread([min(losses) for losses in found])
        last = spread([statistics.median(losses[-100:]) for losses in found])
        print(f"{shown:8} best {best}  last 100 {last}  {cost:.1f} ms per question", flush=True)


if __name__ == "__main__":
    main()
