"""The outcome of one scheduling cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubesched.errors import ConfigError

_POLICIES = {False: "never", True: "graceful", "never": "never", "graceful": "graceful", "immediate": "immediate"}


def preemption_policy(preempt: bool | str) -> str:
    """Return "never", "graceful" or "immediate" for what a caller says of preemption.

    Raises:
        ConfigError: it is none of these.
    """
    policy = _POLICIES.get(preempt)
    if policy is None:
        raise ConfigError(f"preempt must be a bool, 'never', 'graceful' or 'immediate', got {preempt!r}")
    return policy


@dataclass(frozen=True, slots=True)
class Preemption:
    """What the PostFilter plugins answered for a pod that fits nowhere.

    Attributes:
        nominated: the node that victims leave for the pod; None where preemption helps on none.
        victims: `namespace/name` of the pods to leave, the most important first.
        message: upstream's text where no node was nominated; empty otherwise.
    """

    nominated: str | None
    victims: tuple[str, ...]
    message: str


def read_preemption(raw: tuple[int, list[str], str], names: Sequence[str]) -> Preemption | None:
    """Return what the core says of preemption, with nodes by name; None where there was none."""
    nominated, victims, message = raw
    if nominated < 0 and not message:
        return None
    return Preemption(names[nominated] if nominated >= 0 else None, tuple(victims), message)


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
        preemption: what came of preemption; None where it was not tried, or no plugin is there for it.
        devices: the GPU cards that the pod gets on the node, by number; a card of which it gets several shares comes
            several times. Empty where it asks for none.
    """

    pod: str
    node: str | None
    message: str
    feasible_nodes: int
    evaluated_nodes: int
    code: str = "Success"
    preemption: Preemption | None = None
    devices: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether a node was found."""
        return self.node is not None
