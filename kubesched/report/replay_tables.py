"""A replay's result as tables on a terminal, and as plain lines in a pipe."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from kubesched.engine import KUBERNETES_VERSION
from kubesched.replay import ReplayResult
from kubesched.replay.result import Usage
from kubesched.report.amounts import format_amount

_MOST_REASONS = 12
_NUM_NODES = 5


def print_replay(result: ReplayResult, console: Console, seconds: float | None = None) -> None:
    """Print what a planner asks first.

    Args:
        result: of the replay.
        console: where to; tables are drawn on a terminal only.
        seconds: how long scheduling took, if it was measured.
    """
    total = len(result.placements)
    console.print(f"kubernetes {KUBERNETES_VERSION} · {result.trace.source}", highlight=False)
    console.print(f"{len(result.scheduler.nodes):,} nodes, {total:,} pods in order of arrival", highlight=False)
    for note in result.trace.notes:
        console.print(f"note: {note}", highlight=False)
    share = f" ({result.num_placed / total:.1%})" if total else ""
    console.print(f"placed {result.num_placed:,}{share}, pending {result.num_pending:,}", style="bold", highlight=False)
    _print_reasons(result, console)
    _print_usage("allocation", {"": result.allocation()}, console)
    by_model = result.allocation_by_model()
    if by_model:
        gpus = {m: {r: u for r, u in usage.items() if "gpu" in r or r == "cpu"} for m, usage in by_model.items()}
        _print_usage("allocation by GPU model", gpus, console)
    _print_nodes(result, console)
    if seconds is not None and seconds > 0:
        console.print(f"{total / seconds:,.0f} pods/s ({seconds:.3f} s)", highlight=False)
    console.print(f"digest {result.digest()}", highlight=False, soft_wrap=True)


def _print_table(title: str, header: list[str], rows: list[list[str]], console: Console) -> None:
    if not console.is_terminal:
        console.print(f"\n{title}:", highlight=False)
        for row in rows:
            console.print("  " + "\t".join(row), highlight=False, soft_wrap=True, markup=False)
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_reasons(result: ReplayResult, console: Console) -> None:
    reasons = list(result.reasons().items())
    if not reasons:
        return
    rows = [[reason, f"{count:,}"] for reason, count in reasons[:_MOST_REASONS]]
    if len(reasons) > _MOST_REASONS:
        rows.append([f"and {len(reasons) - _MOST_REASONS} more reasons", ""])
    _print_table("why pods are pending", ["reason", "pods"], rows, console)


def _print_usage(title: str, groups: Mapping[str, Mapping[str, Usage]], console: Console) -> None:
    rows = []
    for group, usage in groups.items():
        for resource, amount in usage.items():
            name = f"{group} {resource}" if group else resource
            requested = format_amount(resource, amount.requested)
            rows.append([name, requested, format_amount(resource, amount.allocatable), f"{amount.share:.1%}"])
    _print_table(title, ["resource", "requested", "allocatable", "share"], rows, console)


def _print_nodes(result: ReplayResult, console: Console) -> None:
    most, least = result.most_and_least_used(_NUM_NODES)
    for title, nodes in (("most used nodes", most), ("least used nodes", least)):
        rows = [[name, f"{share:.1%}"] for name, share in nodes]
        _print_table(title, ["node", "share of its scarcest resource"], rows, console)
