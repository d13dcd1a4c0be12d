"""Short ways to write nodes, pods and configurations."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]


def make_node(
    name: str, labels: dict[str, str] | None = None, taints: list[Manifest] | None = None, **amounts: str
) -> Manifest:
    """A node with 4 cores, 8Gi and 110 pods, unless told otherwise; `_` in a resource name reads as `-`."""
    resources = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    resources |= {resource.replace("_", "-"): amount for resource, amount in amounts.items()}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **(labels or {})}},
        "spec": {"taints": taints or []},
        "status": {"allocatable": resources},
    }


def make_pod(
    name: str,
    cpu: str | None = None,
    memory: str | None = None,
    labels: dict[str, str] | None = None,
    namespace: str = "default",
    **spec: Any,
) -> Manifest:
    """A pod with one container that requests what is given."""
    requests = {resource: amount for resource, amount in (("cpu", cpu), ("memory", memory)) if amount is not None}
    container = {"name": "main", "image": "app", "resources": {"requests": requests}}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels or {}},
        "spec": {"containers": [container], **spec},
    }


def make_bound_pod(name: str, node: str, **kwargs: Any) -> Manifest:
    """A pod that is on a node already."""
    pod = make_pod(name, **kwargs)
    pod["spec"]["nodeName"] = node
    return pod


def make_config(**profile: Any) -> Manifest:
    """A configuration of one profile."""
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [profile],
    }


def plugin_args(name: str, **args: Any) -> Manifest:
    """A configuration that only gives one plugin arguments."""
    return make_config(pluginConfig=[{"name": name, "args": args}])
