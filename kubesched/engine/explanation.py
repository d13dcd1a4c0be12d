"""Why one pod goes where it goes: every node, every plugin."""

from __future__ import annotations

import html
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pyarrow as pa

_CODES = (
    "Success",
    "Error",
    "Unschedulable",
    "UnschedulableAndUnresolvable",
    "Wait",
    "Skip",
    "Pending",
)
_PRE_FILTER_RESULT = -2
_MOST_ROWS = 20


class Explanation:
    """What every filter and score plugin says of one pod and each node, as of the moment it was asked.

    Attributes:
        pod: `namespace/name`.
        node: the node that would be chosen; None where the pod fits on none.
        message: upstream's FailedScheduling text, without the preemption part; empty where a node was found.
        node_names: the nodes, in order; the arrays below follow it.
        feasible: bool of shape (num_nodes,): nodes that passed every filter.
        totals: int64 of shape (num_nodes,): the sum of the weighted scores; 0 for nodes that are not feasible.
        scores: plugin -> int64 of shape (num_nodes,), normalised and times the weight; plugins that skipped the pod
            are absent. Scores are given even where a single node fits, although upstream's cycle then skips them.
        nominated: where the pod fits nowhere, the node that preemption would clear for it; else None.
        victims: `namespace/name` of the pods that would leave that node, the most important first.
        post_filter: upstream's text where preemption was tried and helps on no node; else empty.
        pre_enqueue: upstream's text where the pod has scheduling gates; all else is then told as without them.
        pre_filter: (plugin, code, reasons) where a PreFilter plugin rejected the pod as a whole, else None.
    """

    __slots__ = (
        "_filters",
        "_rejections",
        "feasible",
        "message",
        "node",
        "node_names",
        "nominated",
        "pod",
        "post_filter",
        "pre_enqueue",
        "pre_filter",
        "scores",
        "totals",
        "victims",
    )

    def __init__(self, pod: str, node_names: list[str], raw: dict[str, Any], pre_enqueue: str = "") -> None:
        self.pod = pod
        self.pre_enqueue = pre_enqueue
        self.node_names = node_names
        self.message: str = raw["message"]
        self.node: str | None = node_names[raw["node"]] if raw["node"] >= 0 else None
        self.feasible: npt.NDArray[np.bool_] = raw["feasible"]
        self.scores: dict[str, npt.NDArray[np.int64]] = {
            plugin: np.where(self.feasible, scores, 0) for plugin, scores in raw["scores"].items()
        }
        totals = raw["totals"] if len(raw["totals"]) else np.zeros(len(node_names), np.int64)
        self.totals: npt.NDArray[np.int64] = np.where(self.feasible, totals, 0)
        self.pre_filter: tuple[str, str, list[str]] | None = None
        if raw["pre_filter"] is not None:
            plugin, code, reasons = raw["pre_filter"]
            self.pre_filter = (plugin, _CODES[code], reasons)
        nominated, self.victims, self.post_filter = raw["post_filter"]
        self.nominated: str | None = node_names[nominated] if nominated >= 0 else None
        self._filters: list[str] = raw["filters"]
        self._rejections = raw["rejections"]

    def rejection(self, node_index: int) -> tuple[str, str, list[str]] | None:
        """Return (plugin, code, reasons) of the first plugin that rejected a node; None for a feasible node.

        A node that a PreFilter plugin's node list left out has plugin "" and code "PreFilterResult".
        """
        if self._rejections is None:
            return None
        plugins, codes, reason_sets, reasons = self._rejections
        plugin = int(plugins[node_index])
        if plugin == _PRE_FILTER_RESULT:
            return ("", "PreFilterResult", [])
        if plugin < 0:
            return None
        return (self._filters[plugin], _CODES[codes[node_index]], list(reasons[reason_sets[node_index]]))

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values, empty ones left out.

        They are pod, preEnqueue, node, preFilter, rejected, scores, total, message, nominated, victims and postFilter.

        `rejected` maps node -> {plugin, code, reasons}; `scores` plugin -> node -> score; `total` node -> score.
        """
        answer: dict[str, Any] = {"pod": self.pod}
        if self.pre_enqueue:
            answer["preEnqueue"] = self.pre_enqueue
        if self.node is not None:
            answer["node"] = self.node
        if self.message:
            answer["message"] = self.message
        if self.nominated is not None:
            answer["nominated"] = self.nominated
            answer["victims"] = list(self.victims)
        if self.post_filter:
            answer["postFilter"] = self.post_filter
        if self.pre_filter is not None:
            plugin, code, reasons = self.pre_filter
            answer["preFilter"] = {"plugin": plugin, "code": code, "reasons": list(reasons)}
        rejected = self._rejected()
        if rejected:
            answer["rejected"] = rejected
        fitting = np.flatnonzero(self.feasible)
        names = [self.node_names[i] for i in fitting.tolist()]
        if names:
            answer["scores"] = {
                plugin: dict(zip(names, scores[fitting].tolist(), strict=True))
                for plugin, scores in self.scores.items()
            }
            answer["total"] = dict(zip(names, self.totals[fitting].tolist(), strict=True))
        return answer

    def _rejected(self) -> dict[str, dict[str, Any]]:
        rejected = {}
        for i, name in enumerate(self.node_names):
            rejection = self.rejection(i)
            if rejection is not None:
                plugin, code, reasons = rejection
                rejected[name] = {"plugin": plugin, "code": code, "reasons": reasons}
        return rejected

    def to_arrow(self) -> pa.Table:
        """Return one row a node: node, feasible, total, plugin, code, reasons, and a column of each plugin's score."""
        import pyarrow as pa

        rejections = [self.rejection(i) for i in range(len(self.node_names))]
        columns: dict[str, Any] = {
            "node": pa.array(self.node_names, pa.string()),
            "feasible": pa.array(self.feasible),
            "total": pa.array(self.totals, mask=~self.feasible),
            "plugin": pa.array([r[0] if r else None for r in rejections], pa.string()),
            "code": pa.array([r[1] if r else None for r in rejections], pa.string()),
            "reasons": pa.array([r[2] if r else None for r in rejections], pa.list_(pa.string())),
        }
        for plugin, scores in self.scores.items():
            columns[plugin] = pa.array(scores, mask=~self.feasible)
        return pa.table(columns)

    def reasons(self) -> dict[str, int]:
        """Return reason -> how many nodes were rejected for it, most first, then by text."""
        counts: Counter[str] = Counter()
        for i in range(len(self.node_names)):
            rejection = self.rejection(i)
            if rejection is not None:
                counts.update(rejection[2] or ["left out by a PreFilter plugin's node list"])
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def _rows(self) -> tuple[list[str], list[list[str]]]:
        plugins = list(self.scores)
        header = ["node", "total", *plugins]
        order = np.lexsort((np.arange(len(self.totals)), -self.totals))
        best = [int(i) for i in order if self.feasible[i]][:_MOST_ROWS]
        return header, [
            [self.node_names[i], str(self.totals[i]), *(str(self.scores[p][i]) for p in plugins)] for i in best
        ]

    def _headline(self) -> str:
        num_feasible = int(np.count_nonzero(self.feasible))
        verdict = f"would go to {self.node}" if self.node is not None else "fits nowhere"
        if self.pre_enqueue:
            verdict = f"is {self.pre_enqueue}; without them it {verdict}"
        return f"pod {self.pod} {verdict}: {num_feasible} of {len(self.node_names)} nodes are feasible"

    def __str__(self) -> str:
        """Return a table of the best nodes with their scores, and how many nodes each reason rejected."""
        lines = [self._headline()]
        if self.message:
            lines.append(self.message)
        header, rows = self._rows()
        if rows:
            widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
            lines.append("")
            for row in [header, *rows]:
                cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
                lines.append("  ".join(cells))
            hidden = int(np.count_nonzero(self.feasible)) - len(rows)
            if hidden > 0:
                lines.append(f"... and {hidden} more feasible nodes")
        reasons = self.reasons()
        if reasons:
            lines.extend(["", "rejected:", *(f"  {count:>6}  {reason}" for reason, count in reasons.items())])
        return "\n".join(lines)

    def __repr__(self) -> str:
        """Return the verdict on one line."""
        return f"Explanation({self._headline()})"

    def _repr_html_(self) -> str:
        header, rows = self._rows()
        cells = "".join(f"<th>{html.escape(name)}</th>" for name in header)
        body = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        reasons = "".join(f"<li>{count} × {html.escape(reason)}</li>" for reason, count in self.reasons().items())
        message = f"<p>{html.escape(self.message)}</p>" if self.message else ""
        return (
            f"<p><b>{html.escape(self._headline())}</b></p>{message}"
            f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table><ul>{reasons}</ul>"
        )
