"""Label selectors and node selectors, checked and written as records (csrc/model/labels.h, node_selector.h)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kubesched.api.fields import entries, fault, mapping, string_map, text, texts
from kubesched.api.label_rules import is_dns_subdomain, is_label_value, is_qualified_name
from kubesched.api.wire import Writer

Requirement = tuple[str, int, list[str]]

IN, NOT_IN, EXISTS, DOES_NOT_EXIST, GT, LT = range(6)
_OPERATORS = {"In": IN, "NotIn": NOT_IN, "Exists": EXISTS, "DoesNotExist": DOES_NOT_EXIST, "Gt": GT, "Lt": LT}
_INTEGER = re.compile(r"[+-]?[0-9]{1,63}", re.ASCII)


def check_label_key(key: str, path: str) -> None:
    """Raise ObjectError unless the key is well formed."""
    if not is_qualified_name(key):
        fault(path, "be a label key", key)


def read_requirement(expression: Mapping[str, Any], path: str, *, numeric: bool) -> Requirement:
    """Check one entry of matchExpressions; `numeric` allows Gt and Lt, which only node selectors have."""
    key = text(expression, "key", path)
    check_label_key(key, f"{path}.key")
    name = text(expression, "operator", path)
    op = _OPERATORS.get(name)
    if op is None or (op >= GT and not numeric):
        allowed = list(_OPERATORS) if numeric else list(_OPERATORS)[:GT]
        fault(f"{path}.operator", "be one of " + ", ".join(allowed), name)
    values = texts(expression, "values", path)
    _check_values(op, values, f"{path}.values")
    return (key, op, values)


def _check_values(op: int, values: list[str], path: str) -> None:
    if op in (IN, NOT_IN) and not values:
        fault(path, "have at least one value for In and NotIn", values)
    if op in (EXISTS, DOES_NOT_EXIST) and values:
        fault(path, "be empty for Exists and DoesNotExist", values)
    if op in (GT, LT):
        if len(values) != 1:
            fault(path, "have exactly one value for Gt and Lt", values)
        if not _INTEGER.fullmatch(values[0]) or not -(2**63) <= int(values[0]) < 2**63:
            fault(f"{path}[0]", "be an integer for Gt and Lt", values[0])
    for i, value in enumerate(values):
        if not is_label_value(value):
            fault(f"{path}[{i}]", "be a label value", value)


def read_label_selector(parent: Mapping[str, Any], key: str, path: str) -> list[Requirement] | None:
    """Check a LabelSelector field; None where it is absent, which matches nothing."""
    if parent.get(key) is None:
        return None
    selector = mapping(parent, key, path)
    path = f"{path}.{key}"
    requirements = equals(string_map(selector, "matchLabels", path), f"{path}.matchLabels")
    for i, expression in enumerate(entries(selector, "matchExpressions", path)):
        requirements.append(read_requirement(expression, f"{path}.matchExpressions[{i}]", numeric=False))
    return requirements


def equals(labels: Mapping[str, str], path: str) -> list[Requirement]:
    """Check a map of labels and return it as requirements, by key."""
    for key, value in labels.items():
        check_label_key(key, f"{path} key")
        if not is_label_value(value):
            fault(f"{path}[{key}]", "be a label value", value)
    return [(key, IN, [value]) for key, value in sorted(labels.items())]


def write_requirements(out: Writer, requirements: Iterable[Requirement]) -> None:
    """Append a list of requirements."""
    listed = list(requirements)
    out.u32(len(listed))
    for key, op, values in listed:
        out.text(key)
        out.u8(op)
        out.texts(values)


def write_selector(out: Writer, requirements: list[Requirement] | None) -> None:
    """Append a selector; None matches nothing, an empty list everything."""
    out.u8(0 if requirements is None else 1)
    if requirements is not None:
        write_requirements(out, requirements)


NodeTerm = tuple[list[Requirement], list[Requirement]]


def read_node_term(term: Mapping[str, Any], path: str) -> NodeTerm | None:
    """Check one nodeSelectorTerm; None for an empty one, which selects no node."""
    expressions = [
        read_requirement(expression, f"{path}.matchExpressions[{i}]", numeric=True)
        for i, expression in enumerate(entries(term, "matchExpressions", path))
    ]
    names = [
        _read_field(field, f"{path}.matchFields[{i}]") for i, field in enumerate(entries(term, "matchFields", path))
    ]
    return (expressions, names) if expressions or names else None


def _read_field(field: Mapping[str, Any], path: str) -> Requirement:
    key = text(field, "key", path)
    if key != "metadata.name":
        fault(f"{path}.key", "be metadata.name", key)
    op = _OPERATORS.get(text(field, "operator", path))
    if op not in (IN, NOT_IN):
        fault(f"{path}.operator", "be one of In, NotIn", field.get("operator"))
    values = texts(field, "values", path)
    if len(values) != 1:
        fault(f"{path}.values", "have exactly one value", values)
    if not is_dns_subdomain(values[0]):
        fault(f"{path}.values[0]", "be a node's name", values[0])
    return (key, op, values)


def read_node_terms(selector: Mapping[str, Any], path: str) -> list[NodeTerm]:
    """Check the nodeSelectorTerms of a NodeSelector; an empty term stays, as it keeps a node list from being made."""
    listed = entries(selector, "nodeSelectorTerms", path)
    if not listed:
        fault(f"{path}.nodeSelectorTerms", "have at least one term", listed)
    terms = [read_node_term(term, f"{path}.nodeSelectorTerms[{i}]") for i, term in enumerate(listed)]
    return [term if term is not None else ([], []) for term in terms]


def read_preferred_node_terms(parent: Mapping[str, Any], key: str, path: str) -> list[tuple[int, NodeTerm]]:
    """Check a list of PreferredSchedulingTerms; empty preferences are left out."""
    preferred = []
    for i, entry in enumerate(entries(parent, key, path)):
        at = f"{path}.{key}[{i}]"
        term = read_node_term(mapping(entry, "preference", at), f"{at}.preference")
        weight = read_weight(entry, at)
        if term is not None:
            preferred.append((weight, term))
    return preferred


def read_weight(entry: Mapping[str, Any], path: str) -> int:
    """Check a preference's weight, 1..100."""
    weight = entry.get("weight")
    if not isinstance(weight, int) or isinstance(weight, bool) or not 1 <= weight <= 100:
        fault(f"{path}.weight", "be an integer in 1..100", weight)
    return weight


def write_node_term(out: Writer, term: NodeTerm) -> None:
    """Append one node selector term."""
    write_requirements(out, term[0])
    write_requirements(out, term[1])


def write_node_terms(out: Writer, terms: list[NodeTerm]) -> None:
    """Append a list of node selector terms."""
    out.u32(len(terms))
    for term in terms:
        write_node_term(out, term)


def write_preferred_node_terms(out: Writer, terms: list[tuple[int, NodeTerm]]) -> None:
    """Append a list of (weight, node selector term)."""
    out.u32(len(terms))
    for weight, term in terms:
        out.i64(weight)
        write_node_term(out, term)
