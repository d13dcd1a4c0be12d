"""The outcome of one scheduling cycle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one pod goes, or why it goes nowhere.

    Attributes:
        pod: `namespace/name`.
        node: name of the node; None where the pod fits on none.
        message: upstream's FailedScheduling text, without the preemption part; empty where a node was found.
        feasible_nodes: nodes that passed every filter.
        evaluated_nodes: nodes that the filters looked at; fewer than all under percentageOfNodesToScore or with a
            node list from a PreFilter plugin.
        code: upstream's status: Success, Unschedulable, or Error where an extender failed.
    """

    pod: str
    node: str | None
    message: str
    feasible_nodes: int
    evaluated_nodes: int
    code: str = "Success"

    def __bool__(self) -> bool:
        """Tell whether a node was found."""
        return self.node is not None
