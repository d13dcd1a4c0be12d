"""Strict reading of a configuration: every field by name and type, all faults collected.

As upstream's scheme decodes: an unknown field or a value of another type is a fault, null and absent are the same.
Called by the readers of this package; it knows no field.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any

from kubesched.api.fields import is_text

_LONGEST_SHOWN = 120
_MAX_FLOAT32 = 3.4028234663852886e38
_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,  # the micro sign
    "μs": 10**3,  # the Greek letter
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_UNIT = "|".join(_UNITS_NS)
_DURATION = re.compile(rf"[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:{_UNIT}))+)", re.ASCII)
_DURATION_PART = re.compile(rf"(\d*)(?:\.(\d*))?({_UNIT})", re.ASCII)


def shown(value: object) -> str:
    """Return a value as messages quote it, cut where it is long or deep."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_SHOWN:
        return f"an integer of {value.bit_length()} bits"
    try:
        text = repr(value) if isinstance(value, str) else reprlib.repr(value)
    except ValueError:  # an integer of thousands of digits inside of a list
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def parse_duration_ns(text: str) -> int | None:
    """Read a duration such as `1m30s` as Go's time.ParseDuration does; None where it is none, or over 292 years."""
    if not _DURATION.fullmatch(text):
        return None
    total = 0
    for whole, fraction, unit in _DURATION_PART.findall(text):
        whole, fraction = whole.lstrip("0"), fraction[:18]
        if len(whole) > 19:
            return None
        total += int(whole or "0") * _UNITS_NS[unit]
        total += int(fraction or "0") * _UNITS_NS[unit] // 10 ** len(fraction)
    if total >= 2**63:
        return None
    return -total if text[0] == "-" else total


class Section:
    """One mapping of the configuration, with its dotted path.

    Faults go to a list that all sections of a configuration share; a faulty field reads as absent. `finish` reports
    fields that nobody asked for.
    """

    __slots__ = ("_seen", "_values", "faults", "path")

    def __init__(self, value: object, path: str, faults: list[str]) -> None:
        self.path = path
        self.faults = faults
        self._seen: set[str] = set()
        self._values: Mapping[str, Any] = {}
        if isinstance(value, Mapping):
            self._values = value
        elif value is not None:
            self.faults.append(f"{path or 'configuration'}: must be a mapping, got {shown(value)}")

    def at(self, key: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, rule: str, value: object) -> None:
        """Record that a field breaks a rule."""
        self.faults.append(f"{self.at(key)}: {rule}, got {shown(value)}")

    def has(self, key: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._values.get(key) is not None

    def raw(self, key: str) -> Any:
        """Return a field as it is; None where it is absent."""
        self._seen.add(key)
        return self._values.get(key)

    def integer(self, key: str, default: int = 0, *, bits: int = 32) -> int:
        """Return a field that is a signed integer of 32 or 64 bits."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            self.fault(key, f"must be an integer of {bits} bits", value)
            return default
        return value

    def number(self, key: str) -> None:
        """Check a numeric field that has no effect here."""
        value = self.raw(key)
        if value is None:
            return
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or math.isnan(value) or abs(value) > _MAX_FLOAT32:
            self.fault(key, "must be a number", value)

    def boolean(self, key: str, default: bool = False) -> bool:
        """Return a boolean field."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, "must be true or false", value)
            return default
        return value

    def text(self, key: str, default: str = "") -> str:
        """Return a string field."""
        value = self.raw(key)
        if value is None:
            return default
        if not is_text(value):
            self.fault(key, "must be a string", value)
            return default
        return str(value)

    def duration_ns(self, key: str, default_ns: int = 0) -> int:
        """Return the nanoseconds of a field such as `15s` or `1m30s`; the default where it is absent or nought."""
        value = self.raw(key)
        if value is None:
            return default_ns
        parsed = parse_duration_ns(value) if isinstance(value, str) else None
        if parsed is None:
            self.fault(key, "must be a duration such as 15s", value)
        return parsed or default_ns

    def binary(self, key: str) -> bytes:
        """Return the bytes of a base64 field."""
        value = self.raw(key)
        if value is None:
            return b""
        try:
            return base64.b64decode(re.sub(r"[\r\n]", "", value), validate=True)
        except (TypeError, ValueError, binascii.Error):
            self.fault(key, "must be bytes in base64", value)
            return b""

    def texts(self, key: str) -> list[str]:
        """Return a list of strings; those that are none read as empty."""
        values = []
        for i, value in enumerate(self._list(key)):
            if value is not None and not is_text(value):
                self.fault(f"{key}[{i}]", "must be a string", value)
            values.append(value if is_text(value) else "")
        return values

    def section(self, key: str) -> Section:
        """Return a mapping field, an empty one where it is absent."""
        return Section(self.raw(key), self.at(key), self.faults)

    def sections(self, key: str) -> list[Section]:
        """Return a list of mappings."""
        return [Section(value, f"{self.at(key)}[{i}]", self.faults) for i, value in enumerate(self._list(key))]

    def _list(self, key: str) -> Sequence[Any]:
        value = self.raw(key)
        if value is None:
            return []
        if not isinstance(value, (list, tuple)):
            self.fault(key, "must be a list", value)
            return []
        return value

    def finish(self) -> None:
        """Record a fault for each field that was never read."""
        for key in self._values:
            if key not in self._seen:
                self.faults.append(f"{self.at(key if is_text(key) else shown(key))}: unknown field")
