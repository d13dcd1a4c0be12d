"""What a replay tells: who landed where, why others did not, and how full the cluster is."""

from __future__ import annotations

import hashlib
import html
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from kubesched._core import Replay as CoreReplay
from kubesched.engine import KUBERNETES_VERSION, Placements, Scheduler
from kubesched.replay.encoding import Encoded
from kubesched.replay.tables import events_table, nodes_table, pods_table, series_table
from kubesched.traces import Trace

_REASON = re.compile(r"(\d+) (.+)", re.DOTALL)
# What PostFilter plugins said is behind the reasons.
_POST_FILTER = re.compile(r"(?<=\.) (?:preemption: |no new claims to deallocate|deallocation of ).*", re.DOTALL)
_HEADLINE = re.compile(r"0/\d+ nodes are available: ")


@dataclass(frozen=True, slots=True)
class Usage:
    """One resource over some nodes, in milli-CPU, bytes or counts."""

    allocatable: int
    requested: int

    @property
    def share(self) -> float:
        """Requested over allocatable; 0 where nothing is allocatable."""
        return self.requested / self.allocatable if self.allocatable else 0.0


def split_message(message: str) -> list[tuple[str, int]]:
    """Split a FailedScheduling text into (reason, number of nodes); 0 nodes for a reason about the pod itself."""
    text, matched = _HEADLINE.subn("", _POST_FILTER.sub("", message))
    if not matched:
        return [(message, 0)]
    reasons = []
    for part in text.removesuffix(".").split(", "):
        match = _REASON.fullmatch(part)
        if match:
            reasons.append((match[2], int(match[1])))
        elif reasons:
            reasons[-1] = (f"{reasons[-1][0]}, {part}", reasons[-1][1])
        else:
            reasons.append((part, 0))
    return reasons


@dataclass(frozen=True, slots=True)
class Settings:
    """What a replay was run with; `interrupted`: Ctrl-C ended it early."""

    seed: int
    tie_break: str
    placements: str
    arrivals: str
    inflate: float | None
    departures: bool
    interrupted: bool


def _lines(texts: pa.LargeStringArray) -> bytes:
    """Return the texts with a newline behind each."""
    return ("\n".join(texts.to_pylist()) + "\n").encode() if len(texts) else b""


