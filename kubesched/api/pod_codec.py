"""Pods to records: what a scheduling decision can depend on, in one canonical string of bytes.

Two pods with equal records are scheduled alike; the core keeps one shape for both (csrc/model/pod_shape.cpp reads
it). Compiled by Cython; this same file, run by Python, is its plain twin. Each part of a record that most pods leave
empty has its bytes ready, and requests of ordinary containers are added up here; the rest is left to the modules
beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kubesched.api.fields import boolean, choice, entries, fault, integer, mapping, string_map, text
from kubesched.api.gpu_annotations import gpu_record
from kubesched.api.label_rules import is_dns_subdomain, is_label_value, is_qualified_name
from kubesched.api.pod_claims import write_claims
from kubesched.api.pod_fields import pod_key
from kubesched.api.pod_requests import DEFAULT_MEMORY_BYTES, DEFAULT_MILLI_CPU, read_pod_requests
from kubesched.api.pod_topology import write_pod_affinity, write_spread
from kubesched.api.pod_volumes import volumes_record
from kubesched.api.quantity import NANOS_PER_MILLI, parse_text
from kubesched.api.selectors import (
    read_node_terms,
    read_preferred_node_terms,
    write_node_terms,
    write_preferred_node_terms,
)
from kubesched.api.wire import Writer, pack_i64, pack_u32, text_record
from kubesched.errors import ObjectError

__all__ = ["encode_pod", "pod_key", "read_labels"]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TOLERATION_OPERATORS = ("Equal", "Exists")
_PREEMPTION_POLICIES = ("PreemptLowerPriority", "Never")

_EMPTY_LIST = pack_u32(0)
_NO_TEXT = text_record("")
_NO_NODE_AFFINITY = _EMPTY_LIST + b"\0" + 2 * _EMPTY_LIST + b"\0"
_NO_POD_AFFINITY = 4 * _EMPTY_LIST
_NO_CONTROLLER = b"\0" + 3 * _NO_TEXT
_NO_VOLUMES = 3 * _EMPTY_LIST + 2 * _NO_TEXT
_NO_GPU = b"\0"
_CPU = text_record("cpu")
_MEMORY = text_record("memory")
_ONE_AMOUNT = pack_u32(1)
_TWO_AMOUNTS = pack_u32(2)
_NOTHING = (-1, -1)
_DEFAULT_MEMORY_MILLI = DEFAULT_MEMORY_BYTES * 1000
_PLAIN_LIMIT = 2**60  # thousandths; what is larger is looked at closely


def encode_pod(pod: Mapping[str, Any], *, bound: bool = False) -> bytes:
    """Return a pod's record, with the defaults that the API server would fill in.

    Args:
        pod: a v1 Pod as a mapping; it is not changed.
        bound: the pod is on its node already: spec.nodeName is then not a wish, parts that only matter before
            (claims of devices, gates) are not looked at, and a resize in place counts.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names pod, field and value.
    """
    key = pod_key(pod)
    try:
        return b"".join(_record_parts(pod, key.partition("/")[0], bound))
    except ObjectError as error:
        raise ObjectError(f"pod {key}: {error}") from None


def _record_parts(pod: Any, namespace: Any, bound: Any) -> Any:
    spec = mapping(pod, "spec", "pod")
    metadata = mapping(pod, "metadata", "pod")
    labels = read_labels(metadata)
    containers = entries(spec, "containers", "spec")
    if not containers:
        fault("spec.containers", "have at least one container", spec.get("containers"))
    affinity = mapping(spec, "affinity", "spec")
    return [
        text_record(namespace),
        _labels_record(labels),
        _requests_record(pod, spec, containers, bound),
        _NO_TEXT if bound or spec.get("nodeName") is None else _node_name_record(spec),
        _node_affinity_record(spec, affinity)
        if affinity or spec.get("nodeSelector") is not None
        else _NO_NODE_AFFINITY,
        _EMPTY_LIST if spec.get("tolerations") is None else _tolerations_record(spec),
        _ports_record(spec, containers),
        _images_record(spec, containers),
        _EMPTY_LIST if spec.get("topologySpreadConstraints") is None else _spread_record(spec, labels),
        _NO_POD_AFFINITY if not affinity else _pod_affinity_record(affinity, namespace, labels),
        _NO_CONTROLLER if metadata.get("ownerReferences") is None else _controller_record(metadata),
        pack_i64(integer(spec, "priority", "spec", 0, -(2**31), 2**31 - 1)),
        b"\0" if spec.get("preemptionPolicy") is None else _preemption_record(spec),
        b"\0" if metadata.get("deletionTimestamp") is None else b"\1",
        text_record(text(spec, "schedulerName", "spec") or "default-scheduler"),
        _NO_VOLUMES if spec.get("volumes") is None else volumes_record(spec, metadata),
        _NO_GPU if metadata.get("annotations") is None else gpu_record(metadata, bound=bound),
        _EMPTY_LIST if spec.get("resourceClaims") is None else write_claims(pod, spec, metadata),
    ]


def read_labels(metadata: Mapping[str, Any]) -> Mapping[str, str]:
    """Check metadata.labels.

    Raises:
        ObjectError: a key or value is malformed.
    """
    if metadata.get("labels") is None:
        return {}
    labels = string_map(metadata, "labels", "metadata")
    _check_labels(labels, "metadata.labels")
    return labels


def _check_labels(labels: Any, path: Any) -> None:
    for name, value in labels.items():
        if not is_qualified_name(name):
            fault(path, "have label keys as keys", name)
        if not is_label_value(value):
            fault(f"{path}[{name}]", "be a label value", value)


def _labels_record(labels: Any) -> Any:
    parts = [pack_u32(len(labels))]
    for name in sorted(labels):
        parts.append(text_record(name))
        parts.append(text_record(labels[name]))
    return b"".join(parts)


def _requests_record(pod: Any, spec: Any, containers: Any, bound: Any) -> Any:
    record = None
    has_more = spec.get("initContainers") or spec.get("resources") is not None or spec.get("overhead") is not None
    if not has_more and (not bound or pod.get("status") is None):
        record = _plain_requests_record(containers)
    return _any_requests_record(pod, spec, bound) if record is None else record


def _any_requests_record(pod: Any, spec: Any, bound: Any) -> Any:
    requests = read_pod_requests(pod, spec, bound=bound)
    out = Writer()
    out.amounts(requests.tracked)
    out.i64(requests.non_zero_milli_cpu)
    out.i64(requests.non_zero_memory_bytes)
    out.amounts(requests.scored)
    return out.done()


def _plain_requests_record(containers: Any) -> Any:
    """Add up containers that ask for cpu and memory alone; None where that is not so, or anything looks wrong.

    What comes out is what read_pod_requests gives for such a pod.
    """
    cpu = memory = scored_cpu = scored_memory = 0
    for container in containers:
        own = _plain_requests(container.get("resources"))
        if own is None:
            return None
        own_cpu, own_memory = own
        cpu += 0 if own_cpu < 0 else own_cpu
        memory += 0 if own_memory < 0 else own_memory
        scored_cpu += DEFAULT_MILLI_CPU if own_cpu < 0 else own_cpu
        scored_memory += _DEFAULT_MEMORY_MILLI if own_memory < 0 else own_memory
    if scored_cpu > _PLAIN_LIMIT or scored_memory > _PLAIN_LIMIT:
        return None
    scored = _amounts_record(scored_cpu, scored_memory)
    tracked = scored if cpu == scored_cpu and memory == scored_memory else _amounts_record(cpu, memory)
    return tracked + pack_i64(scored_cpu) + pack_i64(-(-scored_memory // 1000)) + scored


def _plain_requests(resources: Any) -> Any:
    """Return thousandths of cpu and memory, -1 for what is not asked for; None where anything is unusual."""
    if resources is None:
        return _NOTHING
    if type(resources) is not dict:
        return None
    requests = _plain_amounts(resources.get("requests"))
    limits = resources.get("limits")
    if limits is None or requests is None:
        return requests
    limits = _plain_amounts(limits)
    if limits is None:
        return None
    cpu, memory = requests
    most_cpu, most_memory = limits
    if (cpu > most_cpu >= 0) or (memory > most_memory >= 0):
        return None
    return (most_cpu if cpu < 0 else cpu, most_memory if memory < 0 else memory)


def _plain_amounts(listed: Any) -> Any:
    if listed is None:
        return _NOTHING
    if type(listed) is not dict:
        return None
    cpu = memory = -1
    for name, value in listed.items():
        nanos = parse_text(value) if type(value) is str else None
        if nanos is None or nanos < 0:
            return None
        if name == "cpu":
            cpu = -(-nanos // NANOS_PER_MILLI)
        elif name == "memory":
            memory = -(-nanos // NANOS_PER_MILLI)
        else:
            return None
    return (cpu, memory)


def _amounts_record(cpu: Any, memory: Any) -> Any:
    if cpu and memory:
        return _TWO_AMOUNTS + _CPU + pack_i64(cpu) + _MEMORY + pack_i64(-(-memory // 1000))
    if cpu:
        return _ONE_AMOUNT + _CPU + pack_i64(cpu)
    return _ONE_AMOUNT + _MEMORY + pack_i64(-(-memory // 1000)) if memory else _EMPTY_LIST


def _node_name_record(spec: Any) -> Any:
    name = text(spec, "nodeName", "spec")
    if name and not is_dns_subdomain(name):
        fault("spec.nodeName", "be a node's name", name)
    return text_record(name)


def _node_affinity_record(spec: Any, affinity: Any) -> Any:
    out = Writer()
    selector = string_map(spec, "nodeSelector", "spec")
    _check_labels(selector, "spec.nodeSelector")
    out.pairs(sorted(selector.items()))
    path = "spec.affinity.nodeAffinity"
    node_affinity = mapping(affinity, "nodeAffinity", "spec.affinity")
    has_required = node_affinity.get(_REQUIRED) is not None
    out.u8(1 if has_required else 0)
    required = mapping(node_affinity, _REQUIRED, path)
    write_node_terms(out, read_node_terms(required, f"{path}.{_REQUIRED}") if has_required else [])
    write_preferred_node_terms(out, read_preferred_node_terms(node_affinity, _PREFERRED, path))
    out.u8(1 if node_affinity.get(_PREFERRED) else 0)
    return out.done()


def _tolerations_record(spec: Any) -> Any:
    tolerations = entries(spec, "tolerations", "spec")
    out = Writer()
    out.u32(len(tolerations))
    for i, toleration in enumerate(tolerations):
        path = f"spec.tolerations[{i}]"
        key = text(toleration, "key", path)
        if key and not is_qualified_name(key):
            fault(f"{path}.key", "be a label key", key)
        operator = choice(toleration, "operator", path, _TOLERATION_OPERATORS, "Equal")
        value = text(toleration, "value", path)
        if not key and operator == 0:
            fault(f"{path}.operator", "be Exists where key is empty", toleration.get("operator"))
        if operator == 1 and value:
            fault(f"{path}.value", "be empty where operator is Exists", value)
        if not is_label_value(value):
            fault(f"{path}.value", "be a label value", value)
        out.text(key)
        out.u8(operator)
        out.text(value)
        out.text(_EFFECTS[choice(toleration, "effect", path, _EFFECTS, "")])
    return out.done()


def _ports_record(spec: Any, containers: Any) -> Any:
    """Return the host ports of the containers that run as long as the pod."""
    on_host = boolean(spec, "hostNetwork", "spec")
    parts = []
    if spec.get("initContainers") is not None:
        for i, container in enumerate(entries(spec, "initContainers", "spec")):
            if container.get("ports") is not None and container.get("restartPolicy") == "Always":
                parts += _container_ports(container, f"spec.initContainers[{i}]", on_host)
    for i, container in enumerate(containers):
        if container.get("ports") is not None:
            parts += _container_ports(container, f"spec.containers[{i}]", on_host)
    return pack_u32(len(parts)) + b"".join(parts) if parts else _EMPTY_LIST


def _container_ports(container: Any, path: Any, on_host: Any) -> Any:
    ports = []
    for i, port in enumerate(entries(container, "ports", path)):
        at = f"{path}.ports[{i}]"
        if port.get("containerPort") is None:
            fault(f"{at}.containerPort", "be an integer in 1..65535", None)
        container_port = integer(port, "containerPort", at, 0, 1, 65535)
        number = integer(port, "hostPort", at, 0, 0, 65535) or (container_port if on_host else 0)
        protocol = _PROTOCOLS[choice(port, "protocol", at, _PROTOCOLS, "TCP")]
        if number:
            ip = text(port, "hostIP", at) or "0.0.0.0"  # noqa: S104
            ports.append(text_record(ip) + text_record(protocol) + pack_i64(number))
    return ports


@lru_cache(maxsize=65536)
def _image_record(name: str) -> bytes:
    """Add the tag `latest` to an image name without a tag (plugins/imagelocality normalizedImageName, v1.34)."""
    return text_record(name if name.rfind(":") > name.rfind("/") else name + ":latest")


def _images_record(spec: Any, containers: Any) -> Any:
    """Return the images of all containers, and how many containers there are."""
    parts = []
    if spec.get("initContainers") is not None:
        for i, container in enumerate(entries(spec, "initContainers", "spec")):
            parts.append(_image_record(text(container, "image", f"spec.initContainers[{i}]")))
    for i, container in enumerate(containers):
        image = container.get("image")
        if type(image) is not str or not image.isascii():
            image = text(container, "image", f"spec.containers[{i}]")
        parts.append(_image_record(image))
    count = pack_u32(len(parts))
    return count + b"".join(parts) + count


def _spread_record(spec: Any, labels: Any) -> Any:
    out = Writer()
    write_spread(out, spec, labels)
    return out.done()


def _pod_affinity_record(affinity: Any, namespace: Any, labels: Any) -> Any:
    out = Writer()
    write_pod_affinity(out, affinity, namespace, labels)
    return out.done()


def _controller_record(metadata: Any) -> Any:
    for i, owner in enumerate(entries(metadata, "ownerReferences", "metadata")):
        path = f"metadata.ownerReferences[{i}]"
        if boolean(owner, "controller", path):
            names = [text_record(text(owner, field, path)) for field in ("apiVersion", "kind", "name")]
            return b"\1" + b"".join(names)
    return _NO_CONTROLLER


def _preemption_record(spec: Any) -> Any:
    return b"\1" if choice(spec, "preemptionPolicy", "spec", _PREEMPTION_POLICIES, "PreemptLowerPriority") else b"\0"
