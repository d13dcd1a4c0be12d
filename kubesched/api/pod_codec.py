"""Pods to records: what a scheduling decision can depend on, in one canonical string of bytes.

Two pods with equal records are scheduled alike; the core keeps one shape for both (csrc/model/pod_shape.cpp reads
it). Compiled by Cython; this same file, run by Python, is its plain twin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, choice, entries, fault, integer, mapping, string_map, text
from kubesched.api.label_rules import is_label_value, is_qualified_name
from kubesched.api.pod_fields import pod_key
from kubesched.api.pod_requests import read_pod_requests
from kubesched.api.pod_topology import write_pod_affinity, write_spread
from kubesched.api.selectors import (
    read_node_terms,
    read_preferred_node_terms,
    write_node_terms,
    write_preferred_node_terms,
)
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError, UnsupportedError

__all__ = ["encode_pod", "pod_key"]

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_EFFECTS = ("", "NoSchedule", "PreferNoSchedule", "NoExecute")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TOLERATION_OPERATORS = ("Equal", "Exists")
_DECIDED_VOLUMES = (
    "persistentVolumeClaim",
    "ephemeral",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "azureDisk",
    "cinder",
    "iscsi",
    "rbd",
    "csi",
)


def encode_pod(pod: Mapping[str, Any], *, bound: bool = False) -> bytes:
    """Return a pod's record, with the defaults that the API server would fill in.

    Args:
        pod: a v1 Pod as a mapping; it is not changed.
        bound: the pod is on its node already: spec.nodeName is then not a wish, and parts that only matter before
            (volumes, claims, gates) are not looked at.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names pod, field and value.
        UnsupportedError: the pod is to be scheduled and needs plugins that are not there yet.
    """
    key = pod_key(pod)
    manifest = pod if isinstance(pod, dict) else dict(pod)
    try:
        return _encode(manifest, key.partition("/")[0], bound)
    except (ObjectError, UnsupportedError) as error:
        raise type(error)(f"pod {key}: {error}") from None


def _encode(pod: dict[str, Any], namespace: str, bound: bool) -> bytes:
    spec = mapping(pod, "spec", "pod")
    metadata = mapping(pod, "metadata", "pod")
    labels = read_labels(metadata)
    if not entries(spec, "containers", "spec"):
        fault("spec.containers", "have at least one container", spec.get("containers"))
    if not bound:
        _refuse_unsupported(spec)
    out = Writer()
    out.text(namespace)
    out.pairs(sorted(labels.items()))
    _write_requests(out, pod, spec)
    out.text("" if bound else text(spec, "nodeName", "spec"))
    affinity = mapping(spec, "affinity", "spec")
    _write_node_affinity(out, spec, affinity)
    _write_tolerations(out, spec)
    _write_ports(out, spec)
    _write_images(out, spec)
    write_spread(out, spec, labels)
    write_pod_affinity(out, affinity, namespace, labels)
    _write_controller(out, metadata)
    out.i64(integer(spec, "priority", "spec", 0, -(2**31), 2**31 - 1))
    out.u8(choice(spec, "preemptionPolicy", "spec", ("PreemptLowerPriority", "Never"), "PreemptLowerPriority"))
    out.u8(1 if metadata.get("deletionTimestamp") is not None else 0)
    out.text(text(spec, "schedulerName", "spec") or "default-scheduler")
    return out.done()


def read_labels(metadata: dict[str, Any]) -> dict[str, str]:
    """Check metadata.labels.

    Raises:
        ObjectError: a key or value is malformed.
    """
    labels = string_map(metadata, "labels", "metadata")
    for name, value in labels.items():
        if not is_qualified_name(name):
            fault("metadata.labels", "have label keys as keys", name)
        if not is_label_value(value):
            fault(f"metadata.labels[{name}]", "be a label value", value)
    return labels


def _refuse_unsupported(spec: dict[str, Any]) -> None:
    for i, volume in enumerate(entries(spec, "volumes", "spec")):
        for source in _DECIDED_VOLUMES:
            if volume.get(source) is not None:
                raise UnsupportedError(
                    f"spec.volumes[{i}].{source} needs the volume plugins of kube-scheduler, which kubesched does not"
                    " have yet"
                )
    if entries(spec, "resourceClaims", "spec"):
        raise UnsupportedError("spec.resourceClaims needs DynamicResources, which kubesched does not have yet")
    if entries(spec, "schedulingGates", "spec"):
        raise UnsupportedError("spec.schedulingGates needs SchedulingGates, which kubesched does not have yet")


def _write_requests(out: Writer, pod: dict[str, Any], spec: dict[str, Any]) -> None:
    requests = read_pod_requests(pod, spec)
    out.amounts(requests.tracked)
    out.i64(requests.non_zero_milli_cpu)
    out.i64(requests.non_zero_memory_bytes)
    out.amounts(requests.scored)


def _write_node_affinity(out: Writer, spec: dict[str, Any], affinity: dict[str, Any]) -> None:
    selector = string_map(spec, "nodeSelector", "spec")
    for name, value in selector.items():
        if not is_qualified_name(name):
            fault("spec.nodeSelector", "have label keys as keys", name)
        if not is_label_value(value):
            fault(f"spec.nodeSelector[{name}]", "be a label value", value)
    out.pairs(sorted(selector.items()))
    path = "spec.affinity.nodeAffinity"
    node_affinity = mapping(affinity, "nodeAffinity", "spec.affinity")
    has_required = node_affinity.get(_REQUIRED) is not None
    out.u8(1 if has_required else 0)
    required = mapping(node_affinity, _REQUIRED, path)
    write_node_terms(out, read_node_terms(required, f"{path}.{_REQUIRED}") if has_required else [])
    write_preferred_node_terms(out, read_preferred_node_terms(node_affinity, _PREFERRED, path))
    out.u8(1 if node_affinity.get(_PREFERRED) else 0)


def _write_tolerations(out: Writer, spec: dict[str, Any]) -> None:
    tolerations = entries(spec, "tolerations", "spec")
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
        out.text(key)
        out.u8(operator)
        out.text(value)
        out.text(_EFFECTS[choice(toleration, "effect", path, _EFFECTS, "")])


def _host_ports(spec: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return (ip, protocol, port) of each host port of containers that run as long as the pod."""
    on_host = boolean(spec, "hostNetwork", "spec")
    ports = []
    for key in ("initContainers", "containers"):
        for i, container in enumerate(entries(spec, key, "spec")):
            if key == "initContainers" and container.get("restartPolicy") != "Always":
                continue
            for j, port in enumerate(entries(container, "ports", f"spec.{key}[{i}]")):
                path = f"spec.{key}[{i}].ports[{j}]"
                container_port = integer(port, "containerPort", path, 0, 1, 65535)
                number = integer(port, "hostPort", path, 0, 0, 65535) or (container_port if on_host else 0)
                protocol = _PROTOCOLS[choice(port, "protocol", path, _PROTOCOLS, "TCP")]
                if number:
                    ports.append((text(port, "hostIP", path) or "0.0.0.0", protocol, number))  # noqa: S104
    return ports


