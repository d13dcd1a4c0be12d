"""Topology spread constraints and inter-pod affinity terms, checked and written as records (csrc/model/pod_shape.h)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import choice, entries, fault, integer, mapping, text, texts
from kubesched.api.label_rules import is_dns_label
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

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_MAX_INT32 = 2**31 - 1
_ACTIONS = ("DoNotSchedule", "ScheduleAnyway")
_POLICIES = ("Honor", "Ignore")

_MATCH = (("matchLabelKeys", IN),)
_MATCH_OR_NOT = (*_MATCH, ("mismatchLabelKeys", NOT_IN))

Labels = Mapping[str, str]


def _read_selector(
    entry: Mapping[str, Any], path: str, labels: Labels, key_fields: tuple[tuple[str, int], ...]
) -> list[Requirement] | None:
    """Check labelSelector and merge lists of label keys into it, as requirements on the pod's own values.

    The API server does so when it stores a pod (registry/core/pod/strategy.go, v1.34).
    """
    selector = read_label_selector(entry, "labelSelector", path)
    for field, op in key_fields:
        if entry.get(field) is None:
            continue
        keys = texts(entry, field, path)
        for i, key in enumerate(keys):
            check_label_key(key, f"{path}.{field}[{i}]")
            if op == NOT_IN and key in (entry.get("matchLabelKeys") or ()):
                fault(f"{path}.{field}[{i}]", "not be in matchLabelKeys, too", key)
        if selector is None and keys:
            fault(f"{path}.{field}", "be empty where labelSelector is absent", keys)
        if selector is not None:
            selector += [(key, op, [labels[key]]) for key in keys if key in labels]
    return selector


def _write_constraint(out: Writer, entry: Mapping[str, Any], path: str, labels: Labels) -> None:
    max_skew = entry.get("maxSkew")
    if not isinstance(max_skew, int) or isinstance(max_skew, bool) or not 0 < max_skew <= _MAX_INT32:
        fault(f"{path}.maxSkew", "be a positive integer", max_skew)
    out.i64(max_skew)
    topology_key = text(entry, "topologyKey", path)
    if not topology_key:
        fault(f"{path}.topologyKey", "be a label key", topology_key)
    out.text(topology_key)
    action = choice(entry, "whenUnsatisfiable", path, _ACTIONS, "")
    out.u8(action)
    write_selector(out, _read_selector(entry, path, labels, _MATCH))
    if entry.get("minDomains") is not None and action != 0:
        fault(f"{path}.minDomains", "be absent unless whenUnsatisfiable is DoNotSchedule", entry["minDomains"])
    out.i64(integer(entry, "minDomains", path, 1, 1, _MAX_INT32))
    out.u8(choice(entry, "nodeAffinityPolicy", path, _POLICIES, "Honor"))
    out.u8(choice(entry, "nodeTaintsPolicy", path, _POLICIES, "Ignore"))


def write_spread(out: Writer, spec: Mapping[str, Any], labels: Labels) -> None:
    """Append spec.topologySpreadConstraints of a pod with these labels.

    Raises:
        ObjectError: a field breaks the API server's rules.
    """
    constraints = entries(spec, "topologySpreadConstraints", "spec")
    out.u32(len(constraints))
    for i, entry in enumerate(constraints):
        _write_constraint(out, entry, f"spec.topologySpreadConstraints[{i}]", labels)


def _write_term(out: Writer, term: Mapping[str, Any], path: str, namespace: str, labels: Labels) -> None:
    topology_key = text(term, "topologyKey", path)
    check_label_key(topology_key, f"{path}.topologyKey")
    out.text(topology_key)
    write_selector(out, _read_selector(term, path, labels, _MATCH_OR_NOT))
    namespaces = texts(term, "namespaces", path)
    for i, name in enumerate(namespaces):
        if not is_dns_label(name):
            fault(f"{path}.namespaces[{i}]", "be a DNS label", name)
    namespace_selector = read_label_selector(term, "namespaceSelector", path)
    if not namespaces and namespace_selector is None:
        namespaces = [namespace]
    out.texts(sorted(set(namespaces)))
    write_selector(out, namespace_selector)


def _write_required(out: Writer, parent: Mapping[str, Any], path: str, namespace: str, labels: Labels) -> None:
    terms = entries(parent, _REQUIRED, path)
    out.u32(len(terms))
    for i, term in enumerate(terms):
        _write_term(out, term, f"{path}.{_REQUIRED}[{i}]", namespace, labels)


def _write_preferred(out: Writer, parent: Mapping[str, Any], path: str, namespace: str, labels: Labels) -> None:
    terms = entries(parent, _PREFERRED, path)
    out.u32(len(terms))
    for i, entry in enumerate(terms):
        at = f"{path}.{_PREFERRED}[{i}]"
        out.i64(read_weight(entry, at))
        _write_term(out, mapping(entry, "podAffinityTerm", at), f"{at}.podAffinityTerm", namespace, labels)


def write_pod_affinity(out: Writer, affinity: Mapping[str, Any], namespace: str, labels: Labels) -> None:
    """Append the four lists of inter-pod affinity terms: required, required anti, preferred, preferred anti.

    Raises:
        ObjectError: a field breaks the API server's rules.
    """
    together = mapping(affinity, "podAffinity", "spec.affinity")
    apart = mapping(affinity, "podAntiAffinity", "spec.affinity")
    _write_required(out, together, "spec.affinity.podAffinity", namespace, labels)
    _write_required(out, apart, "spec.affinity.podAntiAffinity", namespace, labels)
    _write_preferred(out, together, "spec.affinity.podAffinity", namespace, labels)
    _write_preferred(out, apart, "spec.affinity.podAntiAffinity", namespace, labels)
