"""One extender: what it is asked and how its answers are taken (pkg/scheduler/extender.go, v1.34)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kubesched.config.extenders import ExtenderConfig
from kubesched.extenders.answers import GoObject, decode_list, parse
from kubesched.extenders.failure import ExtenderFailure

__all__ = ["Extender", "ExtenderFailure", "FilterAnswer"]

Manifest = Mapping[str, Any]

_MAX_NODE_SCORE = 100
_MAX_EXTENDER_PRIORITY = 10


@dataclass(frozen=True, slots=True)
class FilterAnswer:
    """What an extender says of nodes.

    Attributes:
        nodes: names of those that it keeps.
        failed: name -> reason; the name need not be one that was asked about.
        unresolvable: the same where preemption cannot help; goes before `failed`.
    """

    nodes: list[str]
    failed: dict[str, str] = field(default_factory=dict)
    unresolvable: dict[str, str] = field(default_factory=dict)


class Extender:
    """An HTTP extender of the configuration.

    `pod` and `nodes` are JSON texts, made once for all extenders; `nodes` is None where names will do.

    Raises:
        ConfigError: its TLS files cannot be used.
    """

    __slots__ = ("_client", "config")

    def __init__(self, config: ExtenderConfig) -> None:
        self.config = config
        from kubesched.extenders.client import Client  # takes a sixth of the start, for those who call over HTTP

        self._client = Client(config)

    @property
    def needs_nodes(self) -> bool:
        """Whether it wants whole nodes."""
        asks = self.config.filter_verb or self.config.prioritize_verb
        return bool(asks) and not self.config.node_cache_capable

    def is_interested(self, pod: Manifest) -> bool:
        """Tell whether a container or init container mentions a resource that it manages."""
        managed = self.config.managed_resources
        if not managed:
            return True
        spec = pod.get("spec") or {}
        return any(
            not managed.isdisjoint((container.get("resources") or {}).get(kind) or {})
            for containers in ("containers", "initContainers")
            for container in spec.get(containers) or []
            for kind in ("requests", "limits")
        )

    def filter(self, pod: str, names: Sequence[str], nodes: Sequence[str] | None) -> FilterAnswer:
        """Ask which of the nodes fit.

        Raises:
            ExtenderFailure: it fails, or names a node that it was not asked about.
        """
        raw = parse(self._client.post(self.config.filter_verb, self._args(pod, names, nodes)))
        answer = GoObject(raw, "ExtenderFilterResult", "v1.ExtenderFilterResult")
        node_list = answer.object("Nodes", "v1.NodeList")
        items = [] if node_list is None else node_list.items("items", "[]v1.Node") or []
        node_names = answer.texts("NodeNames")
        failed = answer.text_map("FailedNodes", "v1.FailedNodesMap")
        unresolvable = answer.text_map("FailedAndUnresolvableNodes", "v1.FailedNodesMap")
        error = answer.text("Error")
        if error:
            raise ExtenderFailure(error)
        kept: list[str] = []
        if self.config.node_cache_capable and node_names is not None:
            kept = node_names
        elif node_list is not None:
            kept = [_node_name(item) for item in items]
        asked = set(names)
        for name in kept:
            if name not in asked:  # upstream checks names alone, and then schedules to a node that is nowhere
                raise ExtenderFailure(
                    f"extender {json.dumps(self.config.url_prefix)} claims a filtered node {json.dumps(name)} which is"
                    " not found in the input node list"
                )
        return FilterAnswer(kept, failed, unresolvable)

    def prioritize(self, pod: str, names: Sequence[str], nodes: Sequence[str] | None) -> dict[str, int]:
        """Ask for scores; return name -> score times weight, on the scale of plugins, wrapped to 64 bits.

        Raises:
            ExtenderFailure: it fails; upstream then goes on without its scores.
        """
        raw = parse(self._client.post(self.config.prioritize_verb, self._args(pod, names, nodes)))
        scores: dict[str, int] = {}
        for item in decode_list(raw, "v1.HostPriorityList"):
            entry = GoObject(item, "HostPriority", "v1.HostPriority")
            host, score = entry.text("Host"), entry.integer("Score")
            scaled = score * self.config.weight * (_MAX_NODE_SCORE // _MAX_EXTENDER_PRIORITY)
            scores[host] = _wrapped(scores.get(host, 0) + scaled)
        return scores

    def bind(self, pod: Manifest, namespace: str, node_name: str) -> None:
        """Have it bind a pod.

        Raises:
            ExtenderFailure: it fails.
        """
        metadata = pod.get("metadata") or {}
        args = {
            "PodName": metadata.get("name", ""),
            "PodNamespace": namespace,
            "PodUID": metadata.get("uid") or "",
            "Node": node_name,
        }
        answer = self.send(self.config.bind_verb, args, "ExtenderBindingResult")
        error = answer.text("Error")
        if error:
            raise ExtenderFailure(error)

    def send(self, verb: str, args: Mapping[str, Any], struct: str) -> GoObject:
        """Send arguments and return the answer, an object.

        Raises:
            ExtenderFailure: it fails.
        """
        return GoObject(parse(self._client.post(verb, json.dumps(args, default=str))), struct, f"v1.{struct}")

    def _args(self, pod: str, names: Sequence[str], nodes: Sequence[str] | None) -> str:
        if self.config.node_cache_capable:
            return f'{{"Pod":{pod},"Nodes":null,"NodeNames":{json.dumps(list(names))}}}'
        return f'{{"Pod":{pod},"Nodes":{{"metadata":{{}},"items":[{",".join(nodes or ())}]}},"NodeNames":null}}'


def _node_name(item: object) -> str:
    node = GoObject(item, "Node", "v1.Node")
    metadata = node.object("metadata", "v1.ObjectMeta")
    return "" if metadata is None else metadata.text("name")


def _wrapped(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63
