"""Fields of a described mix, each checked where it is read; every fault names its field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from kubesched.api.quantity import parse_quantity
from kubesched.errors import ConfigError, ObjectError
from kubesched.traces.durations import parse_duration_ns

_RATE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)/(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LEAST_RATE, _MOST_RATE = 1e-7, 1e9


class Section:
    """A mapping of the description; `done` refuses the fields that nobody asked for."""

    __slots__ = ("_asked", "_values", "path")

    def __init__(self, values: object, path: str) -> None:
        """Take over a mapping.

        Raises:
            ConfigError: it is none.
        """
        if not isinstance(values, Mapping):
            raise ConfigError(f"{path or 'the description'} must be a mapping, got {_shown(values)}")
        self._values = values
        self._asked: dict[str, None] = {}
        self.path = path

    def at(self, name: str) -> str:
        """Return a field's path."""
        return f"{self.path}.{name}" if self.path else name

    def fault(self, name: str, rule: str, value: object) -> NoReturn:
        """Raise a ConfigError for one field."""
        raise ConfigError(f"{self.at(name)} must {rule}, got {_shown(value)}")

    def value(self, name: str) -> Any:
        """Return a field as it stands; None where it is absent."""
        self._asked[name] = None
        return self._values.get(name)

    def has(self, name: str) -> bool:
        """Tell whether a field is there."""
        return self.value(name) is not None

    def text(self, name: str, default: str) -> str:
        """Return a text."""
        value = self.value(name)
        if value is None:
            return default
        if not isinstance(value, str) or not value:
            self.fault(name, "be a text", value)
        return value

    def choice(self, name: str, choices: Sequence[str], default: str | None = None) -> str:
        """Return one of some texts."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value not in choices:
            near = difflib.get_close_matches(str(value), choices, 1)
            hint = f"; did you mean {near[0]}?" if near and value != near[0] else ""
            raise ConfigError(f"{self.at(name)} must be one of {', '.join(choices)}, got {_shown(value)}{hint}")
        return value

    def integer(self, name: str, default: int | None, least: int = 0, most: int = 2**31 - 1) -> int:
        """Return a whole number in least..most; one that is absent and has no default is a fault."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        if type(value) is not int or not least <= value <= most:
            self.fault(name, f"be a whole number in {least}..{most}", value)
        return value

    def number(self, name: str, default: float | None, least: float, most: float, *, above: bool = False) -> float:
        """Return a number in least..most; with `above`, more than `least`."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not least <= value <= most or (above and value == least):
            self.fault(name, f"be a number {'above' if above else 'from'} {least:g} to {most:g}", value)
        return float(value)

    def duration_ns(self, name: str, default: int | None = None, least: int = 1) -> int:
        """Return a time such as 90s in nanoseconds; a bare number counts seconds."""
        value = self.value(name)
        if value is None and default is not None:
            return default
        text = f"{value}s" if isinstance(value, (int, float)) and not isinstance(value, bool) else value
        found = parse_duration_ns(text) if isinstance(text, str) else None
        if found is None or found < least:
            self.fault(name, f"be a time such as 90s or 1h30m, {'above 0' if least else '0 or more'}", value)
        return found

    def rate(self, name: str) -> float:
        """Return a rate such as 2/s, 30/m or 500/h, a bare number counts by the second: 1e-7..1e9 a second."""
        value = self.value(name)
        found: float | None = None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found = float(value)
        elif isinstance(value, str) and (match := _RATE.fullmatch(value)):
            found = float(match[1]) / _SECONDS[match[2]]
        if found is None or not _LEAST_RATE <= found <= _MOST_RATE:
            self.fault(name, "be a rate such as 2/s, 30/m or 500/h, in 1e-7..1e9 a second", value)
        return found

    def quantity(self, name: str, default: str) -> str:
        """Return a Kubernetes quantity as a text."""
        value = self.value(name)
        if value is None:
            return default
        try:
            parse_quantity(value, self.at(name))
        except ObjectError as error:
            raise ConfigError(str(error)) from None
        return str(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a mapping with texts for keys; empty where it is absent."""
        value = self.value(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            self.fault(name, "be a mapping", value)
        return dict(value)

    def labels(self, name: str) -> dict[str, str]:
        """Return a mapping of texts to texts."""
        found = self.mapping(name)
        for key, value in found.items():
            if not isinstance(value, str):
                raise ConfigError(f"{self.at(name)}[{key}] must be a text, got {_shown(value)}")
        return found

    def texts(self, name: str) -> list[str]:
        """Return a list of texts; empty where it is absent."""
        found = self._list(name, at_least_one=False)
        for i, value in enumerate(found):
            if not isinstance(value, str) or not value:
                raise ConfigError(f"{self.at(name)}[{i}] must be a text, got {_shown(value)}")
        return found

    def mappings(self, name: str) -> list[Any]:
        """Return a list of mappings; empty where it is absent."""
        found = self._list(name, at_least_one=False)
        for i, value in enumerate(found):
            if not isinstance(value, Mapping):
                raise ConfigError(f"{self.at(name)}[{i}] must be a mapping, got {_shown(value)}")
        return found

    def section(self, name: str) -> Section:
        """Return a field that is a mapping."""
        return Section(self.value(name), self.at(name))

    def sections(self, name: str) -> list[Section]:
        """Return a field that is a list of mappings, at least one."""
        listed = self._list(name, at_least_one=True)
        return [Section(value, f"{self.at(name)}[{i}]") for i, value in enumerate(listed)]

    def done(self) -> None:
        """Refuse fields that nobody asked for.

        Raises:
            ConfigError: there is one.
        """
        for name in self._values:
            if name not in self._asked:
                near = difflib.get_close_matches(str(name), self._asked, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise ConfigError(
                    f"{self.path or 'the description'} must have only the fields "
                    f"{', '.join(sorted(self._asked))}, got {name!r}{hint}"
                )

    def _list(self, name: str, *, at_least_one: bool) -> list[Any]:
        value = self.value(name)
        if value is None and not at_least_one:
            return []
        if not isinstance(value, list) or (at_least_one and not value):
            self.fault(name, "be a list" + (" of at least one" if at_least_one else ""), value)
        return value


def _shown(value: object) -> str:
    return "none" if value is None else repr(value)[:80]
