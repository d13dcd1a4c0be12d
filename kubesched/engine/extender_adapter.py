"""An extender as the core asks it (csrc/bindings/python_extender.cpp)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kubesched.api.pod_fields import pod_key
from kubesched.engine.call import Call, current_call
from kubesched.extenders import Extender, ExtenderFailure, Victims, process_preemption

Failures = list[tuple[int, bool, str]]
Candidate = tuple[str, list[str], int]
FilterResult = tuple[str | None, npt.NDArray[np.bool_], Failures]


class ExtenderAdapter:
    """Turns node masks into names and back; asks once a cycle what is asked again with the same nodes."""

    __slots__ = ("extender", "filters", "name", "preempts", "prioritizes")

    def __init__(self, extender: Extender, name: str) -> None:
        self.extender = extender
        self.name = name
        self.filters = bool(extender.config.filter_verb)
        self.prioritizes = bool(extender.config.prioritize_verb)
        self.preempts = bool(extender.config.preempt_verb)

    def filter(self, nodes: npt.NDArray[np.bool_]) -> FilterResult:
        """Return an error, the nodes that are left, and (position, unresolvable, reason) of those that failed.

        The position is -1 for a name that no node has.
        """
        call = current_call()
        return call.once((self, "filter", nodes.tobytes()), lambda: self._filter(call, nodes))

    def _filter(self, call: Call, nodes: npt.NDArray[np.bool_]) -> FilterResult:
        if not self.extender.is_interested(call.pod):
            return None, nodes, []
        names, manifests = self._asked(call, nodes)
        try:
            answer = self.extender.filter(call.pod_json(), names, manifests)
        except ExtenderFailure as failure:
            if self.extender.config.ignorable:
                return None, nodes, []
            call.has_failed = True
            return str(failure), nodes, []
        kept = set(answer.nodes)
        left = np.array([name in kept for name in call.node_names], np.bool_) & nodes
        position = {name: i for i, name in enumerate(call.node_names)}
        failures = [(position.get(name, -1), True, reason) for name, reason in answer.unresolvable.items()]
        failures += [
            (position.get(name, -1), False, reason)
            for name, reason in answer.failed.items()
            if name not in answer.unresolvable
        ]
        return None, left, failures

    def prioritize(self, nodes: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return a weighted score for each node, 0 where the extender gave none."""
        call = current_call()
        return call.once((self, "prioritize", nodes.tobytes()), lambda: self._prioritize(call, nodes))

    def _prioritize(self, call: Call, nodes: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        scores: dict[str, int] = {}
        if self.extender.is_interested(call.pod):
            names, manifests = self._asked(call, nodes)
            try:
                scores = self.extender.prioritize(call.pod_json(), names, manifests)
            except ExtenderFailure:
                scores = {}  # whether it is ignorable or not, as upstream
        return np.array([scores.get(name, 0) for name in call.node_names], np.int64)

    def preempt(self, candidates: list[Candidate]) -> tuple[str | None, list[Candidate]]:
        """Return an error, and the candidates that are left: (node name, keys of the victims, broken budgets)."""
        call = current_call()
        asked = (self, "preempt", tuple((name, tuple(keys), broken) for name, keys, broken in candidates))
        return call.once(asked, lambda: self._preempt(call, candidates))

    def _preempt(self, call: Call, candidates: list[Candidate]) -> tuple[str | None, list[Candidate]]:
        victims = {
            name: Victims(tuple(call.pods[key] for key in keys), num_violations)
            for name, keys, num_violations in candidates
        }
        try:
            left = process_preemption([self.extender], call.manifest(), victims, call.pods_on)
        except ExtenderFailure as failure:
            return str(failure), []
        return None, [
            (name, [pod_key(pod) for pod in kept.pods], kept.num_pdb_violations) for name, kept in left.items()
        ]

    def _asked(self, call: Call, nodes: npt.NDArray[np.bool_]) -> tuple[list[str], list[str] | None]:
        names = [call.node_names[i] for i in np.flatnonzero(nodes).tolist()]
        if not self.extender.needs_nodes:
            return names, None
        return names, [call.node_json[name] for name in names]
