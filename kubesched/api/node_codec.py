"""Nodes to records (csrc/model/node_spec.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, choice, entries, fault, integer, mapping, text, texts
from kubesched.api.label_rules import is_dns_subdomain, is_qualified_name
from kubesched.api.pod_codec import read_labels
from kubesched.api.quantity import parse_quantity, whole_units
from kubesched.api.resource_names import tracked_amount
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
    manifest = node if isinstance(node, dict) else dict(node)
    metadata = mapping(manifest, "metadata", "node")
    name = text(metadata, "name", "node metadata")
    if not is_dns_subdomain(name):
        fault("node metadata.name", "be a DNS subdomain name", name)
    try:
        return _encode(manifest, metadata, name)
    except ObjectError as error:
        raise ObjectError(f"node {name}: {error}") from None


def _encode(node: dict[str, Any], metadata: dict[str, Any], name: str) -> bytes:
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


def _write_taints(out: Writer, spec: dict[str, Any]) -> None:
    taints = entries(spec, "taints", "spec")
    out.u32(len(taints))
    for i, taint in enumerate(taints):
        path = f"spec.taints[{i}]"
        key = text(taint, "key", path)
        if not is_qualified_name(key):
            fault(f"{path}.key", "be a label key", key)
        if taint.get("effect") is None:
            fault(f"{path}.effect", "be one of " + ", ".join(_EFFECTS), None)
        out.text(key)
        out.text(text(taint, "value", path))
        out.text(_EFFECTS[choice(taint, "effect", path, _EFFECTS, "")])


def _write_allocatable(out: Writer, status: dict[str, Any]) -> None:
    key = "allocatable" if status.get("allocatable") is not None else "capacity"
    amounts = []
    for name, value in sorted(mapping(status, key, "status").items()):
        nanos = parse_quantity(value, f"status.{key}.{name}")
        amount = whole_units(nanos) if name == "pods" else tracked_amount(name, nanos)
        if amount:
            if amount >= 2**63:
                fault(f"status.{key}.{name}", "be below 2**63 in the scheduler's units", value)
            amounts.append((name, amount))
    out.amounts(amounts)
