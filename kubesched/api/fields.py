"""Typed access to the fields of a manifest, with errors that name field and value.

Called by the codecs; they put the object's name in front of the message. An absent field and null are the same.
"""

from __future__ import annotations

from typing import Any, NoReturn

from kubesched.errors import ObjectError


def fault(path: str, rule: str, value: object) -> NoReturn:
    """Raise an ObjectError that says `path must rule, got value`."""
    text = repr(value)
    if len(text) > 120:
        text = text[:117] + "..."
    raise ObjectError(f"{path} must {rule}, got {text}")


def mapping(parent: Any, key: str, path: str) -> dict[str, Any]:
    """Return a field that is a mapping; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        fault(f"{path}.{key}", "be a mapping", value)
    return value


def items(parent: Any, key: str, path: str) -> list[Any]:
    """Return a field that is a list; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        fault(f"{path}.{key}", "be a list", value)
    return value


def entries(parent: Any, key: str, path: str) -> list[dict[str, Any]]:
    """Return a field that is a list of mappings; an empty one where it is absent."""
    value = items(parent, key, path)
    for i, entry in enumerate(value):
        if not isinstance(entry, dict):
            fault(f"{path}.{key}[{i}]", "be a mapping", entry)
    return value


def text(parent: Any, key: str, path: str) -> str:
    """Return a field that is a string; an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        fault(f"{path}.{key}", "be a string", value)
    return value


def texts(parent: Any, key: str, path: str) -> list[str]:
    """Return a field that is a list of strings; an empty one where it is absent."""
    value = items(parent, key, path)
    for i, entry in enumerate(value):
        if not isinstance(entry, str):
            fault(f"{path}.{key}[{i}]", "be a string", entry)
    return value


def integer(parent: Any, key: str, path: str, default: int, least: int, most: int) -> int:
    """Return a field that is an integer in least..most; the default where it is absent."""
    value = parent.get(key)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        fault(f"{path}.{key}", f"be an integer in {least}..{most}", value)
    return value


def boolean(parent: Any, key: str, path: str) -> bool:
    """Return a field that is true or false; false where it is absent."""
    value = parent.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        fault(f"{path}.{key}", "be true or false", value)
    return value


def choice(parent: Any, key: str, path: str, allowed: tuple[str, ...], default: str) -> int:
    """Return the position in `allowed` of a field's value, that of the default where it is absent."""
    value = parent.get(key)
    if value is None or value == "":
        value = default
    if not isinstance(value, str) or value not in allowed:
        fault(f"{path}.{key}", "be one of " + ", ".join(name for name in allowed if name), value)
    return allowed.index(value)


def string_map(parent: Any, key: str, path: str) -> dict[str, str]:
    """Return a field that maps strings to strings; an empty one where it is absent."""
    value = mapping(parent, key, path)
    for name, entry in value.items():
        if not isinstance(name, str):
            fault(f"{path}.{key}", "have strings as keys", name)
        if not isinstance(entry, str):
            fault(f"{path}.{key}[{name}]", "be a string", entry)
    return value
