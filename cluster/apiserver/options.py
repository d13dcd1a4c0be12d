"""The parameters of a request, checked: the query of the URL and the body of a deletion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.object_codec import decode

MAX_REVISION = 2**63 - 1


def read_bool(query: Mapping[str, str], name: str) -> bool:
    """Read a boolean; clients write `true`, `True` or `1`."""
    return query.get(name, "").lower() in ("true", "1")


def read_count(query: Mapping[str, str], name: str) -> int:
    """Read a number that is not negative; 0 where it is left out.

    Raises:
        APIStatusError: 400 for anything else.
    """
    text = query.get(name, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > MAX_REVISION:
        raise status.bad_request(f"{name} must be a number from 0 to {MAX_REVISION}, got {text!r}")
    return int(text)


def is_dry_run(query: Mapping[str, str]) -> bool:
    """Tell whether nothing is to be written.

    Raises:
        APIStatusError: 400 for a value other than `All`.
    """
    value = query.get("dryRun", "")
    if value not in ("", "All"):
        raise status.bad_request(f'dryRun: Unsupported value: "{value}": supported values: "All"')
    return value == "All"


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """How to delete. `grace_seconds` None is the kind's own."""

    grace_seconds: int | None = None
    propagation: str = "Background"
    preconditions: Mapping[str, str] = field(default_factory=dict)
    is_dry_run: bool = False


def read_delete_options(query: Mapping[str, str], body: bytes) -> DeleteOptions:
    """Read the options of a deletion, of which the body's go first.

    Raises:
        APIStatusError: 400 for a value that is not allowed.
    """
    sent: dict[str, Any] = decode(body) if body.strip() else {}
    grace = sent.get("gracePeriodSeconds")
    if grace is None and "gracePeriodSeconds" in query:
        grace = read_count(query, "gracePeriodSeconds")
    if grace is not None and (type(grace) is not int or not 0 <= grace < 2**31):
        raise status.bad_request(f"gracePeriodSeconds must be a number from 0 to {2**31 - 1}, got {grace!r}")
    propagation = sent.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
    if propagation not in ("Background", "Foreground", "Orphan"):
        raise status.bad_request(f"propagationPolicy must be Background, Foreground or Orphan, got {propagation!r}")
    preconditions = sent.get("preconditions") or {}
    if not isinstance(preconditions, dict) or not all(isinstance(value, str) for value in preconditions.values()):
        raise status.bad_request(f"preconditions must map uid and resourceVersion to strings, got {preconditions!r}")
    dry_run = sent.get("dryRun") or []
    if dry_run not in ([], ["All"]):
        raise status.bad_request(f'dryRun must be ["All"], got {dry_run!r}')
    return DeleteOptions(grace, propagation, preconditions, bool(dry_run) or is_dry_run(query))
