"""Writes a replay's result to files: whole ones or none."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from kubesched.replay.result import ReplayResult

SCHEMA_VERSION = "1"


def write_result(result: ReplayResult, folder: str | os.PathLike[str]) -> list[Path]:
    """Write placements.parquet, nodes.parquet and summary.json into a folder, which is made if need be.

    Each file is written under a temporary name and renamed, so that a file under its final name is whole.

    Returns:
        The files, in that order.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.
    """
    import pyarrow.parquet as pq

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    metadata = {"kubesched.schema": SCHEMA_VERSION, "kubesched.digest": result.digest()}
    placements = result.to_arrow().replace_schema_metadata(metadata)
    nodes = result.nodes_to_arrow().replace_schema_metadata(metadata)
    summary = json.dumps({"schema": SCHEMA_VERSION, **result.summary()}, indent=2) + "\n"
    return [
        _write(target / "placements.parquet", lambda path: pq.write_table(placements, path)),
        _write(target / "nodes.parquet", lambda path: pq.write_table(nodes, path)),
        _write(target / "summary.json", lambda path: path.write_text(summary, encoding="utf-8")),
    ]


def _write(path: Path, write: Callable[[Path], object]) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
