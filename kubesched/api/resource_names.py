"""Which resource names there are, and which of them the scheduler tracks."""

from __future__ import annotations

from functools import lru_cache

from kubesched.api.label_rules import is_qualified_name
from kubesched.api.quantity import milli_units, whole_units

_NATIVE = ("cpu", "memory", "ephemeral-storage")
_WHOLE = (
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "services.nodeports",
    "services.loadbalancers",
)


@lru_cache(maxsize=4096)
def is_extended_resource(name: str) -> bool:
    """Tell names such as nvidia.com/gpu, prefixed and outside of kubernetes.io (IsExtendedResourceName, v1.34)."""
    if "/" not in name or "kubernetes.io/" in name or name.startswith("requests."):
        return False
    return is_qualified_name("requests." + name)


@lru_cache(maxsize=4096)
def is_scalar_resource(name: str) -> bool:
    """Tell extended resources, hugepages, *kubernetes.io/ names and attachable volumes from the rest.

    scheduler/util/utils.go IsScalarResourceName (v1.34).
    """
    if name.startswith(("hugepages-", "attachable-volumes-")) or "kubernetes.io/" in name:
        return True
    return is_extended_resource(name)


@lru_cache(maxsize=4096)
def is_container_resource(name: str) -> bool:
    """Tell whether a container may ask for the resource (validateContainerResourceName, v1.34)."""
    if not is_qualified_name(name):
        return False
    if "/" not in name:
        return name in _NATIVE or name.startswith("hugepages-")
    return is_scalar_resource(name)


@lru_cache(maxsize=4096)
def is_pod_level_resource(name: str) -> bool:
    """Tell whether spec.resources of a pod may set the resource."""
    return name in ("cpu", "memory") or (name.startswith("hugepages-") and is_qualified_name(name))


@lru_cache(maxsize=4096)
def comes_whole(name: str) -> bool:
    """Tell whether fractions of the resource are refused (apis/core/helper IsIntegerResourceName, v1.34)."""
    return name in _WHOLE or is_extended_resource(name)


def tracked_amount(name: str, nanos: int) -> int | None:
    """Return the amount the scheduler keeps: milli for cpu, units for others; None for names it does not track."""
    if name == "cpu":
        return milli_units(nanos)
    if name in _NATIVE or is_scalar_resource(name):
        return whole_units(nanos)
    return None
