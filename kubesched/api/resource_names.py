"""Which resource names the scheduler tracks, and how."""

from __future__ import annotations

from functools import lru_cache

from kubesched.api.label_rules import is_qualified_name
from kubesched.api.quantity import milli_units, whole_units

_NATIVE = ("cpu", "memory", "ephemeral-storage")


@lru_cache(maxsize=4096)
def is_scalar_resource(name: str) -> bool:
    """Tell extended resources, hugepages, *kubernetes.io/ names and attachable volumes from the rest.

    scheduler/util/utils.go IsScalarResourceName (v1.34).
    """
    if name.startswith("hugepages-") or "kubernetes.io/" in name or name.startswith("attachable-volumes-"):
        return True
    return "/" in name and not name.startswith("requests.") and is_qualified_name("requests." + name)


@lru_cache(maxsize=4096)
def is_pod_level_resource(name: str) -> bool:
    """Tell whether spec.resources of a pod may set the resource."""
    return name in ("cpu", "memory") or name.startswith("hugepages-")


def tracked_amount(name: str, nanos: int) -> int | None:
    """Return the amount the scheduler keeps: milli for cpu, units for others; None for names it does not track."""
    if name == "cpu":
        return milli_units(nanos)
    if name in _NATIVE or is_scalar_resource(name):
        return whole_units(nanos)
    return None
