"""Small questions about a pod's manifest: its name, its node, whether it is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import entries, fault, mapping, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain, is_qualified_name
from kubesched.errors import ObjectError


def pod_key(pod: Mapping[str, Any]) -> str:
    """Return `namespace/name`; the namespace is `default` where the manifest has none.

    Raises:
        ObjectError: the pod is no mapping, or its metadata has no valid name.
    """
    if type(pod) is not dict and not isinstance(pod, Mapping):
        raise ObjectError(f"pod must be a mapping, got {type(pod).__name__}")
    metadata = mapping(pod, "metadata", "pod ")
    name = text(metadata, "name", "pod metadata")
    namespace = text(metadata, "namespace", "pod metadata") or "default"
    if not is_dns_subdomain(name):
        fault("pod metadata.name", "be a DNS subdomain name", name)
    if not is_dns_label(namespace):
        fault(f"pod {name}: metadata.namespace", "be a DNS label", namespace)
    return f"{namespace}/{name}"


def bound_node_name(pod: Mapping[str, Any]) -> str:
    """Return spec.nodeName; empty for a pending pod.

    Raises:
        ObjectError: as for `pod_key`, or spec.nodeName is no string.
    """
    key = pod_key(pod)
    try:
        return text(mapping(pod, "spec", "pod"), "nodeName", "spec")
    except ObjectError as error:
        raise ObjectError(f"pod {key}: {error}") from None


def scheduling_gates(pod: Mapping[str, Any]) -> list[str]:
    """Return the names of spec.schedulingGates, in order.

    Raises:
        ObjectError: as for `pod_key`, or a gate has no name.
    """
    key = pod_key(pod)
    try:
        spec = mapping(pod, "spec", "pod")
        if spec.get("schedulingGates") is None:
            return []
        names = []
        for i, gate in enumerate(entries(spec, "schedulingGates", "spec")):
            name = text(gate, "name", f"spec.schedulingGates[{i}]")
            if not is_qualified_name(name):
                fault(f"spec.schedulingGates[{i}].name", "be a qualified name", name)
            names.append(name)
    except ObjectError as error:
        raise ObjectError(f"pod {key}: {error}") from None
    return names


def is_finished(pod: Mapping[str, Any]) -> bool:
    """Tell whether the pod succeeded or failed; such a pod takes no room."""
    status = pod.get("status")
    return isinstance(status, Mapping) and status.get("phase") in ("Succeeded", "Failed")
