"""A cluster and the scheduler that decides for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched._core import Engine, PodKeys, any_gpu, cards_of, cards_of_many
from kubesched.api.node_codec import encode_node
from kubesched.api.pod_codec import encode_pod, pod_key
from kubesched.api.pod_fields import bound_node_name, is_finished
from kubesched.api.pod_status import is_preempted, nominated_node_name, start_time_ns
from kubesched.config import SchedulerConfiguration, load_config
from kubesched.config.policies import policy_config
from kubesched.engine.call import Call, encode_manifest, is_inside_call, with_namespace
from kubesched.engine.cluster_objects import put_object, remove_object
from kubesched.engine.decision import Decision, preemption_policy, read_preemption
from kubesched.engine.device_objects import put_verdicts
from kubesched.engine.engine_options import DEFAULT_RANKING_BYTES, check_options
from kubesched.engine.explanation import Explanation
from kubesched.engine.extensions import Extensions
from kubesched.engine.gates import Gates
from kubesched.engine.node_view import NodeView
from kubesched.engine.placements import Placements
from kubesched.engine.plugin_adapter import plugin_infos
from kubesched.engine.pod_batch import PodBatch
from kubesched.engine.typical_pods import measured_for
from kubesched.errors import ConfigError, ObjectError, StateError
from kubesched.version import KUBERNETES_VERSION

Manifest = Mapping[str, Any]


class Scheduler:
    """What kube-scheduler 1.34 would decide, for a cluster held in memory.

    Every node is evaluated for every pod unless the configuration sets percentageOfNodesToScore (upstream samples
    nodes by default). Among nodes of equal score the first in node order is taken, or with `tie_break="random"` one
    drawn from `seed`; upstream draws unseeded. A pod is decided by the profile that its spec.schedulerName names;
    a configuration with a single profile decides every pod.

    Not thread-safe; two schedulers may be used from two threads.
    """

    __slots__ = ("_config", "_engine", "_extensions", "_gates", "_node_json", "_node_names", "_pods")

    def __init__(
        self,
        objects: Iterable[Manifest],
        config: Mapping[str, Any] | str | os.PathLike[str] | None = None,
        *,
        tie_break: str = "first",
        seed: int = 0,
        kernels: str = "",
        plugins: Mapping[str, object] | None = None,
        policy: str | None = None,
        workload: PodBatch | None = None,
        ranking_bytes: int | None = DEFAULT_RANKING_BYTES,
    ) -> None:
        """Take over a cluster's objects.

        Args:
            objects: Kubernetes objects as mappings, or what `load` returns. Nodes keep their order. Pods with
                spec.nodeName are put on their nodes; finished pods are left out, and so are pending ones but for
                their status.nominatedNodeName. Namespaces, Services, ReplicationControllers, ReplicaSets,
                StatefulSets, PodDisruptionBudgets, storage objects (see `put`) and those of resource.k8s.io/v1 are
                read; other kinds are ignored.
            config: a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1) as a mapping or a file's path.
            tie_break: "first" or "random".
            seed: of every draw, 0 <= seed < 2**64.
            kernels: a name of `kubesched.engine.available_kernels`, to force a processor back end; empty picks the
                best. Results do not depend on it.
            plugins: name -> a plugin written in Python (docs/plugins.md), for the configuration to enable.
            policy: in place of a configuration, a GPU policy by name (docs/gpu-policies.md): random, dotprod,
                gpuclustering, gpupacking, bestfit, fgd or tetris.
            workload: the pods that the policy FGD measures fragmentation for, where the configuration does not tell;
                without it, the pods among the objects.
            ranking_bytes: of node scores kept from pod to pod (docs/performance.md); results do not depend on it.

        Raises:
            ObjectError: an object breaks a rule of its type.
            ConfigError: the configuration breaks a rule of upstream's validation.
            UnsupportedError: the configuration asks for a part of kube-scheduler that is not there yet.
            StateError: a node or pod is there twice, or a pod's node is not there.
        """
        check_options(tie_break, seed, ranking_bytes)
        if policy is not None:
            if config is not None:
                raise ConfigError("policy must be left out where a configuration is given")
            config = policy_config(policy, seed=seed % 2**63)
        objects = list(objects)
        mine = {} if plugins is None else plugins
        self._config = load_config(config, plugin_infos(mine))
        self._extensions = Extensions(self._config, mine)
        self._gates = Gates(self._config.profiles)
        self._node_json: dict[str, str] = {}
        self._pods: dict[str, Manifest] = {}  # of the pods on nodes, where an extender wants to know victims
        profiles = [p.to_blob() for p in measured_for(self._config.profiles, workload, objects)]
        others = self._extensions.plugins, self._extensions.extenders
        self._engine = Engine(profiles, tie_break, seed, kernels, *others, ranking_bytes)
        self._node_names: list[str] | None = None
        self._take_over(objects)

    def _take_over(self, objects: Iterable[Manifest]) -> None:
        bound: list[tuple[Manifest, str]] = []
        nominated: list[Manifest] = []
        for position, obj in enumerate(objects):
            if not isinstance(obj, Mapping):
                raise ObjectError(f"objects[{position}] must be a mapping, got {type(obj).__name__}")
            kind = obj.get("kind")
            if kind == "Node":
                self._put_node(obj, self._engine.add_node)
            elif kind == "Pod":
                node_name = bound_node_name(obj)
                if node_name and not is_finished(obj):
                    bound.append((obj, node_name))
                elif not node_name and nominated_node_name(obj):
                    nominated.append(obj)
            else:
                put_object(self._engine, obj)
        put_verdicts(self._engine)
        for pod, node_name in bound:
            self._add_bound(pod, node_name)
        for pod in nominated:
            shape = self._engine.intern_shape(encode_pod(pod))
            self._engine.nominate(pod_key(pod), shape, nominated_node_name(pod))

    def _add_bound(self, pod: Manifest, node_name: str) -> None:
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod, bound=True))
        start_ns, preempted = Engine.NOT_STARTED, False
        if pod.get("status") is not None:
            try:
                started = start_time_ns(pod)
                preempted = is_preempted(pod)
            except ObjectError as error:
                raise ObjectError(f"pod {key}: {error}") from None
            start_ns = start_ns if started is None else started
        try:
            self._engine.add_pod(key, shape, node_name, start_ns, preempted)
        except StateError as error:
            raise StateError(f"pod {key}: {error}") from error
        self._keep_pod(key, pod)

    def _keep_pod(self, key: str, pod: Manifest) -> None:
        if self._extensions.need_pods:
            self._pods[key] = with_namespace(pod, key)

    def explain(self, pod: Manifest) -> Explanation:
        """Tell of every node and plugin what they say of the pod, and whom it would preempt; changes nothing.

        All nodes are evaluated, whatever percentageOfNodesToScore says.

        Raises:
            ObjectError, UnsupportedError: as for `schedule`.
        """
        self._require_idle()
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod))
        with self._call(key, pod).active():
            raw = self._engine.explain(key, shape, nominated_node_name(pod))
            return Explanation(key, self._names(), raw, self._gates.message(pod))

    def schedule(self, pod: Manifest, *, preempt: bool | str = False) -> Decision:
        """Decide for one pod and, where a node is found, assume the pod on it.

        A pod with scheduling gates is not tried, as upstream's queue would not give it out.

        Args:
            pod: a v1 Pod. Its status.nominatedNodeName, or else what an earlier call nominated, is tried first.
            preempt: what happens where the pod fits nowhere. False or "never": nothing. True or "graceful": the
                PostFilter plugins run; victims of preemption terminate, keeping their room until `remove_pod`, and
                the pod stays nominated. "immediate": victims are removed at once and the pod is tried again.

        Raises:
            ConfigError: `preempt` is none of these.
            ObjectError: the pod breaks a rule of its type.
            UnsupportedError: the pod needs a part of kube-scheduler that is not there yet.
            StateError: a pod of that name is on a node already, or no profile has the pod's schedulerName.
            PluginError: a plugin written in Python raises, or answers what it may not; nothing has changed then.
        """
        self._require_idle()
        key = pod_key(pod)
        shape = self._engine.intern_shape(encode_pod(pod))
        policy = preemption_policy(preempt)
        waiting = self._gates.message(pod)
        if waiting:
            self._engine.require_new_pods(np.array([shape], np.uint32), PodKeys([key]))
            return Decision(key, None, waiting, 0, 0, "UnschedulableAndUnresolvable")
        mark = self._engine.mark()
        try:
            return self._decide(key, shape, pod, policy)
        except BaseException:
            self._engine.rewind(mark)
            raise

    def _decide(self, key: str, shape: int, pod: Manifest, policy: str) -> Decision:
        nominated = nominated_node_name(pod)
        if not self._extensions:
            node, feasible, evaluated, message, raw = self._engine.schedule(key, shape, nominated, policy)
            code = "Success" if node >= 0 else "Unschedulable"
            name = self._names()[node] if node >= 0 else None
            preemption = read_preemption(raw, self._names())
            return Decision(key, name, message, feasible, evaluated, code, preemption, self._cards(key, name))
        call = self._call(key, pod)
        with call.active():
            node, feasible, evaluated, message, raw = self._engine.schedule(key, shape, nominated, policy)
            name = self._names()[node] if node >= 0 else None
            if name is not None:
                try:
                    refusal = self._extensions.commit(call, name)
                except BaseException:
                    self._engine.remove_pod(key)
                    raise
                if refusal is not None:
                    self._engine.remove_pod(key)
                    name, message = None, refusal
        for victim in raw[1] if policy == "immediate" else ():
            self._pods.pop(victim, None)
        if name is not None:
            self._keep_pod(key, pod)
        code = "Error" if call.has_failed else "Success" if name is not None else "Unschedulable"
        preemption = read_preemption(raw, self._names())
        return Decision(key, name, message, feasible, evaluated, code, preemption, self._cards(key, name))

    def _cards(self, key: str, node: str | None) -> tuple[int, ...]:
        return () if node is None else tuple(cards_of(self._engine, key))

    def schedule_many(self, pods: PodBatch | Sequence[Manifest], *, preempt: bool | str = False) -> Placements:
        """Decide for pods one after another; each is assumed on its node before the next is decided.

        Args:
            pods: a batch, or manifests. All are checked before the first is decided.
            preempt: as for `schedule`. Victims may be pods of the same batch.

        A pod with scheduling gates is not tried; its message says what it waits for.

        Raises:
            ConfigError, ObjectError, UnsupportedError, StateError, PluginError: as for `schedule`; no pod is then
                placed.
        """
        self._require_idle()
        batch = pods if isinstance(pods, PodBatch) else PodBatch.from_manifests(pods)
        policy = preemption_policy(preempt)
        waiting = self._gates.messages(batch)
        if not waiting:
            return self._place(batch, policy)
        rest = np.setdiff1d(np.arange(len(batch)), list(waiting))
        return self._place(batch.take(rest), policy).amid(batch.keys, rest, waiting)

    def _place(self, batch: PodBatch, policy: str) -> Placements:
        used = np.flatnonzero(np.bincount(batch.shape_index, minlength=len(batch.records)))
        ids = np.zeros(len(batch.records), np.uint32)
        ids[used] = [self._engine.intern_shape(batch.records[i]) for i in used.tolist()]
        shapes = ids[batch.shape_index]
        if self._extensions:
            return self._schedule_each(batch, shapes, policy)
        node_index, messages, raw = self._engine.schedule_many(shapes, batch.core_keys, policy)
        found = ((i, read_preemption(result, self._names())) for i, result in raw.items())
        preemptions = {i: preemption for i, preemption in found if preemption is not None}
        devices = cards_of_many(self._engine, batch.keys) if any_gpu(self._engine, shapes) else None
        return Placements(node_index, self._names(), batch.keys, messages, preemptions, devices)

    def _schedule_each(self, batch: PodBatch, shapes: npt.NDArray[np.uint32], policy: str) -> Placements:
        """Decide pod by pod, with the manifest of each at hand for plugins and extenders."""
        self._engine.require_new_pods(shapes, batch.core_keys)
        mark = self._engine.mark()
        decisions: list[Decision] = []
        try:
            for i, shape in enumerate(shapes.tolist()):
                decisions.append(self._decide(batch.keys[i], shape, batch.manifest(i), policy))
        except BaseException:
            for i, decision in reversed(list(enumerate(decisions))):
                if decision.node is not None:
                    self._engine.remove_pod(decision.pod)
                    self._pods.pop(decision.pod, None)
                    self._extensions.unreserve(self._call(decision.pod, batch.manifest(i)), decision.node)
            self._engine.rewind(mark)
            raise
        position = {name: i for i, name in enumerate(self._names())}
        node_index = np.array([-1 if d.node is None else position[d.node] for d in decisions], np.int32)
        messages = {i: decision.message for i, decision in enumerate(decisions) if decision.node is None}
        preemptions = {i: d.preemption for i, d in enumerate(decisions) if d.preemption is not None}
        devices = cards_of_many(self._engine, batch.keys)
        return Placements(node_index, self._names(), batch.keys, messages, preemptions, devices)

    def sort(self, pods: Sequence[Manifest]) -> list[Manifest]:
        """Return pods in the order in which the scheduling queue would give them out.

        That is by spec.priority, highest first, or as the `less` of the queueSort plugin written in Python says; pods
        that are equal keep their order (plugins/queuesort/priority_sort.go, v1.34, where the earlier comes first).

        Raises:
            ObjectError: a pod breaks a rule of its type.
            PluginError: the plugin raises, or answers what it may not.
        """
        return self._extensions.sort(pods)

    def _call(self, key: str, pod: Manifest) -> Call:
        return Call(key, pod, self.nodes, self._names(), self._node_json, self._pods, self._engine.pods_on)

    def _put_node(self, node: Manifest, put: Callable[[bytes], None]) -> None:
        """Hand a node to the core, and keep its manifest where an extender wants it."""
        record = encode_node(node)
        if not self._extensions.need_nodes:
            put(record)
            return
        name = node["metadata"]["name"]
        text = encode_manifest(node, f"node {name}")
        put(record)
        self._node_json[name] = text

    def add_pod(self, pod: Manifest) -> None:
        """Put a pod on the node that its spec.nodeName names.

        Raises:
            ObjectError: the pod breaks a rule of its type, or names no node.
            StateError: a pod of that name is on a node already, or the node is not there.
        """
        self._require_idle()
        key, node_name = pod_key(pod), bound_node_name(pod)
        if not node_name:
            raise ObjectError(f"pod {key}: spec.nodeName must name a node, got {node_name!r}")
        self._add_bound(pod, node_name)

    def remove_pod(self, key: str) -> None:
        """Take the pod `namespace/name` off its node; a pending one is nominated no more.

        Raises:
            StateError: no such pod is on a node or nominated to one.
        """
        self._require_idle()
        self._engine.remove_pod(key)
        self._pods.pop(key, None)

    def remove_pods(self, pods: PodBatch | Sequence[str]) -> None:
        """Take many pods off their nodes, in order; all are checked before the first goes.

        Raises:
            StateError: one is on no node and nominated to none, or is there twice.
        """
        self._require_idle()
        keys = pods.keys if isinstance(pods, PodBatch) else pods
        self._engine.remove_pods(pods.core_keys if isinstance(pods, PodBatch) else PodKeys(keys))
        for key in keys if self._pods else ():
            self._pods.pop(key, None)

    def put(self, obj: Manifest) -> None:
        """Add an object of any kind but Node and Pod that a plugin reads, or replace the one of its name.

        Args:
            obj: a Namespace, Service, ReplicationController, ReplicaSet, StatefulSet, PodDisruptionBudget,
                PersistentVolume, PersistentVolumeClaim, StorageClass, CSINode, CSIDriver, CSIStorageCapacity,
                VolumeAttachment, ResourceSlice, DeviceClass, ResourceClaim or ResourceClaimTemplate. A volume without
                status.phase counts as Pending, which no claim can get.

        A pod that is scheduled binds its claims to volumes that are there. A claim whose volume is to be provisioned
        notes the node (annotation volume.kubernetes.io/selected-node) and stays unbound until the claim is put with
        spec.volumeName, as the provisioner would. Removing a pod leaves its volume claims as they are.

        Raises:
            ObjectError: the object is of another kind, or breaks a rule of its type.
            UnsupportedError: a CEL selector calls a function that is not there yet.
        """
        self._require_idle()
        if not isinstance(obj, Mapping):
            raise ObjectError(f"object must be a mapping, got {type(obj).__name__}")
        if not put_object(self._engine, obj):
            named = f"{obj.get('apiVersion')}/{obj.get('kind')}"
            raise ObjectError(f"object must be of a kind that a plugin reads, got {named!r}")
        put_verdicts(self._engine)

    def remove(self, kind: str, key: str) -> None:
        """Forget an object that `put` takes: `remove("PersistentVolumeClaim", "default/data")`.

        Args:
            kind: its kind.
            key: `namespace/name`, or `name` where the kind has no namespaces.

        Pods stay where they are; what the object allowed or limited no longer counts. Devices that a removed
        ResourceClaim held are free, those of a removed ResourceSlice are gone.

        Raises:
            ObjectError: no plugin reads the kind, or the key is not of its form.
            StateError: there is no such object.
        """
        self._require_idle()
        remove_object(self._engine, kind, key)

    def add_node(self, node: Manifest) -> None:
        """Append a node to the order.

        Raises:
            ObjectError: the node breaks a rule of its type.
            StateError: a node of that name is there.
        """
        self._require_idle()
        self._put_node(node, self._engine.add_node)
        self._node_names = None

    def update_node(self, node: Manifest) -> None:
        """Replace a node's labels, taints, allocatable, images and cordon; its pods and its place in the order stay.

        Raises:
            ObjectError: the node breaks a rule of its type.
            StateError: no node of that name is there.
        """
        self._require_idle()
        self._put_node(node, self._engine.update_node)

    def remove_node(self, name: str) -> list[str]:
        """Take a node away with its pods; return their `namespace/name`s, sorted.

        Raises:
            StateError: no node of that name is there.
        """
        self._require_idle()
        gone = self._engine.remove_node(name)
        self._node_json.pop(name, None)
        self._node_names = None
        for key in gone:
            self._pods.pop(key, None)
        return gone

    def node_of(self, key: str) -> str | None:
        """Return the node that the pod `namespace/name` is on; None where it is on none."""
        return self._engine.node_of(key)

    @property
    def nominations(self) -> dict[str, str]:
        """Pending pods (`namespace/name`) that wait for victims to leave a node, and the node."""
        return self._engine.nominations()

    def allocation(self, claim: str) -> list[str] | None:
        """Return the devices, as `driver/pool/device`, that the claim `namespace/name` holds; None where it has none.

        A pod that is scheduled gets its claims allocated; `remove_pod` takes the allocation back where no other pod
        has the claim reserved, as the resource claim controller does.
        """
        held = self._engine.allocation(claim)
        return None if held is None else [device for device, _ in held[0]]

    def fork(self) -> Scheduler:
        """Return an independent scheduler in the same state; unchanged parts are shared until one side writes."""
        twin = object.__new__(Scheduler)
        twin._config = self._config
        twin._engine = self._engine.fork()
        twin._extensions = self._extensions
        twin._gates = self._gates
        twin._node_json = dict(self._node_json)
        twin._pods = dict(self._pods)
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

    @property
    def config(self) -> SchedulerConfiguration:
        """The configuration, defaults filled in."""
        return self._config

    @property
    def core(self) -> Engine:
        """The engine in C++, for what drives it over many pods; `refresh` must follow a change of its nodes."""
        return self._engine

    @property
    def has_extensions(self) -> bool:
        """Whether plugins in Python or extenders have a say."""
        return bool(self._extensions)

    def refresh(self) -> None:
        """Take note that the nodes of `core` have changed."""
        self._node_names = None

    def _require_idle(self) -> None:
        if is_inside_call(self._engine):
            raise StateError("a scheduler must not be used by its own plugins while it decides; a fork may be")

    def _names(self) -> list[str]:
        if self._node_names is None:
            self._node_names = self._engine.node_names()
        return self._node_names

    def __repr__(self) -> str:
        """Say how large the cluster is."""
        return f"Scheduler({self._engine.num_nodes} nodes, {self.num_pods} pods, kubernetes {KUBERNETES_VERSION})"
