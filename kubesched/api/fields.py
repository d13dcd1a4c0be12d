"""Typed access to the fields of a manifest, with errors that name field and value.

Called by the codecs; they put the object's name in front of the message. An absent field and null are the same.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any, NoReturn

from kubesched.errors import ObjectError

_LONGEST_SHOWN = 120


def fault(path: str, rule: str, value: object) -> NoReturn:
    """Raise an ObjectError that says `path must rule, got value`."""
    raise ObjectError(f"{path} must {rule}, got {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN:
        return f"an integer of {value.bit_length()} bits"
    try:
        shown = repr(value) if isinstance(value, str) else reprlib.repr(value)
    except ValueError:  # an integer of thousands of digits inside of a list
        shown = f"a {type(value).__name__}"
    return shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 3] + "..."


def _at(path: str, key: str) -> str:
    """Join a path and a field's name; a path that is empty or ends with a space names the object alone."""
    return f"{path}.{key}" if path and path[-1] != " " else path + key


def is_text(value: object) -> bool:
    """Tell whether a value is a string that UTF-8 can hold; JSON can escape half a surrogate pair, which it cannot."""
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)


def mapping(parent: Any, key: str, path: str) -> Mapping[str, Any]:
    """Return a field that is a mapping; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return {}
    if type(value) is not dict and not isinstance(value, Mapping):
        fault(_at(path, key), "be a mapping", value)
    return value


def items(parent: Any, key: str, path: str) -> list[Any]:
    """Return a field that is a list; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        fault(_at(path, key), "be a list", value)
    return value


def entries(parent: Any, key: str, path: str) -> list[Mapping[str, Any]]:
    """Return a field that is a list of mappings; an empty one where it is absent."""
    value = items(parent, key, path)
    for i, entry in enumerate(value):
        if type(entry) is not dict and not isinstance(entry, Mapping):
            fault(f"{_at(path, key)}[{i}]", "be a mapping", entry)
    return value


def text(parent: Any, key: str, path: str) -> str:
    """Return a field that is a string; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return ""
    if not is_text(value):
        fault(_at(path, key), "be a string", value)
    return str(value)


def texts(parent: Any, key: str, path: str) -> list[str]:
    """Return a field that is a list of strings; an empty one where it is absent."""
    value = items(parent, key, path)
    for i, entry in enumerate(value):
        if not is_text(entry):
            fault(f"{_at(path, key)}[{i}]", "be a string", entry)
    return value


def integer(parent: Any, key: str, path: str, default: int, least: int, most: int) -> int:
    """Return a field that is an integer in least..most; the default where it is absent."""
    value = parent.get(key)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        fault(_at(path, key), f"be an integer in {least}..{most}", value)
    return value


def boolean(parent: Any, key: str, path: str) -> bool:
    """Return a field that is true or false; false where it is absent."""
    value = parent.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        fault(_at(path, key), "be true or false", value)
    return value


def choice(parent: Any, key: str, path: str, allowed: tuple[str, ...], default: str) -> int:
    """Return the position in `allowed` of a field's value, that of the default where it is absent."""
    value = parent.get(key)
    if value is None or value == "":
        value = default
    if not isinstance(value, str) or value not in allowed:
        fault(_at(path, key), "be one of " + ", ".join(name for name in allowed if name), value)
    return allowed.index(value)


def string_map(parent: Any, key: str, path: str) -> Mapping[str, str]:
    """Return a field that maps strings to strings; an empty one where it is absent."""
    value = mapping(parent, key, path)
    for name, entry in value.items():
        if not is_text(name):
            fault(_at(path, key), "have strings as keys", name)
        if not is_text(entry):
            fault(f"{_at(path, key)}[{name}]", "be a string", entry)
    return value
