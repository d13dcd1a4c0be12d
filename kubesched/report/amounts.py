"""Amounts of resources in the units people use."""

from __future__ import annotations

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def format_amount(resource: str, amount: int) -> str:
    """Return an amount of milli-CPU, bytes or counts as text: cores, a binary prefix, or the number."""
    if resource == "cpu":
        return f"{amount / 1000:,.1f} cores"
    if resource in ("memory", "ephemeral-storage") or resource.startswith("hugepages-"):
        value = float(amount)
        for unit in _BINARY:
            if value < 1024 or unit == _BINARY[-1]:
                return f"{value:,.1f} {unit}"
            value /= 1024
    return f"{amount:,}"
