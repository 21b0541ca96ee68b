"""Parameters that a person chooses for a trial, checked against what trials were drawn from."""

import json
from collections.abc import Iterable, Mapping, Sequence

from sweep.errors import OptionError
from sweep.trials.domains import Categorical, Domain, Float, Int, Params, Value
from sweep.trials.records import TrialRecord

Domains = Mapping[str, Sequence[Domain]]
"""The different domains that trials drew each parameter from, by its name."""


def domains_of(records: Iterable[TrialRecord]) -> dict[str, list[Domain]]:
    """Return what the parameters of these trials were drawn from, as in `Domains`."""
    found: dict[str, list[Domain]] = {}
    for record in records:
        for name, domain in record.domains.items():
            known = found.setdefault(name, [])
            if domain not in known:
                known.append(domain)
    return found


def read_params(given: Sequence[str], domains: Domains) -> Params:
    """Return the parameters written as "x=0.5", as values of their domains.

    Raises:
        OptionError: If a word is written otherwise, or names a parameter again.
    """
    params: Params = {}
    for word in given:
        name, equals, text = word.partition("=")
        if not (name and equals) or name in params:
            law = "every parameter once" if name in params else "NAME=VALUE"
            raise OptionError(f"enqueue: expected {law}, got {word!r}")
        values = [value for domain in domains.get(name, ()) for value in _read(text, domain)]
        params[name] = next(iter(values), text)
    return params


def check_params(params: Params, domains: Domains) -> Params:
    """Return parameters as the database gives them back.

    Raises:
        OptionError: If one has a name or a value that no trial could have.
    """
    for name, value in params.items():
        known = domains.get(name, ())
        if not known:
            raise OptionError(
                f"enqueue: expected parameters that trials have, {sorted(domains)}, got {name!r}; "
                f"fix the name"
            )
        if not any(value in domain for domain in known):
            either = " or ".join(map(str, known))
            raise OptionError(f"enqueue: expected {name!r} in {either}, got {value!r}")
    return {
        name: next(d for d in domains[name] if value in d).as_recorded(value)
        for name, value in params.items()
    }


def _read(text: str, domain: Domain) -> list[Value]:
    """Return the value of a domain that a text stands for, if there is one."""
    if isinstance(domain, Categorical):
        return [choice for choice in domain.choices if text in _spellings(choice)]
    kind: type[int] | type[float] = {Int: int, Float: float}[type(domain)]
    try:
        return [kind(text)]
    except ValueError:
        return []


def _spellings(choice: Value) -> set[str]:
    return {str(choice), json.dumps(choice)}
