"""The CEL functions that Kubernetes adds and device selectors may call (apiserver/pkg/cel/library, v1.34).

Quantities and versions are bytes while an expression runs: a tag, then a canonical text, so that equal values are equal
bytes. The checker knows them by their own types, so an expression cannot tell (see cel.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from cel_expr_python import cel

from kubesched.api.quantity import NANOS, parse_text
from kubesched.dra.semver import normalize_semver, parse_semver

_QUANTITY = b"\xffQ"
_SEMVER = b"\xffV"
_BAD_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_MOST = 2**63


def quantity_value(text: str) -> bytes:
    """Return the value of a quantity's text."""
    nanos = parse_text(text)
    if nanos is None:
        raise ValueError(_BAD_QUANTITY)
    return _pack(nanos)


def semver_value(text: str) -> bytes:
    """Return the value of a version's text."""
    if parse_semver(text) is None:
        raise ValueError(f"Invalid semantic version {text!r}")
    return _SEMVER + text.partition("+")[0].encode()


def _pack(nanos: int) -> bytes:
    return _QUANTITY + str(nanos).encode()


def _nanos(value: bytes) -> int:
    if value[:2] != _QUANTITY:
        raise ValueError("no such overload")
    return int(value[2:])


def _version(value: bytes) -> Any:
    version = parse_semver(value[2:].decode()) if value[:2] == _SEMVER else None
    if version is None:
        raise ValueError("no such overload")
    return version


def _compare(left: bytes, right: bytes) -> int:
    a, b = (_nanos(left), _nanos(right)) if left[:2] == _QUANTITY else (_version(left), _version(right))
    return (a > b) - (a < b)


def _as_integer(value: bytes) -> int:
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return _nanos(value) // NANOS


def _is_integer(value: bytes) -> bool:
    nanos = _nanos(value)
    return nanos % NANOS == 0 and -_MOST <= nanos // NANOS < _MOST


def _sign(value: bytes) -> int:
    nanos = _nanos(value)
    return (nanos > 0) - (nanos < 0)


def _find(text: str, pattern: str) -> str:
    match = re.search(pattern, text)
    return match.group(0) if match else ""


def _find_all(text: str, pattern: str, most: int = -1) -> list[str]:
    found = [match.group(0) for match in re.finditer(pattern, text)]
    return found if most < 0 else found[:most]


def _plain(values: Iterable[Any]) -> list[Any]:
    return [value.plain_value() if isinstance(value, cel.Value) else value for value in values]


def _extreme(pick: Callable[[list[Any]], Any], name: str) -> Callable[[list[Any]], Any]:
    def best(values: list[Any]) -> Any:
        if not values:
            raise ValueError(f"{name} called on empty list")
        return pick(_plain(values))

    return best


def _is_sorted(values: list[Any]) -> bool:
    plain = _plain(values)
    return all(a <= b for a, b in pairwise(plain))


def _contains(values: list[Any], wanted: list[Any]) -> bool:
    plain = _plain(values)
    return all(value in plain for value in _plain(wanted))


def functions(quantity: Any, semver: Any) -> list[Any]:
    """Return the declarations for an environment whose quantities and versions have these types."""
    t = cel.Type
    declared: dict[str, list[Any]] = {}
    seen: set[tuple[Any, ...]] = set()

    def add(name: str, result: Any, parameters: list[Any], impl: Callable[..., Any], *, member: bool = True) -> None:
        signature = (name, member, *(parameter.name() for parameter in parameters))
        if signature not in seen:
            seen.add(signature)
            identity = "_".join(str(part) for part in signature)
            declared.setdefault(name, []).append(
                cel.Overload(identity, result, parameters, is_member=member, impl=impl)
            )

    add("quantity", quantity, [t.STRING], quantity_value, member=False)
    add("isQuantity", t.BOOL, [t.STRING], lambda text: parse_text(text) is not None, member=False)
    add("semver", semver, [t.STRING], semver_value, member=False)
    add("semver", semver, [t.STRING, t.BOOL], _semver, member=False)
    add("isSemver", t.BOOL, [t.STRING], lambda text: parse_semver(text) is not None, member=False)
    add("isSemver", t.BOOL, [t.STRING, t.BOOL], _is_semver, member=False)
    for value in (quantity, semver):
        add("compareTo", t.INT, [value, value], _compare)
        add("isGreaterThan", t.BOOL, [value, value], lambda a, b: _compare(a, b) > 0)
        add("isLessThan", t.BOOL, [value, value], lambda a, b: _compare(a, b) < 0)
    for position, part in enumerate(("major", "minor", "patch")):
        add(part, t.INT, [semver], lambda version, at=position: _version(version)[at])
    add("sign", t.INT, [quantity], _sign)
    add("isInteger", t.BOOL, [quantity], _is_integer)
    add("asInteger", t.INT, [quantity], _as_integer)
    add("asApproximateFloat", t.DOUBLE, [quantity], lambda value: _nanos(value) / NANOS)
    for name, sign in (("add", 1), ("sub", -1)):
        add(name, quantity, [quantity, quantity], lambda a, b, s=sign: _pack(_nanos(a) + s * _nanos(b)))
        add(name, quantity, [quantity, t.INT], lambda a, b, s=sign: _pack(_nanos(a) + s * b * NANOS))
    add("find", t.STRING, [t.STRING, t.STRING], _find)
    add("findAll", t.List(t.STRING), [t.STRING, t.STRING], _find_all)
    add("findAll", t.List(t.STRING), [t.STRING, t.STRING, t.INT], _find_all)
    items = t.List(t.DYN)
    add("isSorted", t.BOOL, [items], _is_sorted)
    add("sum", t.DYN, [items], lambda values: sum(_plain(values)))
    add("min", t.DYN, [items], _extreme(min, "min"))
    add("max", t.DYN, [items], _extreme(max, "max"))
    add("sets.contains", t.BOOL, [items, items], _contains, member=False)
    add("sets.equivalent", t.BOOL, [items, items], lambda a, b: _contains(a, b) and _contains(b, a), member=False)
    add("sets.intersects", t.BOOL, [items, items], lambda a, b: any(_contains(a, [x]) for x in _plain(b)), member=False)
    return [cel.FunctionDecl(name, overloads) for name, overloads in declared.items()]


def _semver(text: str, normalize: bool) -> bytes:
    return semver_value(normalize_semver(text) if normalize else text)


def _is_semver(text: str, normalize: bool) -> bool:
    return parse_semver(normalize_semver(text) if normalize else text) is not None
