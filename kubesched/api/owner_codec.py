"""Services and workload controllers to records (csrc/state/owners.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, mapping, string_map, text
from kubesched.api.selectors import equals, read_label_selector, write_selector
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

_KINDS = {
    ("v1", "Service"): 0,
    ("v1", "ReplicationController"): 1,
    ("apps/v1", "ReplicaSet"): 2,
    ("apps/v1", "StatefulSet"): 3,
}


def is_owner(obj: Mapping[str, Any]) -> bool:
    """Tell whether PodTopologySpread's default constraints read objects of this kind."""
    return (obj.get("apiVersion"), obj.get("kind")) in _KINDS


def encode_owner(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a Service, ReplicationController, ReplicaSet or StatefulSet: its name and selector.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names object, field and value.
    """
    kind = _KINDS[(obj["apiVersion"], obj["kind"])]
    word = str(obj["kind"]).lower()
    metadata = mapping(obj, "metadata", word)
    name = text(metadata, "name", f"{word} metadata")
    namespace = text(metadata, "namespace", f"{word} metadata") or "default"
    if not name:
        fault(f"{word} metadata.name", "be a name", name)
    try:
        return _encode(obj, kind, namespace, name)
    except ObjectError as error:
        raise ObjectError(f"{word} {namespace}/{name}: {error}") from None


def _encode(obj: Mapping[str, Any], kind: int, namespace: str, name: str) -> bytes:
    spec = mapping(obj, "spec", "object")
    has_selector = spec.get("selector") is not None
    if kind >= 2:
        selector = read_label_selector(spec, "selector", "spec")
    else:
        selector = equals(string_map(spec, "selector", "spec"), "spec.selector") if has_selector else None
    out = Writer()
    out.u8(kind)
    out.text(namespace)
    out.text(name)
    out.u8(1 if has_selector else 0)
    write_selector(out, selector)
    return out.done()
