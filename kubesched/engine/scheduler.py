"""A cluster and the scheduler that decides for it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from kubesched._core import Engine
from kubesched.api.namespace_codec import encode_namespace_labels
from kubesched.api.node_codec import encode_node
from kubesched.api.owner_codec import encode_owner, is_owner
from kubesched.api.pod_codec import encode_pod, pod_key
from kubesched.api.pod_fields import bound_node_name, is_finished
from kubesched.config import load_config
from kubesched.engine.decision import Decision
from kubesched.engine.device_objects import is_device_object, put_device_object, put_verdicts
from kubesched.engine.explanation import Explanation
from kubesched.engine.node_view import NodeView
from kubesched.engine.placements import Placements
from kubesched.engine.pod_batch import PodBatch
from kubesched.errors import ConfigError, ObjectError, StateError

KUBERNETES_VERSION = "1.34"

Manifest = Mapping[str, Any]


class Scheduler:
    """What kube-scheduler 1.34 would decide, for a cluster held in memory.

    Every node is evaluated for every pod unless the configuration sets percentageOfNodesToScore (upstream samples
    nodes by default). Among nodes of equal score the first in node order is taken, or with `tie_break="random"` one
    drawn from `seed`; upstream draws unseeded. A pod is decided by the profile that its spec.schedulerName names;
    a configuration with a single profile decides every pod.

    Not thread-safe; two schedulers may be used from two threads.
    """

    __slots__ = ("_config", "_engine", "_node_names")

    def __init__(
        self,
        objects: Iterable[Manifest],
        config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        tie_break: str = "first",
        seed: int = 0,
        kernels: str = "",
    ) -> None:
        """Take over a cluster's objects.

        Args:
            objects: Kubernetes objects as mappings, or what `load` returns. Nodes keep their order. Pods with
                spec.nodeName are put on their nodes; pending and finished pods are left out. Namespaces, Services,
                ReplicationControllers, ReplicaSets, StatefulSets and the objects of resource.k8s.io/v1 are
                read; other kinds are ignored.
            config: a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) as a mapping or a file's path.
            tie_break: "first" or "random".
            seed: of every draw, 0 <= seed < 2**64.
            kernels: a name of `kubesched.engine.available_kernels`, to force a processor back end; empty picks the
                best. Results do not depend on it.

        Raises:
            ObjectError: an object breaks a rule of its type.
            ConfigError: the configuration breaks a rule of upstream's validation.
            UnsupportedError: the configuration asks for a part of kube-scheduler that is not there yet.
            StateError: a node or pod is there twice, or a pod's node is not there.
        """
        if tie_break not in ("first", "random"):
            raise ConfigError(f"tie_break must be 'first' or 'random', got {tie_break!r}")
        if not 0 <= seed < 2**64:
            raise ConfigError(f"seed must be an integer in 0..2**64 - 1, got {seed!r}")
        self._config = load_config(config)
        profiles = [profile.to_blob() for profile in self._config.profiles]
        self._engine = Engine(profiles, tie_break, seed, kernels)
        self._node_names: list[str] | None = None
        self._take_over(objects)

    def _take_over(self, objects: Iterable[Manifest]) -> None:
        bound: list[tuple[Manifest, str]] = []
        for position, obj in enumerate(objects):
            if not isinstance(obj, Mapping):
                raise ObjectError(f"objects[{position}] must be a mapping, got {type(obj).__name__}")
            kind = obj.get("kind")
            if kind == "Node":
                self._engine.add_node(encode_node(obj))
            elif kind == "Pod":
                node_name = bound_node_name(obj)
                if node_name and not is_finished(obj):
                    bound.append((obj, node_name))
            elif kind == "Namespace":
                self._engine.put_namespace(*encode_namespace_labels(obj))
            elif is_owner(obj):
                self._engine.put_owner(encode_owner(obj))
            elif is_device_object(obj):
                put_device_object(self._engine, obj)
        put_verdicts(self._engine)
        for pod, node_name in bound:
            self._add_bound(pod, node_name)

    def _add_bound(self, pod: Manifest, node_name: str) -> None:
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod, bound=True))
        try:
            self._engine.add_pod(key, shape, node_name)
        except StateError as error:
            raise StateError(f"pod {key}: {error}") from error

    def explain(self, pod: Manifest) -> Explanation:
        """Tell of every node and plugin what they say of the pod; changes nothing.

        All nodes are evaluated, whatever percentageOfNodesToScore says.

        Raises:
            ObjectError, UnsupportedError: as for `schedule`.
        """
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod))
        return Explanation(key, self._names(), self._engine.explain(shape))

    def schedule(self, pod: Manifest) -> Decision:
        """Decide for one pod and, where a node is found, assume the pod on it.

        Raises:
            ObjectError: the pod breaks a rule of its type.
            UnsupportedError: the pod needs a part of kube-scheduler that is not there yet.
            StateError: a pod of that name is on a node already, or no profile has the pod's schedulerName.
        """
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod))
        node, feasible, evaluated, message = self._engine.schedule(key, shape)
        return Decision(key, self._names()[node] if node >= 0 else None, message, feasible, evaluated)

    def schedule_many(self, pods: PodBatch | Sequence[Manifest]) -> Placements:
        """Decide for pods one after another; each is assumed on its node before the next is decided.

        Args:
            pods: a batch, or manifests. All are checked before the first is decided.

        Raises:
            ObjectError, UnsupportedError, StateError: as for `schedule`; no pod is then placed.
        """
        batch = pods if isinstance(pods, PodBatch) else PodBatch.from_manifests(pods)
        used, index = np.unique(batch.shape_index, return_inverse=True)
        shapes = np.array([self._engine.intern_shape(batch.records[i]) for i in used.tolist()], np.uint32)
        node_index, messages = self._engine.schedule_many(shapes[index], batch.keys)
        return Placements(node_index, self._names(), batch.keys, messages)

    def add_pod(self, pod: Manifest) -> None:
        """Put a pod on the node that its spec.nodeName names.

        Raises:
            ObjectError: the pod breaks a rule of its type, or names no node.
            StateError: a pod of that name is on a node already, or the node is not there.
        """
        key = pod_key(pod)
        node_name = bound_node_name(pod)
        if not node_name:
            raise ObjectError(f"pod {key}: spec.nodeName must name a node, got {node_name!r}")
        self._add_bound(pod, node_name)

    def remove_pod(self, key: str) -> None:
        """Take the pod `namespace/name` off its node.

        Raises:
            StateError: no such pod is on a node.
        """
        self._engine.remove_pod(key)

    def add_node(self, node: Manifest) -> None:
        """Append a node to the order.

        Raises:
            ObjectError: the node breaks a rule of its type.
            StateError: a node of that name is there.
        """
        self._engine.add_node(encode_node(node))
        self._node_names = None

    def update_node(self, node: Manifest) -> None:
        """Replace a node's labels, taints, allocatable, images and cordon; its pods and its place in the order stay.

        Raises:
            ObjectError: the node breaks a rule of its type.
            StateError: no node of that name is there.
        """
        self._engine.update_node(encode_node(node))

    def remove_node(self, name: str) -> list[str]:
        """Take a node away with its pods; return their `namespace/name`s, sorted.

        Raises:
            StateError: no node of that name is there.
        """
        gone = self._engine.remove_node(name)
        self._node_names = None
        return gone

    def node_of(self, key: str) -> str | None:
        """Return the node that the pod `namespace/name` is on; None where it is on none."""
        return self._engine.node_of(key)

    def allocation(self, claim: str) -> list[str] | None:
        """Return the devices, as `driver/pool/device`, that the claim `namespace/name` holds; None where it has none.

        A pod that is scheduled gets its claims allocated; `remove_pod` takes the allocation back where no other pod
        has the claim reserved, as the resource claim controller does.
        """
        held = self._engine.allocation(claim)
        return None if held is None else [device for device, _ in held[0]]

    def put_device_object(self, obj: Manifest) -> None:
        """Add or replace a ResourceSlice, DeviceClass, ResourceClaim or ResourceClaimTemplate of resource.k8s.io/v1.

        Raises:
            ObjectError: the object is of another kind or breaks a rule of its type.
            UnsupportedError: a CEL selector calls a function that is not there yet.
        """
        if not is_device_object(obj):
            kinds = "a ResourceSlice, DeviceClass, ResourceClaim or ResourceClaimTemplate"
            raise ObjectError(f"object must be {kinds} of resource.k8s.io, got {obj.get('kind')!r}")
        put_device_object(self._engine, obj)
        put_verdicts(self._engine)

    def fork(self) -> Scheduler:
        """Return an independent scheduler in the same state; unchanged parts are shared until one side writes."""
        twin = object.__new__(Scheduler)
        twin._config = self._config
        twin._engine = self._engine.fork()
        twin._node_names = self._node_names
        return twin

    @property
    def nodes(self) -> NodeView:
        """The nodes as NumPy arrays."""
        return NodeView(self._engine, self._names())

    @property
    def num_pods(self) -> int:
        """Count the pods on nodes."""
        return self._engine.num_pods

    def _names(self) -> list[str]:
        if self._node_names is None:
            self._node_names = self._engine.node_names()
        return self._node_names

    def __repr__(self) -> str:
        """Say how large the cluster is."""
        return f"Scheduler({self._engine.num_nodes} nodes, {self.num_pods} pods, kubernetes {KUBERNETES_VERSION})"
