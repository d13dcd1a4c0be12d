"""The tables and the summary of a replay: of a result, or of a folder that it was written to."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from kubesched.errors import TraceFormatError
from kubesched.replay.output import SCHEMA_VERSION
from kubesched.replay.result import ReplayResult

_TABLES = ("pods", "nodes", "series")


def read_saved(
    source: ReplayResult | str | os.PathLike[str],
) -> tuple[Mapping[str, pa.Table], Mapping[str, Any]]:
    """Return name -> table of pods, nodes and series, and the summary.

    Raises:
        TraceFormatError: the folder holds no result of `kubesched replay --out`, or one of another schema.
    """
    if isinstance(source, ReplayResult):
        return {name: getattr(source, name) for name in _TABLES}, source.summary()
    import pyarrow.parquet as pq

    folder = Path(source)
    try:
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
        tables = {name: pq.read_table(folder / f"{name}.parquet") for name in _TABLES}
    except FileNotFoundError as error:
        missing = Path(error.filename or folder).name
        raise TraceFormatError(
            f"{folder}: must be a folder that `replay --out` wrote, {missing} is not there"
        ) from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TraceFormatError(f"{folder}: must be a folder that `replay --out` wrote, got {error}") from None
    version = summary.get("schema") if isinstance(summary, dict) else None
    if version != SCHEMA_VERSION:
        raise TraceFormatError(f"{folder}: schema must be {SCHEMA_VERSION!r}, got {version!r}")
    return tables, summary