def _write_ports(out: Writer, spec: dict[str, Any]) -> None:
    ports = _host_ports(spec)
    out.u32(len(ports))
    for ip, protocol, number in ports:
        out.text(ip)
        out.text(protocol)
        out.i64(number)


def _normalised_image(name: str) -> str:
    """Add the tag `latest` to an image name without a tag (plugins/imagelocality normalizedImageName, v1.34)."""
    return name if name.rfind(":") > name.rfind("/") else name + ":latest"


def _write_images(out: Writer, spec: dict[str, Any]) -> None:
    images = []
    for key in ("initContainers", "containers"):
        for i, container in enumerate(entries(spec, key, "spec")):
            images.append(_normalised_image(text(container, "image", f"spec.{key}[{i}]")))
    out.texts(images)
    out.u32(len(images))


def _write_controller(out: Writer, metadata: dict[str, Any]) -> None:
    for i, owner in enumerate(entries(metadata, "ownerReferences", "metadata")):
        path = f"metadata.ownerReferences[{i}]"
        if boolean(owner, "controller", path):
            out.u8(1)
            out.text(text(owner, "apiVersion", path))
            out.text(text(owner, "kind", path))
            out.text(text(owner, "name", path))
            return
    out.u8(0)
    for _ in range(3):
        out.text("")
