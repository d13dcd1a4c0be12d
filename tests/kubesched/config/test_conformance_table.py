"""The tables of docs/conformance.md list what the code knows: each plugin with its points, each field that is read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kubesched.config import load_config
from kubesched.config.registry import EXTENSION_POINTS, PLUGINS
from kubesched.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
TAKES_ARGS = [name for name in PLUGINS if f"`{name}Args." in TEXT]
POINTS = ("multiPoint", *EXTENSION_POINTS)


def rows(section: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its header."""
    part = TEXT.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines[2:]]


def fields() -> list[str]:
    """Every field of the table by its path; those of all extension points once for each."""
    listed = []
    for row in rows("KubeSchedulerConfiguration v1"):
        listed += [row[0].replace("*", point) for point in POINTS] if "*" in row[0] else [row[0]]
    return listed


class Asked(Mapping[str, Any]):
    """A mapping that notes which keys are asked for, and answers with the like where the table has fields below."""

    def __init__(self, path: str, below: set[str], asked: set[str]) -> None:
        self.path, self.below, self.asked = path, below, asked

    def get(self, key: str, default: Any = None) -> Any:
        path = f"{self.path}.{key}" if self.path else key
        self.asked.add(path)
        for suffix in ("[]", ""):
            if any(other.startswith(f"{path}{suffix}.") for other in self.below):
                child = Asked(path + suffix, self.below, self.asked)
                return [child] if suffix else child
        return default

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1


def asked_fields(listed: set[str]) -> set[str]:
    """The fields that reading a configuration asks for, of the configuration itself and of each kind of arguments."""
    asked: set[str] = set()
    read(Asked("", {path for path in listed if "Args." not in path}, asked))
    for plugin in TAKES_ARGS:
        args = Asked(f"{plugin}Args", listed, asked)
        read({"profiles": [{"pluginConfig": [{"name": plugin, "args": args}]}]})
    return asked


def read(config: Mapping[str, Any]) -> None:
    try:
        load_config(config)
    except ConfigError:
        return  # nothing that it needs is there


def test_every_plugin_is_listed_with_its_points() -> None:
    listed = {row[0]: set(row[1].split(", ")) for row in rows("Plugins")}
    assert listed == {name: set(info.points) for name, info in PLUGINS.items()}


def test_every_field_that_is_read_is_listed_and_no_other() -> None:
    listed = set(fields())
    asked = asked_fields(listed)
    inner = {re.sub(r"\[\]$", "", path[: at.start()]) for path in listed for at in re.finditer(r"\.", path)}
    inner |= {f"profiles[].plugins.{point}.{kind}" for point in POINTS for kind in ("enabled", "disabled")}
    meta = {f"{plugin}Args.{key}" for plugin in TAKES_ARGS for key in ("kind", "apiVersion")}
    assert asked - inner - meta == listed - inner
