"""Strict reading of a configuration: every field by name and type, all faults collected."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

_UNIT_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)", re.ASCII)
_DURATION = re.compile(r"[+-]?((\d+(\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h))+|0", re.ASCII)


class Section:
    """One mapping of the configuration, with its dotted path.

    Faults go to a list that all sections of a configuration share; a faulty field reads as absent. `finish` reports
    fields that nobody asked for.
    """

    def __init__(self, value: object, path: str, faults: list[str]) -> None:
        self.path = path
        self.faults = faults
        self._seen: set[str] = set()
        self._values: Mapping[str, Any] = {}
        if isinstance(value, Mapping):
            self._values = value
        elif value is not None:
            self.faults.append(f"{path or 'configuration'}: must be a mapping, got {value!r}")

    def at(self, key: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{key}" if self.path else key

    def fault(self, key: str, rule: str, value: object) -> None:
        """Record that a field breaks a rule."""
        self.faults.append(f"{self.at(key)}: {rule}, got {value!r}")

    def has(self, key: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._values.get(key) is not None

    def raw(self, key: str) -> Any:
        """Return a field as it is; None where it is absent."""
        self._seen.add(key)
        return self._values.get(key)

    def integer(self, key: str, default: int) -> int:
        """Return an integer field."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
            self.fault(key, "must be an integer", value)
            return default
        return value

    def number(self, key: str) -> None:
        """Check a numeric field that has no effect here."""
        value = self.raw(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, (int, float))):
            self.fault(key, "must be a number", value)

    def boolean(self, key: str, default: bool) -> bool:
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
        if not isinstance(value, str):
            self.fault(key, "must be a string", value)
            return default
        return value

    def duration_ns(self, key: str, default_ns: int = 0) -> int:
        """Return the nanoseconds of a field such as `15s` or `1m30s`; the default where it is absent or nought."""
        value = self.raw(key)
        if value is None:
            return default_ns
        if not (isinstance(value, str) and _DURATION.fullmatch(value)):
            self.fault(key, "must be a duration such as 15s", value)
            return default_ns
        length_ns = sum(int(Fraction(number) * _UNIT_NS[unit]) for number, unit in _PART.findall(value))
        return (-length_ns if value.startswith("-") else length_ns) or default_ns

    def texts(self, key: str) -> list[str]:
        """Return a list of strings."""
        values = self._list(key)
        for value in values:
            if not isinstance(value, str):
                self.fault(key, "must be a list of strings", value)
                return []
        return list(values)

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
        if not isinstance(value, list):
            self.fault(key, "must be a list", value)
            return []
        return value

    def finish(self) -> None:
        """Record a fault for each field that was never read."""
        for key in self._values:
            if key not in self._seen:
                self.faults.append(f"{self.at(str(key))}: unknown field")
