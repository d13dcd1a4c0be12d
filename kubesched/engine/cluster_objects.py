"""The cluster's objects besides nodes and pods: into the core and out of it, by kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kubesched._core import Engine
from kubesched.api.budget_codec import encode_budget
from kubesched.api.namespace_codec import encode_namespace_labels
from kubesched.api.owner_codec import OWNER_KINDS, encode_owner, is_owner
from kubesched.api.storage_codec import STORAGE_KINDS, encode_storage, is_storage
from kubesched.engine.device_objects import is_device_object, put_device_object
from kubesched.errors import ObjectError, StateError

_NAMESPACED_STORAGE = ("PersistentVolumeClaim", "CSIStorageCapacity")


def put_object(engine: Engine, obj: Mapping[str, Any]) -> bool:
    """Add or replace one object; False where no plugin reads its kind. `put_verdicts` must follow a device object.

    Raises:
        ObjectError: the object breaks a rule of its type.
        UnsupportedError: a selector calls a CEL function that is not there yet.
    """
    kind = obj.get("kind")
    if kind == "Namespace":
        engine.put_namespace(*encode_namespace_labels(obj))
    elif kind == "PodDisruptionBudget":
        engine.put_budget(encode_budget(obj))
    elif is_owner(obj):
        engine.put_owner(encode_owner(obj))
    elif is_storage(obj):
        engine.put_storage(encode_storage(obj))
    elif is_device_object(obj):
        put_device_object(engine, obj)
    else:
        return False
    return True


def remove_object(engine: Engine, kind: str, key: str) -> None:
    """Forget the object of a kind named `key`: `namespace/name`, or `name` where the kind has no namespaces.

    Raises:
        ObjectError: no plugin reads the kind, or the key is not of its form.
        StateError: there is no such object.
    """
    removals = _removals(engine)
    if kind not in removals:
        raise ObjectError(f"kind must be one of {', '.join(sorted(removals))}, got {kind!r}")
    is_namespaced, remove = removals[kind]
    namespace, slash, name = key.rpartition("/")
    if bool(slash) != is_namespaced or not name or (is_namespaced and not namespace):
        form = "namespace/name" if is_namespaced else "name"
        raise ObjectError(f"key of a {kind} must be {form}, got {key!r}")
    try:
        remove(namespace, name)
    except StateError:
        raise StateError(f"{kind} must be in the cluster, got {key!r}") from None


def _removals(engine: Engine) -> dict[str, tuple[bool, Callable[[str, str], None]]]:
    """Return kind -> whether it is namespaced, and what removes one by namespace and name."""
    removals: dict[str, tuple[bool, Callable[[str, str], None]]] = {
        "Namespace": (False, lambda _, name: engine.remove_namespace(name)),
        "PodDisruptionBudget": (True, lambda namespace, name: engine.remove_budget(f"{namespace}/{name}")),
        "ResourceSlice": (False, lambda _, name: engine.remove_resource_slice(name)),
        "DeviceClass": (False, lambda _, name: engine.remove_device_class(name)),
        "ResourceClaim": (True, lambda namespace, name: engine.remove_resource_claim(f"{namespace}/{name}")),
    }
    for i, kind in enumerate(STORAGE_KINDS):
        removals[kind] = (kind in _NAMESPACED_STORAGE, _by_code(engine.remove_storage, i))
    for i, kind in enumerate(OWNER_KINDS):
        removals[kind] = (True, _by_code(engine.remove_owner, i))
    return removals


def _by_code(remove: Callable[[int, str, str], None], code: int) -> Callable[[str, str], None]:
    return lambda namespace, name: remove(code, namespace, name)
