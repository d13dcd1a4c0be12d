"""What a page or a picture of a replay shows, as plain JSON values, bounded whatever the replay's size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.report.page.prices import UNITS, Prices

MOST_SAMPLES = 900
MOST_NODES = 4000
MOST_LINES = 8
MOST_REASONS = 15
NONE = -1
_SECOND_NS = 10**9
_HOUR_S = 3600
_WAIT_EDGES_S = (0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 6 * 3600, 86400)
_WAIT_NAMES = (
    *("none", "< 1 ms", "< 10 ms", "< 0.1 s", "< 1 s", "< 10 s", "< 1 min", "< 10 min", "< 1 h", "< 6 h", "< 1 d"),
    *("a day or more", "never placed"),
)
_STATES = ("running", "starting", "terminating", "active", "backoff", "unschedulable", "gated")


def figures(tables: Mapping[str, pa.Table], summary: Mapping[str, Any], prices: Prices | None = None) -> dict[str, Any]:
    """Gather what is shown.

    Args:
        tables: pods, nodes and series, as a replay gives them.
        summary: of the same replay.
        prices: None for no costs.

    Returns:
        title, facts (name, text), charts (see `page.js`), heat (nodes by resource), reasons, notes.
    """
    series = tables["series"]
    rows = _chosen_rows(series)
    times = (series.column("time_ns").to_numpy()[rows] / _SECOND_NS).tolist()

    def lines(names: Mapping[str, str], factor: float = 1.0) -> list[dict[str, Any]]:
        found = []
        for column, label in names.items():
            values = series.column(column).to_numpy()[rows] * factor
            found.append({"name": label, "values": [round(float(value), 4) for value in values]})
        return found

    def of(kind: str) -> list[str]:
        columns = [name for name in series.column_names if name.startswith(f"{kind}.")]
        return [name.removeprefix(f"{kind}.") for name in columns]

    charts = []
    resources = [name for name in of("utilisation") if name != "pods"] + ["pods"] * ("pods" in of("utilisation"))
    shown = {f"utilisation.{name}": name for name in resources[:MOST_LINES]}
    charts.append(_chart("Requested of each resource", "%", times, lines(shown, 100)))
    pools = _pool_shares(series, rows, resources)
    if pools:
        charts.append(_chart(f"Requested {pools[0]} by pool", "%", times, pools[1]))
    states = {name: name for name in _STATES if name in series.column_names and _any(series, name)}
    charts.append(_chart("Pods by state", "pods", times, lines(states)))
    stranded = {f"fragmentation.{name}": name for name in of("fragmentation") if _any(series, f"fragmentation.{name}")}
    if stranded:
        title = "Free capacity that a typical pod cannot use"
        charts.append(_chart(title, "% of free", times, lines(dict(list(stranded.items())[:MOST_LINES]), 100)))
    notes = [str(note) for note in summary.get("notes", ())]
    if len(rows) < len(series):
        notes.append(f"{len(rows):,} of {len(series):,} samples are drawn, peaks and lows of pending pods among them")
    cost = None
    if prices is not None:
        cost = _cost(series, prices)
        charts.append(_chart(f"Cost so far ({prices.currency or 'as priced'})", "", times, _cost_lines(cost, rows)))
    return {
        "title": summary["source"],
        "facts": _facts(summary, resources, cost, prices),
        "charts": charts,
        "waits": _waits(tables["pods"]),
        "heat": _heat(tables["nodes"], notes),
        "reasons": [[text, count] for text, count in list(summary["reasons"].items())[:MOST_REASONS]],
        "notes": notes,
    }


def _chart(title: str, unit: str, times: list[float], lines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "unit": unit, "times": times, "lines": lines}


def _any(series: pa.Table, column: str) -> bool:
    return bool(series.column(column).to_numpy().any())


def _chosen_rows(series: pa.Table) -> npt.NDArray[np.int64]:
    """Return all rows, or of each stretch the last and those with the most and the fewest pending pods."""
    count = len(series)
    if count <= MOST_SAMPLES:
        return np.arange(count)
    pending = series.column("pending").to_numpy()
    chosen = {0, count - 1}
    for part in np.array_split(np.arange(count), MOST_SAMPLES // 3):
        chosen |= {int(part[-1]), int(part[pending[part].argmax()]), int(part[pending[part].argmin()])}
    return np.array(sorted(chosen))


def _pool_shares(
    series: pa.Table, rows: npt.NDArray[np.int64], resources: list[str]
) -> tuple[str, list[dict[str, Any]]] | None:
    """Return the share of each pool that is requested, of GPUs where there are some, else of the first resource."""
    resource = next((name for name in resources if "gpu" in name), resources[0] if resources else "")
    found = []
    for column in series.column_names:
        pool = column.removeprefix("allocatable.").removesuffix(f".{resource}")
        if column != f"allocatable.{pool}.{resource}":
            continue
        there = series.column(column).to_numpy()[rows]
        taken = series.column(f"requested.{pool}.{resource}").to_numpy()[rows]
        if there.any():
            shares = 100 * np.divide(taken, there, out=np.zeros(len(there)), where=there > 0)
            found.append((int(there.max()), pool, shares))
    if not found:
        return None
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return resource, [
        {"name": pool, "values": [round(float(value), 4) for value in shares]} for _, pool, shares in found[:MOST_LINES]
    ]


def _waits(pods: pa.Table) -> dict[str, Any]:
    """Return how many pods waited how long, and quantiles in seconds; pods that are there from the start did not."""
    arrived = pods.filter(pc.is_valid(pods.column("arrival_ns")))
    waits = arrived.column("wait_ns").drop_null().to_numpy() / _SECOND_NS
    step = np.where(waits == 0, 0, 1 + np.searchsorted(_WAIT_EDGES_S, waits, side="right"))
    counts = np.bincount(step, minlength=len(_WAIT_NAMES) - 1).tolist()
    counts.append(len(arrived) - len(waits))
    last = max((i for i, count in enumerate(counts) if count), default=0)
    levels = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "longest": 1.0}
    quantiles = {name: float(np.quantile(waits, level)) for name, level in levels.items()} if len(waits) else {}
    bars = [[name, count] for name, count in zip(_WAIT_NAMES, counts, strict=True)]
    return {"bars": bars[: last + 1], "quantiles": quantiles}


def _heat(nodes: pa.Table, notes: list[str]) -> dict[str, Any]:
    """Return the share of each resource that is requested on each node, in whole percent; groups of nodes if many.

    A node that has none of a resource is left out of its group's mean; a group of such nodes is NONE.
    """
    names = nodes.column("node").to_pylist()
    size = -(-len(names) // MOST_NODES) or 1
    columns: dict[str, npt.NDArray[Any]] = {"scarcest": nodes.column("share").to_numpy()}
    for column in nodes.column_names:
        resource = column.removeprefix("requested.")
        if resource != column:
            there = nodes.column(f"allocatable.{resource}").to_numpy()
            taken = nodes.column(column).to_numpy()
            if there.any():
                columns[resource] = np.where(there > 0, taken / np.maximum(there, 1), np.nan)
    starts: npt.NDArray[np.int64] = np.arange(0, len(names), size)
    labels = [names[i] if size == 1 else f"{names[i]} … {names[min(i + size, len(names)) - 1]}" for i in starts]
    if size > 1:
        notes.append(f"in the map of nodes a cell is the mean of {size} nodes")
    shares = {}
    for name, column in columns.items():
        has = ~np.isnan(column)
        sums, counts = (
            np.add.reduceat(part, starts) if len(part) else part for part in (np.nan_to_num(column), has * 1)
        )
        mean = np.rint(100 * sums / np.maximum(counts, 1))
        shares[name] = np.where(counts > 0, mean, NONE).astype(int).tolist()
    return {"nodes": labels, "shares": shares}


def _cost(series: pa.Table, prices: Prices) -> dict[str, npt.NDArray[np.float64]]:
    """Return what the nodes cost until each sample, and the part of it that pods had requested."""
    hours = np.diff(series.column("time_ns").to_numpy(), prepend=0) / _SECOND_NS / _HOUR_S
    totals = {}
    for kind, label in (("allocatable", "nodes"), ("requested", "requested by pods")):
        rate = np.zeros(len(series))
        for resource, price in prices.per_hour.items():
            if f"{kind}.{resource}" in series.column_names:
                rate += series.column(f"{kind}.{resource}").to_numpy() / UNITS.get(resource, 1) * price
        before = np.concatenate([rate[:1], rate[:-1]])
        totals[label] = np.cumsum(before * hours)
    return totals


def _cost_lines(cost: Mapping[str, npt.NDArray[np.float64]], rows: npt.NDArray[np.int64]) -> list[dict[str, Any]]:
    return [{"name": name, "values": [round(float(v), 4) for v in values[rows]]} for name, values in cost.items()]


def _facts(
    summary: Mapping[str, Any],
    resources: list[str],
    cost: Mapping[str, npt.NDArray[np.float64]] | None,
    prices: Prices | None,
) -> list[list[str]]:
    waits = summary["wait_seconds"]
    facts = [
        ["nodes at the end", f"{summary['nodes']:,}"],
        ["pods", f"{summary['pods']:,}"],
        ["placed", f"{summary['placed']:,}"],
        ["never placed", f"{summary['pending']:,}"],
        ["simulated", _span(summary["end_ns"] / _SECOND_NS)],
    ]
    if waits:
        facts.append(["waited, median and longest", f"{_span(waits['p50'])}, {_span(waits['max'])}"])
    for name, share in summary["peak"].items():
        if name in resources and name != "pods":
            facts.append([f"peak of {name}", f"{share:.1%}"])
    if cost is not None and prices is not None:
        for name, values in cost.items():
            facts.append([f"cost, {name}", f"{values[-1] if len(values) else 0:,.2f} {prices.currency}".strip()])
    facts.append(["seed", str(summary["seed"])])
    facts.append(["digest", summary["digest"][:16]])
    if summary["interrupted"]:
        facts.append(["interrupted", "what is shown was simulated until then"])
    return facts


def _span(seconds: float) -> str:
    for limit, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds / unit:,.1f} {name}"
    return f"{seconds / 86400:,.1f} d"
