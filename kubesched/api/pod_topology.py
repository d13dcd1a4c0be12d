"""Topology spread constraints and inter-pod affinity terms, checked and written as records (csrc/model/pod_shape.h)."""

from __future__ import annotations

from typing import Any

from kubesched.api.fields import choice, entries, fault, integer, mapping, text, texts
from kubesched.api.selectors import (
    IN,
    NOT_IN,
    Requirement,
    check_label_key,
    read_label_selector,
    read_weight,
    write_selector,
)
from kubesched.api.wire import Writer

_MAX_INT32 = 2**31 - 1
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_POLICIES = ("Honor", "Ignore")


def _topology_key(entry: dict[str, Any], path: str) -> str:
    key = text(entry, "topologyKey", path)
    check_label_key(key, f"{path}.topologyKey")
    return key


def _label_keys(entry: dict[str, Any], key: str, path: str, labels: dict[str, str], op: int) -> list[Requirement]:
    """Turn matchLabelKeys or mismatchLabelKeys into requirements on the pod's own values."""
    return [(name, op, [labels[name]]) for name in texts(entry, key, path) if name in labels]


def write_spread_constraint(out: Writer, entry: dict[str, Any], path: str, labels: dict[str, str]) -> None:
    """Append one topologySpreadConstraint of a pod with these labels.

    Raises:
        ObjectError: a field breaks the API server's rules.
    """
    max_skew = entry.get("maxSkew")
    if not isinstance(max_skew, int) or isinstance(max_skew, bool) or not 0 < max_skew <= _MAX_INT32:
        fault(f"{path}.maxSkew", "be a positive integer", max_skew)
    out.i64(max_skew)
    out.text(_topology_key(entry, path))
    if entry.get("whenUnsatisfiable") is None:
        fault(f"{path}.whenUnsatisfiable", "be one of " + ", ".join(_ACTIONS), None)
    action = choice(entry, "whenUnsatisfiable", path, _ACTIONS, _ACTIONS[0])
    out.u8(action)
    selector = read_label_selector(entry, "labelSelector", path)
    if selector is not None:
        selector = _label_keys(entry, "matchLabelKeys", path, labels, IN) + selector
    write_selector(out, selector)
    if entry.get("minDomains") is not None and action != 0:
        fault(f"{path}.minDomains", "be absent unless whenUnsatisfiable is DoNotSchedule", entry["minDomains"])
    out.i64(integer(entry, "minDomains", path, 1, 1, _MAX_INT32))
    out.u8(choice(entry, "nodeAffinityPolicy", path, _POLICIES, "Honor"))
    out.u8(choice(entry, "nodeTaintsPolicy", path, _POLICIES, "Ignore"))


def write_spread(out: Writer, spec: dict[str, Any], labels: dict[str, str]) -> None:
    """Append spec.topologySpreadConstraints."""
    constraints = entries(spec, "topologySpreadConstraints", "spec")
    out.u32(len(constraints))
    for i, entry in enumerate(constraints):
        write_spread_constraint(out, entry, f"spec.topologySpreadConstraints[{i}]", labels)


def _write_term(out: Writer, term: dict[str, Any], path: str, namespace: str, labels: dict[str, str]) -> None:
    out.text(_topology_key(term, path))
    selector = read_label_selector(term, "labelSelector", path)
    if selector is not None:
        selector = (
            selector
            + _label_keys(term, "matchLabelKeys", path, labels, IN)
            + _label_keys(term, "mismatchLabelKeys", path, labels, NOT_IN)
        )
    write_selector(out, selector)
    namespaces = texts(term, "namespaces", path)
    namespace_selector = read_label_selector(term, "namespaceSelector", path)
    if not namespaces and namespace_selector is None:
        namespaces = [namespace]
    out.texts(sorted(set(namespaces)))
    write_selector(out, namespace_selector)


def _write_required(out: Writer, parent: dict[str, Any], path: str, namespace: str, labels: dict[str, str]) -> None:
    key = "requiredDuringSchedulingIgnoredDuringExecution"
    terms = entries(parent, key, path)
    out.u32(len(terms))
    for i, term in enumerate(terms):
        _write_term(out, term, f"{path}.{key}[{i}]", namespace, labels)


def _write_preferred(out: Writer, parent: dict[str, Any], path: str, namespace: str, labels: dict[str, str]) -> None:
    key = "preferredDuringSchedulingIgnoredDuringExecution"
    terms = entries(parent, key, path)
    out.u32(len(terms))
    for i, entry in enumerate(terms):
        at = f"{path}.{key}[{i}]"
        out.i64(read_weight(entry, at))
        _write_term(out, mapping(entry, "podAffinityTerm", at), f"{at}.podAffinityTerm", namespace, labels)


def write_pod_affinity(out: Writer, affinity: dict[str, Any], namespace: str, labels: dict[str, str]) -> None:
    """Append the four lists of inter-pod affinity terms: required, required anti, preferred, preferred anti."""
    together = mapping(affinity, "podAffinity", "spec.affinity")
    apart = mapping(affinity, "podAntiAffinity", "spec.affinity")
    _write_required(out, together, "spec.affinity.podAffinity", namespace, labels)
    _write_required(out, apart, "spec.affinity.podAntiAffinity", namespace, labels)
    _write_preferred(out, together, "spec.affinity.podAffinity", namespace, labels)
    _write_preferred(out, apart, "spec.affinity.podAntiAffinity", namespace, labels)
