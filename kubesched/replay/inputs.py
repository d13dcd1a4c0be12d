"""What a replay was run with, in a file beside its results, so that it can be run again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubesched.errors import TraceFormatError
from kubesched.traces import Trace, example_trace, open_trace

FILE = "inputs.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs of a replay.

    Attributes:
        paths: the trace, or nodes and pods; none: the example.
        form: the trace's format; None: by its content.
        read: options of the format's reader.
        options: the keyword arguments of `begin`, plain JSON values.
    """

    paths: tuple[str, ...]
    form: str | None
    read: Mapping[str, str]
    options: Mapping[str, Any]

    def open(self) -> Trace:
        """Read the trace again; errors as of `open_trace`."""
        if not self.paths:
            return example_trace()
        first, *rest = self.paths
        return open_trace(first, rest[0] if rest else None, form=self.form, options=self.read)

    def to_json(self) -> str:
        """Return the content of the file."""
        fields = {"version": _VERSION, "paths": list(self.paths), "format": self.form}
        return json.dumps({**fields, "read": dict(self.read), "options": dict(self.options)}, indent=2) + "\n"


def read_inputs(folder: str | os.PathLike[str]) -> Inputs | None:
    """Return the inputs of the results in a folder; None where none were kept.

    Raises:
        TraceFormatError: the file is broken.
    """
    path = Path(folder) / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["version"] != _VERSION:
            raise TraceFormatError(f"{path}: version must be {_VERSION}, got {found['version']!r}")
        return Inputs(tuple(found["paths"]), found["format"], found["read"], found["options"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, TraceFormatError):
            raise
        raise TraceFormatError(f"{path}: must be the inputs of a replay, got {error!r}") from None
