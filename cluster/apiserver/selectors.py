"""Label and field selectors as they stand in a query (apimachinery/pkg/labels, /fields, v1.34)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cluster.apiserver import status
from cluster.apiserver.resources import Resource

_Test = Callable[[Mapping[str, Any]], bool]
_SET = re.compile(r"([^\s=!,()]+)\s+(in|notin)\s+\(([^()]*)\)")
_EQUALITY = re.compile(r"([^\s=!,()<>]+)\s*(==|=|!=)\s*([^\s=!,()<>]*)")
_ORDER = re.compile(r"([^\s=!,()<>]+)\s*([<>])\s*(-?\d{1,19})")
_EXISTS = re.compile(r"(!?)\s*([^\s=!,()<>]+)")


class Selector:
    """What a list or a watch lets through."""

    def __init__(self, resource: Resource, labels: str, fields: str) -> None:
        """Parse both selectors.

        Raises:
            APIStatusError: 400 for a selector that cannot be parsed, or a field that cannot be selected.
        """
        self.is_empty = not labels and not fields
        self._labels = [_label_test(part) for part in _split(labels)]
        self._fields = [_field_test(resource, part) for part in fields.split(",") if part]

    def matches(self, obj: Mapping[str, Any]) -> bool:
        """Tell whether an object passes."""
        labels = obj["metadata"].get("labels") or {}
        return all(test(labels) for test in self._labels) and all(test(obj) for test in self._fields)


def _split(text: str) -> list[str]:
    """Split at the commas outside parentheses."""
    return [part.strip() for part in re.split(r",(?![^()]*\))", text)] if text.strip() else []


def _label_test(text: str) -> _Test:
    if match := _SET.fullmatch(text):
        key, operator, listed = match.groups()
        values = {value.strip() for value in listed.split(",")}
        if operator == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if match := _EQUALITY.fullmatch(text):
        key, operator, value = match.groups()
        if operator == "!=":
            return lambda labels: labels.get(key) != value
        return lambda labels: labels.get(key) == value
    if match := _ORDER.fullmatch(text):
        key, operator, value = match.groups()
        return lambda labels: _is_ordered(labels.get(key), operator, int(value))
    if match := _EXISTS.fullmatch(text):
        absent, key = match.groups()
        return lambda labels: (key in labels) != bool(absent)
    raise status.bad_request(f"unable to parse requirement: {text!r} is no requirement of a label selector")


def _is_ordered(value: str | None, operator: str, bound: int) -> bool:
    if value is None or not re.fullmatch(r"-?\d{1,19}", value):
        return False
    return int(value) > bound if operator == ">" else int(value) < bound


def _field_test(resource: Resource, text: str) -> _Test:
    match = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", text)
    if match is None:
        raise status.bad_request(f"invalid selector: '{text}'; can't understand '{text}'")
    field, operator, want = match.groups()
    if field not in resource.selectable_fields:
        raise status.bad_request(f"field label not supported: {field}")
    path = field.split(".")
    return lambda obj: (_field(obj, path) == want) == (operator != "!=")


def _field(obj: Mapping[str, Any], path: list[str]) -> str:
    value: Any = obj
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or (value is None and path[-1] == "unschedulable"):
        return "true" if value else "false"
    return "" if value is None else str(value)
