"""Small questions about a pod's manifest: its name, its node, whether it is finished."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, mapping, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
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


def is_finished(pod: Mapping[str, Any]) -> bool:
    """Tell whether the pod succeeded or failed; such a pod takes no room."""
    status = pod.get("status")
    return isinstance(status, Mapping) and status.get("phase") in ("Succeeded", "Failed")
