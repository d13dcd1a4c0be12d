"""A replay's result as tables on a terminal, and as plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from kubesched.replay import ReplayResult
from kubesched.replay.result import Usage
from kubesched.report.amounts import format_amount
from kubesched.report.lines import print_line, print_table
from kubesched.version import KUBERNETES_VERSION

_MOST_REASONS = 12
_NUM_NODES = 5


def print_replay(result: ReplayResult, console: Console, seconds: float | None = None) -> None:
    """Print what a planner asks first.

    Args:
        result: of the replay.
        console: where to; tables are drawn on a terminal only.
        seconds: how long scheduling took, if it was measured.
    """
    total = result.num_pods
    print_line(f"kubernetes {KUBERNETES_VERSION} · {result.trace.source}", console)
    print_line(f"{len(result.scheduler.nodes):,} nodes, {total:,} pods in order of arrival", console)
    for note in result.trace.notes:
        print_line(f"note: {note}", console)
    share = f" ({result.num_placed / total:.1%})" if total else ""
    print_line(f"placed {result.num_placed:,}{share}, pending {result.num_pending:,}", console, "bold")
    print_line(_way(result), console)
    _print_reasons(result, console)
    _print_usage("allocation", {"": result.allocation()}, console)
    by_model = result.allocation_by_model()
    if by_model:
        gpus = {m: {r: u for r, u in usage.items() if "gpu" in r or r == "cpu"} for m, usage in by_model.items()}
        _print_usage("allocation by GPU model", gpus, console)
    _print_nodes(result, console)
    if seconds is not None and seconds > 0:
        print_line(f"{total / seconds:,.0f} pods/s ({seconds:.3f} s)", console)
    print_line(f"digest {result.digest()}", console)


def _way(result: ReplayResult) -> str:
    """Say how pods ended and how long they waited."""
    parts = [f"{count:,} {outcome}" for outcome, count in result.outcomes.items()]
    text = f"after {result.end_ns / 1e9:,.0f} s: {', '.join(parts)}"
    waits = result.wait_seconds()
    if waits.get("max"):
        text += f"; waited {waits['p50']:,.1f} s (median), {waits['p99']:,.1f} s (p99), {waits['max']:,.1f} s (longest)"
    return text


def _print_reasons(result: ReplayResult, console: Console) -> None:
    reasons = list(result.reasons().items())
    if not reasons:
        return
    rows = [[reason, f"{count:,}"] for reason, count in reasons[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        rows.append([f"and {len(reasons) - _MOST_REASONS} more reasons", ""])
    print_table("why pods are pending", ["reason", "pods"], rows, console)


def _print_usage(title: str, groups: Mapping[str, Mapping[str, Usage]], console: Console) -> None:
    rows = []
    for group, usage in groups.items():
        for resource, amount in usage.items():
            name = f"{group} {resource}" if group else resource
            requested = format_amount(resource, amount.requested)
            rows.append([name, requested, format_amount(resource, amount.allocatable), f"{amount.share:.1%}"])
    print_table(title, ["resource", "requested", "allocatable", "share"], rows, console)


def _print_nodes(result: ReplayResult, console: Console) -> None:
    most, least = result.most_and_least_used(_NUM_NODES)
    for title, nodes in (("most used nodes", most), ("least used nodes", least)):
        rows = [[name, f"{share:.1%}"] for name, share in nodes]
        print_table(title, ["node", "share of its scarcest resource"], rows, console)
