"""Parameters that wait for a trial: any process may add some, the driver takes them.

They are attributes of the study. The driver deletes them in the transaction that adds their trial,
so no crash loses them or lets two trials use them.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, column, select, table

from sweep.trials.domains import Params

PREFIX = "enqueued:"

WAITING = table(
    "study_user_attributes",
    *map(column, ("study_user_attribute_id", "study_id", "key", "value_json")),
)


def new_key() -> str:
    """Return a key of the study's attributes under which to enqueue parameters."""
    return PREFIX + secrets.token_hex(8)


def n_waiting(about: Mapping[str, Any]) -> int:
    """Return how many enqueued trials have not begun, by the attributes of a study."""
    return sum(key.startswith(PREFIX) for key in about)


def waiting(connection: Connection, study_id: int) -> list[tuple[str, Params]]:
    """Return the parameters that wait, after their keys, in the order in which they came."""
    mine = WAITING.c.study_id == study_id, WAITING.c.key.startswith(PREFIX)
    rows = select(WAITING.c.key, WAITING.c.value_json).where(*mine)
    in_order = connection.execute(rows.order_by(WAITING.c.study_user_attribute_id))
    return [(row.key, json.loads(row.value_json)) for row in in_order]


def take(connection: Connection, study_id: int, key: str) -> None:
    """Delete parameters, as a part of the transaction that adds the trial which uses them."""
    mine = WAITING.c.study_id == study_id, WAITING.c.key == key
    connection.execute(WAITING.delete().where(*mine))
