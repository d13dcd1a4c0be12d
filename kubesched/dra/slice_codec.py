"""ResourceSlices and DeviceClasses to records (csrc/state/devices.cpp reads them)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, entries, fault, integer, mapping, text
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.quantity import parse_quantity
from kubesched.api.selectors import read_node_terms, write_node_terms
from kubesched.api.wire import Writer
from kubesched.dra.cel import compile_selector
from kubesched.dra.semver import parse_semver
from kubesched.errors import ObjectError, UnsupportedError

_NO_NODES, _NODE_NAME, _ALL_NODES, _NODE_SELECTOR = range(4)
_INT64 = 2**63
_MOST_DEVICES = 128


def object_name(obj: Mapping[str, Any], kind: str) -> str:
    """Return metadata.name, checked."""
    if not isinstance(obj, Mapping):
        raise ObjectError(f"{kind} must be a mapping, got {type(obj).__name__}")
    name = text(mapping(obj, "metadata", f"{kind} "), "name", f"{kind} metadata")
    if not is_dns_subdomain(name):
        fault(f"{kind} metadata.name", "be a DNS subdomain name", name)
    return name


def encode_slice(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a ResourceSlice.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names object, field and value.
    """
    name = object_name(obj, "resourceslice")
    out = Writer()
    out.text(name)
    try:
        _write_slice(out, mapping(obj, "spec", ""))
    except ObjectError as error:
        raise ObjectError(f"resourceslice {name}: {error}") from None
    return out.done()


def _write_slice(out: Writer, spec: Mapping[str, Any]) -> None:
    driver = required_name(spec, "driver", "spec")
    pool = mapping(spec, "pool", "spec")
    pool_name = text(pool, "name", "spec.pool")
    if not pool_name or not all(is_dns_subdomain(part) for part in pool_name.split("/")):
        fault("spec.pool.name", "be DNS subdomain names separated by slashes", pool_name)
    out.text(driver)
    out.text(pool_name)
    out.i64(integer(pool, "generation", "spec.pool", 0, 0, _INT64 - 1))
    if pool.get("resourceSliceCount") is None:
        fault("spec.pool.resourceSliceCount", f"be an integer in 1..{_INT64 - 1}", None)
    out.i64(integer(pool, "resourceSliceCount", "spec.pool", 1, 1, _INT64 - 1))
    _write_nodes(out, spec)
    devices = entries(spec, "devices", "spec")
    if len(devices) > _MOST_DEVICES:
        fault("spec.devices", f"have at most {_MOST_DEVICES} devices", len(devices))
    out.u32(len(devices))
    for i, device in enumerate(devices):
        _write_device(out, device, driver, f"spec.devices[{i}]")


def required_name(parent: Mapping[str, Any], key: str, path: str) -> str:
    """Return a field that must be a DNS subdomain name."""
    value = text(parent, key, path)
    if not is_dns_subdomain(value):
        fault(f"{path}.{key}", "be a DNS subdomain name", value)
    return value


def _write_nodes(out: Writer, spec: Mapping[str, Any]) -> None:
    node_name = text(spec, "nodeName", "spec")
    all_nodes = boolean(spec, "allNodes", "spec")
    has_selector = spec.get("nodeSelector") is not None
    per_device = spec.get("perDeviceNodeSelection") is not None  # read where DRAPartitionableDevices is on
    given = [bool(node_name), all_nodes, has_selector, boolean(spec, "perDeviceNodeSelection", "spec")]
    if sum(given) != 1:
        fault("spec", "have exactly one of nodeName, nodeSelector, allNodes and perDeviceNodeSelection", sum(given))
    terms = read_node_terms(mapping(spec, "nodeSelector", "spec"), "spec.nodeSelector") if has_selector else []
    if len(terms) > 1:
        fault("spec.nodeSelector.nodeSelectorTerms", "have exactly one term", len(terms))
    kind = _NODE_NAME if node_name else _ALL_NODES if all_nodes else _NODE_SELECTOR
    out.u8(_NO_NODES if per_device else kind)
    out.text(node_name)
    write_node_terms(out, terms)


def _write_device(out: Writer, device: Mapping[str, Any], driver: str, path: str) -> None:
    name = text(device, "name", path)
    if not is_dns_label(name):
        fault(f"{path}.name", "be a DNS label", name)
    attributes = _read_attributes(device, path)
    content_attributes: dict[str, dict[str, Any]] = {}
    for attribute, tagged in attributes.items():
        domain, identifier = _split(attribute, driver)
        content_attributes.setdefault(domain, {})[identifier] = tagged
    out.text(name)
    out.text(json.dumps([driver, content_attributes, _read_capacity(device, driver, path)], sort_keys=True))
    out.u8(1 if device.get("bindingConditions") else 0)
    out.u8(1 if device.get("consumesCounters") else 0)
    out.pairs((attribute, f"{kind}:{value}") for attribute, (kind, value) in sorted(attributes.items()))


def _split(name: str, driver: str) -> tuple[str, str]:
    domain, slash, identifier = name.partition("/")
    return (domain, identifier) if slash else (driver, name)


def _read_attributes(device: Mapping[str, Any], path: str) -> dict[str, tuple[str, Any]]:
    attributes: dict[str, tuple[str, Any]] = {}
    for name in mapping(device, "attributes", path):
        at = f"{path}.attributes[{name}]"
        value = mapping(mapping(device, "attributes", path), name, f"{path}.attributes")
        given = [kind for kind in ("int", "bool", "string", "version") if value.get(kind) is not None]
        if len(given) != 1:
            fault(at, "have exactly one of int, bool, string and version", given)
        kind = given[0]
        if kind == "int":
            attributes[name] = ("i", integer(value, kind, at, 0, -_INT64, _INT64 - 1))
        elif kind == "bool":
            attributes[name] = ("b", boolean(value, kind, at))
        else:
            attributes[name] = (kind[0], text(value, kind, at))
            if kind == "version" and parse_semver(attributes[name][1]) is None:
                fault(f"{at}.version", "be a semantic version", attributes[name][1])
    return attributes


def _read_capacity(device: Mapping[str, Any], driver: str, path: str) -> dict[str, dict[str, str]]:
    capacity: dict[str, dict[str, str]] = {}
    for name in mapping(device, "capacity", path):
        at = f"{path}.capacity[{name}]"
        value = mapping(mapping(device, "capacity", path), name, f"{path}.capacity").get("value")
        parse_quantity(value, f"{at}.value")
        domain, identifier = _split(name, driver)
        capacity.setdefault(domain, {})[identifier] = str(value)
    return capacity


def encode_class(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a DeviceClass.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names object, field and value.
        UnsupportedError: a selector calls a CEL function that is not there yet.
    """
    name = object_name(obj, "deviceclass")
    out = Writer()
    out.text(name)
    try:
        out.texts(read_selectors(mapping(obj, "spec", ""), "spec"))
    except (ObjectError, UnsupportedError) as error:
        raise type(error)(f"deviceclass {name}: {error}") from None
    return out.done()


def read_selectors(parent: Mapping[str, Any], path: str) -> list[str]:
    """Return the CEL expressions of a list of selectors.

    One that does not compile stays: a pod that comes to it fails with upstream's message.
    """
    expressions = []
    for i, selector in enumerate(entries(parent, "selectors", path)):
        at = f"{path}.selectors[{i}].cel"
        expression = text(mapping(selector, "cel", f"{path}.selectors[{i}]"), "expression", at)
        if not expression:
            fault(f"{at}.expression", "be a CEL expression", expression)
        compile_selector(expression)
        expressions.append(expression)
    return expressions
