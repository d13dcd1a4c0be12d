"""The pod that is being decided, for those that the core asks in the middle of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kubesched.engine.node_view import NodeView
from kubesched.errors import ObjectError

Manifest = Mapping[str, Any]
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One scheduling cycle, or one explanation.

    Attributes:
        key: `namespace/name` of the pod.
        pod: its manifest.
        nodes: the scheduler's nodes.
        node_names: their names, in order.
        node_json: name -> the node's manifest as JSON; empty where no extender wants whole nodes.
        pods: `namespace/name` -> manifest of each pod on a node; empty where no extender has a part in preemption.
        keys_on: the keys of the pods on a node.
        verdicts: what was answered already; whoever is asked again answers from here.
        has_failed: an extender's error ended the cycle.
    """

    key: str
    pod: Manifest
    nodes: NodeView
    node_names: list[str]
    node_json: Mapping[str, str]
    pods: Mapping[str, Manifest]
    keys_on: Callable[[str], list[str]]
    verdicts: dict[Any, Any] = field(default_factory=dict)
    has_failed: bool = False

    def pod_json(self) -> str:
        """Return the pod as extenders get it: with its namespace.

        Raises:
            ObjectError: the manifest holds what JSON cannot.
        """
        return self.once("pod", lambda: encode_manifest(self.manifest(), f"pod {self.key}"))

    def manifest(self) -> Manifest:
        """Return the pod with its namespace."""
        return with_namespace(self.pod, self.key)

    def pods_on(self, node_name: str) -> list[Manifest]:
        """Return the pods of a node."""
        return [self.pods[key] for key in self.keys_on(node_name)]

    def once(self, key: object, make: Callable[[], T]) -> T:
        """Return what make() gave for the key the first time."""
        if key not in self.verdicts:
            self.verdicts[key] = make()
        value: T = self.verdicts[key]
        return value

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make this the current call of the thread."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)


_CURRENT: ContextVar[Call] = ContextVar("kubesched_call")


def current_call() -> Call:
    """Return the call that the core is in."""
    return _CURRENT.get()


def is_inside_call(nodes_of: object) -> bool:
    """Tell whether a plugin of the scheduler with this engine is running in this thread."""
    call = _CURRENT.get(None)
    return call is not None and call.nodes.is_of(nodes_of)


def with_namespace(pod: Manifest, key: str) -> Manifest:
    """Return a pod with the namespace of its key, `namespace/name`, written out."""
    return {**pod, "metadata": {**pod["metadata"], "namespace": key.partition("/")[0]}}


def encode_manifest(manifest: Manifest, who: str) -> str:
    """Return a manifest as JSON; what is neither a JSON value nor a mapping, such as a date, becomes text.

    Raises:
        ObjectError: it cannot be written as JSON.
    """
    try:
        return json.dumps(manifest, default=_plain, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise ObjectError(f"{who}: must be JSON for an extender, got {error}") from error


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else str(value)
