"""Services and workload controllers to records (csrc/state/owners.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import fault, mapping, string_map, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.selectors import Requirement, equals, read_label_selector, write_selector
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

_KINDS = ("v1/Service", "v1/ReplicationController", "apps/v1/ReplicaSet", "apps/v1/StatefulSet")
OWNER_KINDS = tuple(kind.rpartition("/")[2] for kind in _KINDS)  # in the order of their codes in records
_SERVICE, _REPLICATION_CONTROLLER, _REPLICA_SET, _STATEFUL_SET = range(4)


def is_owner(obj: Mapping[str, Any]) -> bool:
    """Tell whether PodTopologySpread's default constraints read objects of this kind."""
    return _kind_name(obj) in _KINDS


def _kind_name(obj: Mapping[str, Any]) -> str:
    return f"{obj.get('apiVersion')}/{obj.get('kind')}"


def encode_owner(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a Service, ReplicationController, ReplicaSet or StatefulSet: its name and selector.

    Raises:
        ObjectError: it is no object of these kinds, or a field breaks a rule of its type; the message names object,
            field and value.
    """
    if not isinstance(obj, Mapping):
        raise ObjectError(f"object must be a mapping, got {type(obj).__name__}")
    if not is_owner(obj):
        fault("object", "be one of " + ", ".join(_KINDS), _kind_name(obj))
    kind = _KINDS.index(_kind_name(obj))
    word = str(obj["kind"]).lower()
    metadata = mapping(obj, "metadata", f"{word} ")
    name = text(metadata, "name", f"{word} metadata")
    namespace = text(metadata, "namespace", f"{word} metadata") or "default"
    if not is_dns_subdomain(name):
        fault(f"{word} metadata.name", "be a DNS subdomain name", name)
    if not is_dns_label(namespace):
        fault(f"{word} {name}: metadata.namespace", "be a DNS label", namespace)
    try:
        spec = mapping(obj, "spec", word)
        selector = _map_selector(kind, spec) if kind < _REPLICA_SET else read_label_selector(spec, "selector", "spec")
    except ObjectError as error:
        raise ObjectError(f"{word} {namespace}/{name}: {error}") from None
    out = Writer()
    out.u8(kind)
    out.text(namespace)
    out.text(name)
    out.u8(0 if selector is None else 1)
    write_selector(out, selector)
    return out.done()


def _map_selector(kind: int, spec: Mapping[str, Any]) -> list[Requirement] | None:
    """Read a selector that is a map of labels; None where there is none.

    A ReplicationController without one takes the labels of its template (SetDefaults_ReplicationController, v1.34).
    """
    if kind == _REPLICATION_CONTROLLER and not string_map(spec, "selector", "spec"):
        template = mapping(mapping(spec, "template", "spec"), "metadata", "spec.template")
        if template.get("labels") is not None:
            return equals(string_map(template, "labels", "spec.template.metadata"), "spec.template.metadata.labels")
    if spec.get("selector") is None:
        return None
    return equals(string_map(spec, "selector", "spec"), "spec.selector")
