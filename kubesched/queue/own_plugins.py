"""Hints and gates that the caller brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubesched.api.pod_fields import pod_key

Manifest = Mapping[str, Any]
Hint = Callable[[Manifest, Manifest | None, Manifest | None], bool]
Gate = Callable[[Manifest], str | None]


def guarded_hint(plugin: str, hint: Hint | None, errors: list[tuple[str, str]]) -> Callable[..., bool | None] | None:
    """Return a hint that gives None where the given one raises, and notes the error."""
    if hint is None:
        return None

    def ask(pod: Manifest, old: Manifest | None, new: Manifest | None) -> bool | None:
        try:
            return bool(hint(pod, old, new))
        except Exception as error:  # noqa: BLE001 (upstream goes on, too: the pod must not be stuck)
            errors.append((plugin, f"pod {pod_key(pod)}: {error}"))
            return None

    return ask


def guarded_gate(gate: Gate) -> Gate:
    """Return a gate that holds the pod where the given one raises."""

    def ask(pod: Manifest) -> str | None:
        try:
            reason = gate(pod)
        except Exception as error:  # noqa: BLE001 (upstream holds the pod then)
            return f"error: {error}"
        return None if reason is None else str(reason)

    return ask
