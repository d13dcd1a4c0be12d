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
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kubesched.engine import KUBERNETES_VERSION, Placements, Scheduler
from kubesched.traces import Trace

if TYPE_CHECKING:
    import pyarrow as pa

_REASON = re.compile(r"(\d+) (.+)", re.DOTALL)
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
    text, matched = _HEADLINE.subn("", message)
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


class ReplayResult:
    """The outcome of a replay.

    Attributes:
        trace: what was replayed.
        scheduler: the cluster as it is at the end; can be asked and used on.
        placements: where each pod went, in order of arrival.
        seed, tie_break: what the replay was run with.
    """

    def __init__(self, trace: Trace, scheduler: Scheduler, placements: Placements, seed: int, tie_break: str) -> None:
        self.trace = trace
        self.scheduler = scheduler
        self.placements = placements
        self.seed = seed
        self.tie_break = tie_break

    @property
    def num_placed(self) -> int:
        """Count the pods that found a node."""
        return self.placements.num_placed

    @property
    def num_pending(self) -> int:
        """Count the pods that fit nowhere when they arrived."""
        return len(self.placements) - self.num_placed

    def reasons(self) -> dict[str, int]:
        """Return reason, in upstream's words -> how many pending pods name it; most first, then by text."""
        counts: Counter[str] = Counter()
        for message in self.placements.messages.values():
            counts.update({reason for reason, _ in split_message(message)})
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
        """Return the SHA-256, in hex, of a line `namespace/name TAB node` a pod, in order of arrival."""
        digest = hashlib.sha256()
        for pod, node in zip(self.placements.pods, self.placements.node_names, strict=True):
            digest.update(f"{pod}\t{node or ''}\n".encode())
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
            "notes": list(self.trace.notes),
            "nodes": len(self.scheduler.nodes),
            "pods": len(self.placements),
            "placed": self.num_placed,
            "pending": self.num_pending,
            "reasons": self.reasons(),
            "allocation": plain(self.allocation()),
            "allocation_by_model": {model: plain(usage) for model, usage in self.allocation_by_model().items()},
            "most_used_nodes": {name: round(share, 6) for name, share in most},
            "least_used_nodes": {name: round(share, 6) for name, share in least},
            "tie_break": self.tie_break,
            "seed": self.seed,
            "digest": self.digest(),
        }

    def to_arrow(self) -> pa.Table:
        """Return one row a pod, in order of arrival: pod, arrival_ns (int64), node (null where none), message."""
        import pyarrow as pa

        table = self.placements.to_arrow()
        return table.add_column(1, "arrival_ns", pa.array(self.trace.arrival_ns))

    def nodes_to_arrow(self) -> pa.Table:
        """Return one row a node: node, pods, share, and `allocatable.R` and `requested.R` of each resource R."""
        import pyarrow as pa

        view = self.scheduler.nodes
        columns: dict[str, Any] = {"node": pa.array(view.names), "pods": view.pod_count, "share": self.node_shares()}
        for resource in view.allocatable:
            columns[f"allocatable.{resource}"] = view.allocatable[resource]
            if resource != "pods":
                columns[f"requested.{resource}"] = view.requested[resource]
        return pa.table(columns)

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write placements.parquet, nodes.parquet and summary.json; see `kubesched.replay.output.write_result`.

        Raises:
            OSError: the folder cannot be made, or a file cannot be written.
        """
        from kubesched.replay.output import write_result

        return write_result(self, folder)

    def __repr__(self) -> str:
        """Say how many pods found a node."""
        return f"ReplayResult({self.num_placed} of {len(self.placements)} pods placed, digest {self.digest()[:12]})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{u.requested:,}</td><td>{u.allocatable:,}</td>"
            f"<td>{u.share:.1%}</td></tr>"
            for name, u in self.allocation().items()
        )
        reasons = "".join(f"<li>{count} × {html.escape(reason)}</li>" for reason, count in self.reasons().items())
        return (
            f"<p><b>{self.num_placed} of {len(self.placements)} pods placed</b> on {len(self.scheduler.nodes)} nodes"
            f"</p><table><tr><th>resource</th><th>requested</th><th>allocatable</th><th>share</th></tr>{rows}</table>"
            f"<ul>{reasons}</ul>"
        )
