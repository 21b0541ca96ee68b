"""`sweep.program`: a training that is a program, declared by its command line."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import StudyError
from sweep.machine import n_bytes
from sweep.programs.command import (
    ALL,
    filled,
    located,
    own_files,
    params_and_ours,
    placeholders,
    with_values,
)
from sweep.programs.metrics.table_file import SUFFIXES
from sweep.programs.rules import broken_rules, compiled
from sweep.study.code.fingerprint import digest_of_file
from sweep.study.space import as_dict
from sweep.text import shown
from sweep.trials.epoch import State
from sweep.trials.known import KNOWN

if TYPE_CHECKING:
    from sweep.programs.plan import ProgramEpoch
    from sweep.study.study import Study


@dataclass(frozen=True)
class Program:
    """A `train` that runs a program, in any language and unchanged; its name is `sweep.program`.

    The program finds its directory for checkpoints in the environment variable SWEEP_CHECKPOINTS,
    the trial's seed in SWEEP_SEED, and the path of a JSON file with all parameters in
    SWEEP_PARAMETERS. After an interruption it is started again with the files that it had in the
    directory after its last epoch on record. There are three kinds of programs:

    - One that numbers its epochs ("epoch" among its metrics, or "Epoch 3/10" in a line) may
      continue, or begin again: epochs that are on record are not reported twice.
    - One that continues from its checkpoints without numbers has to save before it prints.
    - One that always begins again needs `resumes=False`. Its epochs are compared with those on
      record, as after any interruption; those that differ replace them.

    Epochs are counted from 1 as they come. After each, the program is held (SIGSTOP) until the
    next one is wanted. Its output is kept with the trial's.

    Attributes:
        command: The words of the command line. `{name}` stands for a parameter; the word
            `{parameters}` for `--name=value` of all that have no placeholder;
            `{parameters_file}`, `{checkpoints}` and `{seed}` for what the environment variables
            hold. `{flag:--on|--off}` stands for one of two texts, by a true or false value. A word
            of a parameter that is None is left out. "python" is the Python that runs sweep.
        metrics: Where metrics are: "json" (lines of JSON), "pairs" (`name=value` or
            `name: value`), a regular expression with named groups, each in the lines of standard
            output; or a CSV or JSON file that grows. Calls of `sweep.log` count, too.
        epoch_ends: Regular expression of the line that ends an epoch. Without it, the line does
            which completes the metrics that the study needs.
        environment: Environment variables, with placeholders; or "parameters", for a variable of
            its own name for each parameter.
        runs_in: The program's current directory: that of the "study" file, or its own directory
            of "checkpoints". Then words that name files next to the study get their full paths.
        resumes: Whether the program continues from its directory of checkpoints.
        checkpoint_limit: Largest size of that directory, which is stored after epochs.
        grace_seconds: Seconds that the program has to end by itself, after SIGTERM, when its trial
            is pruned or interrupted. Then it and all its children get SIGKILL.
        folder: Folder of the study file; set by the study.
        needed: Metrics that each epoch needs; set likewise.

    Raises:
        StudyError: If a value is not as described above.
    """

    command: Sequence[str | Path]
    metrics: str | re.Pattern[str] = "json"
    epoch_ends: str = ""
    environment: Mapping[str, str] | str = field(default_factory=dict)
    runs_in: str = "study"
    resumes: bool = True
    checkpoint_limit: str = "256MiB"
    grace_seconds: float = 5.0
    folder: str = ""
    needed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words = self.command
        is_list = isinstance(words, list | tuple) and bool(words)
        if not is_list or not all(isinstance(word, str | Path) for word in words):
            raise StudyError(
                f'program: expected a list of words, such as ["python", "train.py"], got '
                f"{shown(words)}; write one"
            )
        object.__setattr__(self, "command", tuple(map(str, words)))
        for name, expected in broken_rules(self):
            raise StudyError(
                f"program: expected {name} to be {expected}, got {shown(getattr(self, name))}"
            )
        compiled("epoch_ends", self.epoch_ends)
        placeholders([*self.words, *self.templates.values(), self.table])

    def for_study(self, study: "Study") -> "Program":
        """Return this program, as the study needs it.

        Raises:
            StudyError: If its metrics are read by a regular expression without one of the study's.
        """
        needed = tuple(name for name in study.needed if name not in KNOWN)
        groups = self.pattern.groupindex.keys() if self.pattern else needed
        for name in needed:
            if name not in groups:
                raise StudyError(
                    f"program: expected a regular expression with the metric {name!r}, got the "
                    f"groups {sorted(groups)}; add (?P<{name}>...), or name one of these in "
                    f"sweep.Study"
                )
        folder = str(Path(study.file).parent) if study.file else self.folder or str(Path.cwd())
        return replace(self, needed=needed, folder=folder)

    def check(self, config: object) -> None:
        """Check what can be known before a trial with this configuration begins.

        Raises:
            StudyError: If a placeholder is no parameter, or the program is missing.
        """
        params = as_dict(config)
        values = params_and_ours(params, Path(), 0)
        texts = [*self.words, *self.templates.values(), self.table]
        for name in sorted(placeholders(texts) - values.keys() - {ALL}):
            raise StudyError(
                f"program: expected a parameter for {{{name}}}, got {sorted(params)}; add it in "
                f"space, or write {{{{{name}}}}} for the text itself"
            )
        try:
            words = filled(self.words, values, params)
            _ = [with_values(text, values) for text in [*self.templates.values(), self.table]]
        except (ValueError, TypeError) as error:
            raise StudyError(
                f"program: expected formats of placeholders that suit their values, got "
                f"{shown(self.words)} ({error}); fix them"
            ) from None
        located(words, self.place)

    def recorded(self) -> dict[str, Any]:
        """Return what a run records of it, as JSON values: also digests of its own files.

        Those of a Python script also cover the modules next to it that it imports.
        """
        files = own_files(self.words, self.place)
        environment = self.environment
        return {
            "command": list(self.words),
            "files": {word: digest_of_file(path) for word, path in files},
            "metrics": str(self.metrics),
            "epoch_ends": self.epoch_ends,
            "environment": environment if isinstance(environment, str) else dict(environment),
            "runs_in": self.runs_in,
            "resumes": self.resumes,
        }

    def __call__(
        self, config: object, _data: object, seed: int, state: State | None
    ) -> Iterator["ProgramEpoch"]:
        """Run the program with a configuration; yield its epochs after those of `state`."""
        from sweep.programs.start import start

        return start(self, as_dict(config), seed, state)

    @property
    def words(self) -> tuple[str, ...]:
        """The command line."""
        return tuple(map(str, self.command))

    @property
    def templates(self) -> dict[str, str]:
        """The environment variables, with placeholders."""
        return {} if isinstance(self.environment, str) else dict(self.environment)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The regular expression that reads the metrics, if one does."""
        if isinstance(self.metrics, re.Pattern):
            return self.metrics
        return compiled("metrics", self.metrics) if "(?P<" in self.metrics else None

    @property
    def table(self) -> str:
        """The path of the file with the metrics, with placeholders; "" if they are printed."""
        metrics = self.metrics
        return metrics if isinstance(metrics, str) and metrics.endswith(SUFFIXES) else ""

    @property
    def limit(self) -> int:
        """Largest size of the checkpoints in bytes."""
        return n_bytes(self.checkpoint_limit)

    @property
    def place(self) -> Path:
        """The folder of the study file on this host.

        Another host may have it elsewhere: there, processes begin in the uploaded folder.
        """
        folder = Path(self.folder)
        return folder if folder.is_dir() else Path.cwd()


program = Program
