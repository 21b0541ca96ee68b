"""Sends each trial that has ended to a URL: as JSON, to Slack, or as a line of text (ntfy)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

from sweep.errors import StudyError
from sweep.text import short
from sweep.trials.records import TrialRecord

TIMEOUT_S = 10.0
"""The run waits for an answer that long at most."""

KINDS = {"json": "application/json", "slack": "application/json", "text": "text/plain"}
"""What is sent, and its media type."""


@dataclass(frozen=True)
class Webhook:
    """A callback that sends a POST request.

    Attributes:
        url: Where to.
        sends: "json": an object with study, trial, ending, score, epochs, params, failure and text.
            "slack": only the text, in Slack's form. "text": only the text, for ntfy and the like.

    Raises:
        StudyError: If `url` or `sends` is something else.
    """

    url: str
    sends: str = "json"

    def __post_init__(self) -> None:
        if not str(self.url).startswith(("http://", "https://")):
            raise StudyError(f"Webhook: expected an http or https URL, got {self.url!r}; give one")
        if self.sends not in KINDS:
            expected = " or ".join(map(repr, KINDS))
            raise StudyError(
                f"Webhook: expected sends to be {expected}, got {self.sends!r}; use one of these"
            )

    def __call__(self, study: str, record: TrialRecord) -> None:
        """Send a trial; an answer that tells of an error, or none, raises."""
        told = _told(study, record)
        body = {"json": told, "slack": {"text": told["text"]}}.get(self.sends)
        data = told["text"] if body is None else json.dumps(body, default=str)
        headers = {"Content-Type": f"{KINDS[self.sends]}; charset=utf-8"}
        with urlopen(Request(self.url, data.encode(), headers), timeout=TIMEOUT_S):
            pass


def _told(study: str, record: TrialRecord) -> Mapping[str, Any]:
    score = "" if record.score is None else f", score {short(record.score)}"
    params = " ".join(f"{name}={short(value)}" for name, value in record.params.items())
    failure = record.failure.message if record.failure else None
    return {
        "study": study,
        "trial": record.number,
        "ending": record.ending.value,
        "score": record.score,
        "epochs": len(record.epochs),
        "params": record.params,
        "failure": failure,
        "text": f"{study}: trial {record.number} {record.ending.value}{score}; {failure or params}",
    }
