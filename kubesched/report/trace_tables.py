"""What a trace holds, on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

_BYTES = ("memory", "ephemeral-storage")
_GIB = 2**30
_MOST_LISTED = 12


def print_trace(found: Mapping[str, Any], console: Console) -> None:
    """Print the figures of `kubesched.traces.summary.summarize`."""
    console.print(f"{found['source']}", highlight=False, markup=False, soft_wrap=True)
    span = f"{found['span_seconds']:,.0f} s ({found['span_seconds'] / 86400:,.1f} days)"
    rows = {
        "nodes": f"{found['nodes']:,}, {found['node_events']:,} events",
        "pods": f"{found['pods']:,} of {found['pod_templates']:,} shapes",
        "span": span,
    }
    if found["pods_on_nodes_at_start"]:
        rows["on nodes at start"] = f"{found['pods_on_nodes_at_start']:,} pods"
    if found["gangs"]:
        rows["gangs"] = f"{found['gangs']:,}"
    if found["waiting_for_others"]:
        rows["waiting"] = f"{found['waiting_for_others']:,} pods wait for others"
    rows["priorities"] = _listed(found["priorities"])
    if found["recorded_outcomes"]:
        rows["recorded"] = _listed(found["recorded_outcomes"])
    if found["objects"]:
        rows["objects"] = _listed(found["objects"])
    for name, text in rows.items():
        console.print(f"{name:18} {text}", highlight=False, markup=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for name in ("resource", "capacity", "peak load", "of capacity", "asked in all"):
        table.add_column(name, justify="left" if name == "resource" else "right")
    for name, own in found["resources"].items():
        share = "-" if own["peak_share"] is None else f"{own['peak_share']:.1%}"
        amounts = (_amount(name, own[key]) for key in ("capacity", "peak"))
        table.add_row(name, *amounts, share, _amount(name, own["asked_in_all"]))
    console.print()
    console.print(table)
    for note in found["notes"]:
        console.print(f"note: {note}", highlight=False, markup=False, soft_wrap=True)


def _listed(counts: Mapping[str, int]) -> str:
    shown = [f"{name}: {count:,}" for name, count in list(counts.items())[:_MOST_LISTED]]
    more = len(counts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _amount(name: str, amount: int) -> str:
    if name == "cpu":
        return f"{amount / 1000:,.1f} cores"
    if name in _BYTES:
        return f"{amount / _GIB:,.1f} GiB"
    return f"{amount:,}"
