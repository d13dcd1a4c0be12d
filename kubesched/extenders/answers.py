"""Decodes extenders' answers as Go's encoding/json does, with its texts for what it refuses.

The first value of the text counts, keys match in any case, null changes nothing, unknown keys are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from kubesched.extenders.failure import ExtenderFailure

_LITERALS = ("true", "false", "null")
_PLACES = {
    "Expecting property name": "looking for beginning of object key string",
    "Illegal trailing comma": "looking for beginning of object key string",
    "Expecting ':'": "after object key",
    "Invalid control character": "in string literal",
    "Invalid \\escape": "in string escape code",
    "Invalid \\uXXXX": "in \\u hexadecimal character escape",
}


class _Pairs(list[tuple[str, Any]]):
    """The fields of a JSON object as they stand there."""


class _RawNumber(str):
    """A number that is no integer, as it stands there."""

    __slots__ = ()


class GoObject:
    """A JSON object read as a Go struct; `struct` names it in messages.

    Raises:
        ExtenderFailure: the value is no object.
    """

    __slots__ = ("_fields", "_struct")

    def __init__(self, value: object, struct: str, type_name: str) -> None:
        self._struct = struct
        if value is not None and not isinstance(value, _Pairs):
            raise ExtenderFailure(f"json: cannot unmarshal {_kind(value)} into Go value of type {type_name}")
        self._fields: _Pairs = value if isinstance(value, _Pairs) else _Pairs()

    def _values(self, key: str) -> list[Any]:
        """Return what the object has for a field, null left out; the last one counts, all must be of its type."""
        return [value for name, value in self._fields if name.lower() == key.lower() and value is not None]

    def _refuse(self, value: object, key: str, type_name: str) -> ExtenderFailure:
        return ExtenderFailure(
            f"json: cannot unmarshal {_kind(value)} into Go struct field {self._struct}.{key} of type {type_name}"
        )

    def text(self, key: str) -> str:
        """Return a string field, empty where it is absent."""
        return self._texts(self._values(key), key, "")

    def _texts(self, values: list[Any], key: str, result: str) -> str:
        for value in values:
            if not isinstance(value, str) or isinstance(value, _RawNumber):
                raise self._refuse(value, key, "string")
            result = value
        return result

    def integer(self, key: str) -> int:
        """Return a field of 64 bits, 0 where it is absent."""
        result = 0
        for value in self._values(key):
            is_integer = isinstance(value, int) and not isinstance(value, bool)
            if not is_integer or not -(2**63) <= value < 2**63:
                shown = f"number {value}" if is_integer or isinstance(value, _RawNumber) else _kind(value)
                raise ExtenderFailure(
                    f"json: cannot unmarshal {shown} into Go struct field {self._struct}.{key} of type int64"
                )
            result = value
        return result

    def texts(self, key: str) -> list[str] | None:
        """Return a list of strings, None where it is absent; null in it reads as empty."""
        values = self.items(key, "[]string")
        return None if values is None else [self._texts([v] if v is not None else [], key, "") for v in values]

    def items(self, key: str, type_name: str) -> list[Any] | None:
        """Return a list field, None where it is absent."""
        result: list[Any] | None = None
        for value in self._values(key):
            if not isinstance(value, list) or isinstance(value, _Pairs):
                raise self._refuse(value, key, type_name)
            result = value
        return result

    def pairs(self, key: str, type_name: str) -> list[tuple[str, Any]]:
        """Return a map field as (key, value), empty where it is absent; of equal keys the last one counts."""
        result: dict[str, Any] = {}
        for value in self._values(key):
            if not isinstance(value, _Pairs):
                raise self._refuse(value, key, type_name)
            result.update(value)
        return list(result.items())

    def text_map(self, key: str, type_name: str) -> dict[str, str]:
        """Return a map of strings."""
        pairs = self.pairs(key, type_name)
        return {name: self._texts([v] if v is not None else [], key, "") for name, v in pairs}

    def object(self, key: str, type_name: str) -> GoObject | None:
        """Return a field that is an object, None where it is absent."""
        result: GoObject | None = None
        for value in self._values(key):
            if not isinstance(value, _Pairs):
                raise self._refuse(value, key, type_name)
            result = GoObject(value, f"{self._struct}.{key}", type_name)
        return result


def decode_list(value: object, type_name: str) -> list[Any]:
    """Return a list that is the whole answer; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or isinstance(value, _Pairs):
        raise ExtenderFailure(f"json: cannot unmarshal {_kind(value)} into Go value of type {type_name}")
    return value


def parse(answer: bytes) -> Any:
    """Return the first JSON value of an answer.

    Raises:
        ExtenderFailure: there is none.
    """
    text = answer.decode("utf-8", errors="replace")
    start = len(text) - len(text.lstrip(" \t\r\n"))
    if start == len(text):
        raise ExtenderFailure("EOF")
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs, parse_float=_RawNumber, parse_constant=_refuse_constant)
    try:
        return decoder.raw_decode(text, start)[0]
    except json.JSONDecodeError as error:
        raise ExtenderFailure(_syntax_text(text, error)) from None
    except RecursionError:
        raise ExtenderFailure("exceeded max depth") from None
    except ValueError as error:  # an integer of thousands of digits
        raise ExtenderFailure(f"json: {error}") from None


def _refuse_constant(name: str) -> Any:
    raise ExtenderFailure(f"invalid character '{name.lstrip('-')[0]}' looking for beginning of value")


def _syntax_text(text: str, error: json.JSONDecodeError) -> str:
    position, place = error.pos, "looking for beginning of value"
    for message, where in _PLACES.items():
        if error.msg.startswith(message):
            place = where
    if error.msg.startswith("Expecting ','"):
        place = "after object key:value pair" if _is_in_object(text[:position]) else "after array element"
    if error.msg.startswith("Unterminated string"):
        return "unexpected EOF"
    rest = text[position:]
    if not rest.strip():
        return "unexpected EOF"
    while position < len(text) and text[position] in " \t\r\n" and "string" not in place:
        position += 1
    if place == "looking for beginning of value":
        literal = next((name for name in _LITERALS if name[0] == text[position]), "")
        if literal:
            same = _common_length(text[position:], literal)
            if position + same >= len(text):
                return "unexpected EOF"
            place = f"in literal {literal} (expecting '{literal[same]}')"
            position += same
    return f"invalid character {_quoted(text[position])} {place}"


def _is_in_object(text: str) -> bool:
    """Tell whether a text that is good JSON so far ends in an object."""
    depth: list[str] = []
    in_string = escaped = False
    for char in text:
        if in_string:
            in_string = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            in_string = True
        elif char in "[{":
            depth.append(char)
        elif char in "]}":
            depth.pop()
    return bool(depth) and depth[-1] == "{"


def _common_length(text: str, literal: str) -> int:
    return next(
        (i for i, (a, b) in enumerate(zip(text, literal, strict=False)) if a != b), min(len(text), len(literal))
    )


def _quoted(char: str) -> str:
    if char == "'":
        return r"'\''"
    return "'" + (char if char == '"' else json.dumps(char, ensure_ascii=not char.isprintable())[1:-1]) + "'"


_KINDS: list[tuple[Callable[[object], bool], str]] = [
    (lambda value: isinstance(value, bool), "bool"),
    (lambda value: isinstance(value, (int, _RawNumber)), "number"),
    (lambda value: isinstance(value, str), "string"),
    (lambda value: isinstance(value, _Pairs), "object"),
]


def _kind(value: object) -> str:
    return next((name for holds, name in _KINDS if holds(value)), "array")
