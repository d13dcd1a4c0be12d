"""Nodes to records (csrc/model/node_spec.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, choice, entries, fault, integer, is_text, mapping, text, texts
from kubesched.api.label_rules import is_dns_subdomain, is_label_value, is_qualified_name
from kubesched.api.pod_codec import read_labels
from kubesched.api.quantity import milli_units, parse_quantity, whole_units
from kubesched.api.resource_names import comes_whole, tracked_amount
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")


def encode_node(node: Mapping[str, Any]) -> bytes:
    """Return a node's record.

    Args:
        node: a v1 Node as a mapping; it is not changed. Without status.allocatable, status.capacity counts.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names node, field and value.
    """
    if not isinstance(node, Mapping):
        raise ObjectError(f"node must be a mapping, got {type(node).__name__}")
    metadata = mapping(node, "metadata", "node ")
    name = text(metadata, "name", "node metadata")
    if not is_dns_subdomain(name):
        fault("node metadata.name", "be a DNS subdomain name", name)
    try:
        return _encode(node, metadata, name)
    except ObjectError as error:
        raise ObjectError(f"node {name}: {error}") from None


def _encode(node: Mapping[str, Any], metadata: Mapping[str, Any], name: str) -> bytes:
    spec = mapping(node, "spec", "node")
    status = mapping(node, "status", "node")
    out = Writer()
    out.text(name)
    out.pairs(sorted(read_labels(metadata).items()))
    _write_taints(out, spec)
    out.u8(1 if boolean(spec, "unschedulable", "spec") else 0)
    _write_allocatable(out, status)
    images = entries(status, "images", "status")
    out.u32(len(images))
    for i, image in enumerate(images):
        out.texts(texts(image, "names", f"status.images[{i}]"))
        out.i64(integer(image, "sizeBytes", f"status.images[{i}]", 0, 0, 2**63 - 1))
    return out.done()


def _write_taints(out: Writer, spec: Mapping[str, Any]) -> None:
    taints = entries(spec, "taints", "spec")
    out.u32(len(taints))
    for i, taint in enumerate(taints):
        path = f"spec.taints[{i}]"
        key = text(taint, "key", path)
        if not is_qualified_name(key):
            fault(f"{path}.key", "be a label key", key)
        value = text(taint, "value", path)
        if not is_label_value(value):
            fault(f"{path}.value", "be a label value", value)
        out.text(key)
        out.text(value)
        out.text(_EFFECTS[choice(taint, "effect", path, _EFFECTS, "")])


def _write_allocatable(out: Writer, status: Mapping[str, Any]) -> None:
    """Append what status.allocatable has of resources the scheduler tracks, and of pods, by name."""
    key = "allocatable" if status.get("allocatable") is not None else "capacity"
    listed = mapping(status, key, "status")
    for name in listed:
        if not is_text(name):
            fault(f"status.{key}", "have strings as keys", name)
    amounts = []
    for name in sorted(listed):
        path = f"status.{key}.{name}"
        nanos = parse_quantity(listed[name], path)
        if milli_units(nanos) % 1000 and comes_whole(name):
            fault(path, "be a whole number", listed[name])
        amount = whole_units(nanos) if name == "pods" else tracked_amount(name, nanos)
        if amount:
            if amount >= 2**63:
                fault(path, "be below 2**63 in the scheduler's units", listed[name])
            amounts.append((name, amount))
    out.amounts(amounts)