class ReplayResult:
    """The outcome of a replay: tables, and the cluster as it is at the end.

    Attributes:
        trace: what was replayed.
        scheduler: the cluster as it is at the end; can be asked and used on.
        settings: what the replay was run with.
        pods: a table (pyarrow), one row a pod; docs/replay.md describes the columns of all four.
        nodes: a table, one row a node that is there at the end.
        series: a table, one row a sample.
        events: a table of all that happened; empty unless it was asked for.
    """

    def __init__(
        self, trace: Trace, encoded: Encoded, scheduler: Scheduler, core: CoreReplay, settings: Settings
    ) -> None:
        self.trace = trace
        self.scheduler = scheduler
        self.settings = settings
        self.num_events = core.num_events
        self.num_attempts = core.num_attempts
        self.end_ns = core.now_ns
        self.num_ignored_node_events = core.num_ignored_node_events
        self.pods, self._num_initial = pods_table(trace, encoded, core)
        self.nodes = nodes_table(scheduler)
        self.series = series_table(core, scheduler, encoded.pools)
        self.events = events_table(trace, encoded, core)

    @property
    def seed(self) -> int:
        """The seed of every draw."""
        return self.settings.seed

    @property
    def tie_break(self) -> str:
        """How ties between nodes are broken."""
        return self.settings.tie_break

    @property
    def arrivals(self) -> pa.Table:
        """The rows of `pods` that arrived, in order of arrival; without those that are on nodes from the start."""
        return self.pods.slice(self._num_initial)

    @property
    def num_pods(self) -> int:
        """Count the pods of the trace."""
        return len(self.pods) - self._num_initial

    @property
    def num_placed(self) -> int:
        """Count the pods that found a node."""
        return self.num_pods - int(self.arrivals.column("wait_ns").null_count)

    @property
    def num_pending(self) -> int:
        """Count the pods that found none."""
        return self.num_pods - self.num_placed

    @property
    def outcomes(self) -> dict[str, int]:
        """Return outcome -> number of pods; most first, then by name."""
        counts = Counter(self.arrivals.column("outcome").to_pylist())
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def placements(self) -> Placements:
        """Where each pod was placed last, with the messages of those that never were."""
        table = self.arrivals
        names = self.scheduler.nodes.names
        position = {name: i for i, name in enumerate(names)}
        nodes = table.column("node").to_pylist()
        listed = [*names, *dict.fromkeys(node for node in nodes if node is not None and node not in position)]
        position = {name: i for i, name in enumerate(listed)}
        index = np.array([-1 if node is None else position[node] for node in nodes], np.int32)
        messages = {
            i: text
            for i, (node, text) in enumerate(zip(nodes, table.column("message").to_pylist(), strict=True))
            if text
        }
        return Placements(index, listed, table.column("pod").to_pylist(), messages)

    def reasons(self) -> dict[str, int]:
        """Return reason, in upstream's words -> how many pending pods name it; most first, then by text."""
        counts: Counter[str] = Counter()
        waiting = self.arrivals.filter(pc.is_null(self.arrivals.column("wait_ns")))
        for entry in pc.value_counts(waiting.column("message")).to_pylist():
            if entry["values"] is not None:
                for reason in {reason for reason, _ in split_message(entry["values"])}:
                    counts[reason] += entry["counts"]
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def allocation(self) -> dict[str, Usage]:
        """Return resource -> usage over all nodes, for resources that some node has or some pod requests."""
        return self._usage(np.ones(len(self.scheduler.nodes), np.bool_))

    def allocation_by_model(self) -> dict[str, dict[str, Usage]]:
        """Return GPU model -> resource -> usage over its nodes; empty where the trace names no models."""
        if not self.trace.model_label:
            return {}
        models = self.scheduler.nodes.label(self.trace.model_label)
        names = sorted({model for model in models if model is not None})
        return {name: self._usage(np.array([model == name for model in models])) for name in names}

    def _usage(self, nodes: npt.NDArray[np.bool_]) -> dict[str, Usage]:
        view = self.scheduler.nodes
        usage = {}
        for resource in view.allocatable:
            taken = view.pod_count if resource == "pods" else view.requested[resource]
            requested = sum(taken[nodes].tolist())  # Python's integers: a sum may pass int64
            allocatable = sum(view.allocatable[resource][nodes].tolist())
            if allocatable or requested:
                usage[resource] = Usage(allocatable, requested)
        return usage

    def node_shares(self) -> npt.NDArray[np.float64]:
        """Return float64 of shape (num_nodes,): the highest share of any resource but pods that is requested."""
        view = self.scheduler.nodes
        shares = np.zeros(len(view))
        for resource in view.allocatable:
            allocatable = view.allocatable[resource]
            if resource != "pods":
                share = np.divide(view.requested[resource], allocatable, out=np.zeros(len(view)), where=allocatable > 0)
                shares = np.maximum(shares, share)
        return shares

    def most_and_least_used(self, count: int) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """Return (node, share) of the `count` most used nodes and of the `count` least used ones, extremes first."""
        shares = self.node_shares()
        names = self.scheduler.nodes.names
        order = np.argsort(-shares, kind="stable").tolist()
        most = [(names[i], float(shares[i])) for i in order[:count]]
        least = [(names[i], float(shares[i])) for i in order[::-1][:count]]
        return most, least

    def digest(self) -> str:
        """Return the SHA-256, in hex, of what became of each pod, in order of arrival.

        Hashed are the columns pod, node and outcome, each as its texts with a newline behind each (nothing for null),
        then scheduled_ns, started_ns and finished_ns as little-endian int64 (-1 for null).
        """
        digest = hashlib.sha256()
        for name in ("pod", "node", "outcome"):
            texts = pc.fill_null(self.arrivals.column(name).cast(pa.large_string()), "")
            digest.update(b"".join(_lines(chunk) for chunk in texts.chunks))
        for name in ("scheduled_ns", "started_ns", "finished_ns"):
            values = pc.fill_null(self.arrivals.column(name), -1).to_numpy()
            digest.update(values.astype("<i8").tobytes())
        return digest.hexdigest()

    def summary(self) -> dict[str, Any]:
        """Return the result as plain JSON values."""

        def plain(usage: Mapping[str, Usage]) -> dict[str, Any]:
            return {
                name: {"allocatable": u.allocatable, "requested": u.requested, "share": round(u.share, 6)}
                for name, u in usage.items()
            }

        most, least = self.most_and_least_used(5)
        return {
            "kubernetes": KUBERNETES_VERSION,
            "source": self.trace.source,
            "notes": [str(note) for note in self.trace.notes],
            "nodes": len(self.scheduler.nodes),
            "pods": self.num_pods,
            "placed": self.num_placed,
            "pending": self.num_pending,
            "outcomes": self.outcomes,
            "interrupted": self.settings.interrupted,
            "end_ns": self.end_ns,
            "events": self.num_events,
            "attempts": self.num_attempts,
            "wait_seconds": self.wait_seconds(),
            "peak": self.peak(),
            "reasons": self.reasons(),
            "allocation": plain(self.allocation()),
            "allocation_by_model": {model: plain(usage) for model, usage in self.allocation_by_model().items()},
            "most_used_nodes": {name: round(share, 6) for name, share in most},
            "least_used_nodes": {name: round(share, 6) for name, share in least},
            "tie_break": self.tie_break,
            "seed": self.seed,
            "digest": self.digest(),
        }

    def wait_seconds(self) -> dict[str, float]:
        """Return mean, median, p95, p99 and max of the time that placed pods waited in the queue."""
        waits = self.arrivals.column("wait_ns").drop_null().to_numpy() / 1e9
        if not len(waits):
            return {}
        found = {"mean": float(waits.mean()), "max": float(waits.max())}
        found |= {name: float(np.quantile(waits, q)) for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
        return {name: round(value, 6) for name, value in found.items()}

    def peak(self) -> dict[str, float]:
        """Return resource -> the highest share of it that was requested at any sample."""
        found = {}
        for name in self.series.column_names:
            if name.startswith("requested."):
                resource = name.removeprefix("requested.")
                allocatable = self.series.column(f"allocatable.{resource}").to_numpy()
                requested = self.series.column(name).to_numpy()
                if len(requested) and allocatable.max() > 0:
                    shares = np.divide(requested, allocatable, out=np.zeros(len(requested)), where=allocatable > 0)
                    found[resource] = round(float(shares.max()), 6)
        return found

    def to_arrow(self) -> pa.Table:
        """Return `pods`."""
        return self.pods

    def to_pandas(self) -> dict[str, Any]:
        """Return name -> DataFrame of the four tables; pandas must be installed."""
        return {name: getattr(self, name).to_pandas() for name in ("pods", "nodes", "series", "events")}

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the tables as Parquet and summary.json; see `kubesched.replay.output.write_result`.

        Raises:
            OSError: the folder cannot be made, or a file cannot be written.
        """
        from kubesched.replay.output import write_result

        return write_result(self, folder)

    def __repr__(self) -> str:
        """Say how many pods found a node."""
        return f"ReplayResult({self.num_placed} of {self.num_pods} pods placed, digest {self.digest()[:12]})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{u.requested:,}</td><td>{u.allocatable:,}</td>"
            f"<td>{u.share:.1%}</td></tr>"
            for name, u in self.allocation().items()
        )
        reasons = "".join(f"<li>{count} × {html.escape(reason)}</li>" for reason, count in self.reasons().items())
        return (
            f"<p><b>{self.num_placed} of {self.num_pods} pods placed</b> on {len(self.scheduler.nodes)} nodes"
            f"</p><table><tr><th>resource</th><th>requested</th><th>allocatable</th><th>share</th></tr>{rows}</table>"
            f"<ul>{reasons}</ul>"
        )
