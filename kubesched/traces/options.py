"""Options of readers: what a trace leaves open, with a documented default."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Option:
    """What a user may set.

    Attributes:
        default: its type is the option's: int, float or str.
        help: what it means, in words.
        choices: the values that a str may have; empty: any.
        least: of numbers.
    """

    default: int | float | str
    help: str
    choices: tuple[str, ...] = ()
    least: float = 0


# Of readers of traces that list no machines.
CLUSTER_OPTIONS: dict[str, Option] = {
    "nodes": Option(0, "number of nodes; 0: as many as the trace's own peak load needs"),
    "node_cpu": Option(64, "cores of a node", least=1),
    "node_memory_gib": Option(256.0, "GiB of a node", least=0.001),
    "node_gpus": Option(8, "GPUs of a node, where any pod asks for one"),
}


class Options:
    """The options of one reader, given ones over defaults."""

    def __init__(self, known: Mapping[str, Option], given: Mapping[str, Any], reader: str) -> None:
        """Take over what was given.

        Raises:
            ConfigError: an option is unknown or its value out of range.
        """
        self._values: dict[str, Any] = {name: option.default for name, option in known.items()}
        for name, value in given.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                listed = ", ".join(known) or "none"
                raise ConfigError(f"an option of {reader} must be one of {listed}, got {name!r}{hint}")
            self._values[name] = _read(name, known[name], value)

    def number(self, name: str) -> float:
        """Return a number."""
        return float(self._values[name])

    def integer(self, name: str) -> int:
        """Return a whole number."""
        return int(self._values[name])

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._values[name])


def _read(name: str, option: Option, value: Any) -> Any:
    if isinstance(option.default, str):
        if not isinstance(value, str) or (option.choices and value not in option.choices):
            raise ConfigError(f"{name} must be one of {', '.join(option.choices)}, got {value!r}")
        return value
    kind = type(option.default)
    try:
        number = kind(value)
    except (TypeError, ValueError):
        number = None
    if number is None or not option.least <= number < 2**50 or isinstance(value, bool):
        what = "an integer" if kind is int else "a number"
        raise ConfigError(f"{name} must be {what} >= {option.least:g}, got {value!r}")
    return number
