"""The formats of traces, and which of them a file is in."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from kubesched.errors import ConfigError, TraceFormatError
from kubesched.traces.companions import companion
from kubesched.traces.heads import head
from kubesched.traces.options import Option, Options
from kubesched.traces.trace import Trace

# Name -> module; the first whose sniff() says yes is taken.
_MODULES = {
    "kubesched": "parquet",
    "borg2011": "borg2011",
    "borg2019": "borg2019",
    "alibaba2018": "alibaba2018",
    "alibaba2017": "alibaba2017",
    "pai2020": "pai2020",
    "dlrm2025": "dlrm2025",
    "spot2026": "spot2026",
    "azure": "azure_vms",
    "azure-packing": "azure_packing",
    "azure-arrivals": "azure_arrivals",
    "philly": "philly",
    "helios": "helios",
    "supercloud": "supercloud",
    "swf": "swf",
    "simkube": "simkube",
    "scheduler-simulator": "scheduler_simulator",
    "audit": "audit",
    "dump": "dump",
}
NAMES = tuple(_MODULES)


class Format(Protocol):
    """A reader's module."""

    OPTIONS: Mapping[str, Option]

    def sniff(self, path: Path) -> bool:
        """Tell whether a file or folder is in the format; raises nothing for a file of another kind."""

    def read(self, path: Path, options: Options) -> Trace:
        """Read it."""


def load_format(name: str) -> Format:
    """Return a format's module.

    Raises:
        ConfigError: there is no such format.
    """
    if name not in _MODULES:
        raise ConfigError(f"format must be one of {', '.join(_MODULES)}, got {name!r}")
    module: Any = importlib.import_module(f"kubesched.traces.{_MODULES[name]}")
    return module  # type: ignore[no-any-return]


def detect(path: Path) -> str:
    """Return the name of the format that a file or folder is in.

    Raises:
        TraceFormatError: it is in none that is known, or cannot be read.
    """
    if not path.exists():
        raise TraceFormatError(f"{path}: must be a readable file or folder, got 'No such file or directory'")
    if path.is_file() and path.stat().st_size == 0:
        raise TraceFormatError(f"{path}:1: must hold a trace, got an empty file")
    for name in _MODULES:
        if load_format(name).sniff(path):
            return name
    if part := companion(path):
        raise TraceFormatError(f"{path}:1: must be a whole trace, got {part}")
    listed = ", ".join(_MODULES)
    if path.is_dir():
        raise TraceFormatError(f"{path}: must hold a trace in one of the formats {listed}, got none of them")
    shown = head(path).partition("\n")[0].strip()[:60] or "no text"
    raise TraceFormatError(f"{path}:1: must be a trace in one of the formats {listed}, got {shown!r}")


def read_format(name: str, path: Path, given: Mapping[str, Any]) -> Trace:
    """Read a file or folder that is in a format.

    Raises:
        TraceFormatError, ManifestError, ObjectError: it is broken.
        ConfigError: there is no such format, or an option of it is wrong.
    """
    form = load_format(name)
    options = Options(form.OPTIONS, given, f"the format {name}")
    try:
        return form.read(path, options)
    except TraceFormatError as error:
        if str(error).startswith((str(path), str(path.parent) + os.sep)):
            raise
        # What is wrong with a trace as a whole is found where its file is not known.
        raise TraceFormatError(f"{path}: {error}") from None
