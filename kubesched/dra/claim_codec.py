"""ResourceClaims to records (csrc/state/devices.cpp and csrc/model/claim_spec.h read them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, choice, entries, fault, integer, mapping, text, texts
from kubesched.api.label_rules import is_dns_label
from kubesched.api.selectors import read_node_terms, write_node_terms
from kubesched.api.wire import Writer
from kubesched.dra.slice_codec import object_name, read_selectors, required_name
from kubesched.errors import ObjectError, UnsupportedError

_MODES = ("ExactCount", "All")
_MOST_REQUESTS = 32
_MOST_ALTERNATIVES = 8
_INT64 = 2**63


def encode_claim(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a ResourceClaim.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names object, field and value.
        UnsupportedError: a selector calls a CEL function that is not there yet.
    """
    name = object_name(obj, "resourceclaim")
    metadata = mapping(obj, "metadata", "")
    namespace = text(metadata, "namespace", "metadata") or "default"
    if not is_dns_label(namespace):
        fault(f"resourceclaim {name}: metadata.namespace", "be a DNS label", namespace)
    out = Writer()
    out.text(f"{namespace}/{name}")
    try:
        out.u8(0 if metadata.get("deletionTimestamp") is None else 1)
        out.text(_controller_uid(metadata))
        out.record(encode_claim_spec(mapping(obj, "spec", ""), "spec"))
        _write_status(out, mapping(obj, "status", ""))
    except (ObjectError, UnsupportedError) as error:
        raise type(error)(f"resourceclaim {namespace}/{name}: {error}") from None
    return out.done()


def check_template(obj: Mapping[str, Any]) -> None:
    """Check a ResourceClaimTemplate. The scheduler reads none: it waits for the claim that is made from it.

    Raises:
        ObjectError, UnsupportedError: as for `encode_claim`.
    """
    name = object_name(obj, "resourceclaimtemplate")
    try:
        encode_claim_spec(mapping(mapping(obj, "spec", ""), "spec", "spec"), "spec.spec")
    except (ObjectError, UnsupportedError) as error:
        raise type(error)(f"resourceclaimtemplate {name}: {error}") from None


def _controller_uid(metadata: Mapping[str, Any]) -> str:
    for i, owner in enumerate(entries(metadata, "ownerReferences", "metadata")):
        path = f"metadata.ownerReferences[{i}]"
        if boolean(owner, "controller", path):
            return text(owner, "uid", path)
    return ""


def encode_claim_spec(spec: Mapping[str, Any], path: str) -> bytes:
    """Return the record of a ResourceClaimSpec, defaults filled in (resource/v1/defaults.go, v1.34)."""
    devices = mapping(spec, "devices", path)
    path = f"{path}.devices"
    out = Writer()
    requests = entries(devices, "requests", path)
    if len(requests) > _MOST_REQUESTS:
        fault(f"{path}.requests", f"have at most {_MOST_REQUESTS} requests", len(requests))
    out.u32(len(requests))
    names: set[str] = set()
    for i, request in enumerate(requests):
        _write_request(out, request, f"{path}.requests[{i}]", names)
    constraints = entries(devices, "constraints", path)
    out.u32(len(constraints))
    for i, constraint in enumerate(constraints):
        at = f"{path}.constraints[{i}]"
        listed = texts(constraint, "requests", at)
        for j, name in enumerate(listed):
            if name not in names:
                fault(f"{at}.requests[{j}]", "be the name of a request", name)
        attribute = text(constraint, "matchAttribute", at)
        if "/" not in attribute:
            fault(f"{at}.matchAttribute", "be a domain and a name, as in example.com/numa", attribute)
        out.texts(listed)
        out.text(attribute)
    return out.done()


def _write_request(out: Writer, request: Mapping[str, Any], path: str, names: set[str]) -> None:
    name = _request_name(request, path, names, "")
    alternatives = entries(request, "firstAvailable", path)
    has_exactly = request.get("exactly") is not None
    if has_exactly == bool(alternatives):
        fault(path, "have exactly one of exactly and firstAvailable", sorted(request))
    if len(alternatives) > _MOST_ALTERNATIVES:
        fault(f"{path}.firstAvailable", f"have at most {_MOST_ALTERNATIVES} subrequests", len(alternatives))
    out.text(name)
    out.u8(0 if has_exactly else 1)
    out.u32(1 if has_exactly else len(alternatives))
    if has_exactly:
        _write_alternative(out, name, mapping(request, "exactly", path), f"{path}.exactly", has_admin=True)
    for i, alternative in enumerate(alternatives):
        at = f"{path}.firstAvailable[{i}]"
        own = _request_name(alternative, at, names, f"{name}/")
        _write_alternative(out, own, alternative, at, has_admin=False)


def _request_name(request: Mapping[str, Any], path: str, names: set[str], prefix: str) -> str:
    name = text(request, "name", path)
    if not is_dns_label(name):
        fault(f"{path}.name", "be a DNS label", name)
    if prefix + name in names:
        fault(f"{path}.name", "be unique", name)
    names.add(prefix + name)
    return name


def _write_alternative(out: Writer, name: str, wanted: Mapping[str, Any], path: str, *, has_admin: bool) -> None:
    mode = choice(wanted, "allocationMode", path, _MODES, _MODES[0])
    count = integer(wanted, "count", path, 0, 0, _INT64 - 1)
    if mode == 1 and count:
        fault(f"{path}.count", "be absent where allocationMode is All", count)
    out.text(name)
    out.text(required_name(wanted, "deviceClassName", path))
    out.u8(mode)
    out.i64(count if mode == 1 else count or 1)
    out.u8(1 if has_admin and boolean(wanted, "adminAccess", path) else 0)
    out.texts(read_selectors(wanted, path))


def _write_status(out: Writer, status: Mapping[str, Any]) -> None:
    has_allocation = status.get("allocation") is not None
    out.u8(1 if has_allocation else 0)
    if has_allocation:
        allocation = mapping(status, "allocation", "status")
        path = "status.allocation"
        results = entries(mapping(allocation, "devices", path), "results", f"{path}.devices")
        out.u32(len(results))
        for i, result in enumerate(results):
            at = f"{path}.devices.results[{i}]"
            for key in ("driver", "pool", "device"):
                value = text(result, key, at)
                if not value:
                    fault(f"{at}.{key}", "be a name", value)
                out.text(value)
            out.u8(1 if boolean(result, "adminAccess", at) else 0)
        has_selector = allocation.get("nodeSelector") is not None
        out.u8(1 if has_selector else 0)
        selector = mapping(allocation, "nodeSelector", path)
        write_node_terms(out, read_node_terms(selector, f"{path}.nodeSelector") if has_selector else [])
    consumers = []
    for i, consumer in enumerate(entries(status, "reservedFor", "status")):
        at = f"status.reservedFor[{i}]"
        resource, name = text(consumer, "resource", at), text(consumer, "name", at)
        consumers.append(name if resource in ("", "pods") else f"{resource}/{name}")
    out.texts(consumers)
