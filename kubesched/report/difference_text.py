"""The difference of two replays as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SECOND_NS = 10**9


def difference_lines(found: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield lines; `found` is what `first_difference` returns, with `why` of `explain_difference`."""
    if found is None:
        yield "no pod differs"
        return
    if found["pod"] is not None:
        yield f"{found['num_different']:,} pods differ; the first to be scheduled is {found['pod']}:"
        for name, (left, right) in found["columns"].items():
            yield f"{' ' if left == right else '*'} {name:17} {left!s:40} {right!s}"
    for side in ("a", "b"):
        if found[f"only_in_{side}"]:
            yield f"{found[f'only_in_{side}']:,} pods are in {side.upper()} alone"
    if "why" in found:
        yield from _why_lines(found["why"])


def _why_lines(why: Mapping[str, Any]) -> Iterator[str]:
    if "unknown" in why:
        yield f"why: not known, {why['unknown']}"
        return
    for side in ("a", "b"):
        said = why[side]
        went = f"put it on {said['node']}" if said["node"] else f"put it nowhere: {said['message']}"
        yield f"why: {side.upper()} in attempt {why['attempt']}, at {said['time_ns'] / _SECOND_NS:,.3f} s, {went}"
    nodes = why["nodes"]
    if not nodes:
        return
    columns = [(side, node) for side in ("a", "b") for node in nodes]
    heads = [f"{side.upper()}: {node}" for side, node in columns]
    widths = [max(len(head), 8) for head in heads]
    plugins = dict.fromkeys(plugin for side in ("a", "b") for plugin in why[side]["scores"])
    wide = max([len("score"), *map(len, plugins)])

    def row(name: str, cells: list[str]) -> str:
        return f"  {name:{wide}}  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))

    yield row("score", heads)
    for plugin in plugins:
        yield row(plugin, [str(why[s]["scores"].get(plugin, {}).get(node, "-")) for s, node in columns])
    yield row("total", [str(why[s]["total"].get(node, "-")) for s, node in columns])
    for side, node in columns:
        rejection = why[side]["rejected"].get(node)
        if rejection is not None:
            said = ", ".join(rejection["reasons"]) or rejection["code"]
            yield f"  {side.upper()}: {node} is rejected by {rejection['plugin'] or 'PreFilter'}: {said}"
