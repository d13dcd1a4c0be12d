"""Writes a replay's result to files: whole ones or none."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kubesched.replay.inputs import FILE as INPUTS_FILE
from kubesched.replay.inputs import Inputs
from kubesched.replay.result import ReplayResult
from kubesched.version import KUBERNETES_VERSION

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = "2"
TABLES = ("pods", "nodes", "series", "events")


def write_result(result: ReplayResult, folder: str | os.PathLike[str], inputs: Inputs | None = None) -> list[Path]:
    """Write pods, nodes, series and events as .parquet, and summary.json, into a folder, which is made if need be.

    With `inputs` also inputs.json, by which `replay diff` can run the replay again; without, an old one is removed.

    All are written under temporary names first and renamed when they are complete: a file under its final name is
    whole, and where writing fails none is there.

    Returns:
        The files, in that order.

    Raises:
        OSError: the folder cannot be made, or a file cannot be written.
    """
    tables = {name: getattr(result, name) for name in TABLES}
    return write_tables(folder, tables, result.summary(), {"kubesched.digest": result.digest()}, inputs)


def write_tables(
    folder: str | os.PathLike[str],
    tables: Mapping[str, pa.Table],
    summary: Mapping[str, Any],
    metadata: Mapping[str, str] | None = None,
    inputs: Inputs | None = None,
) -> list[Path]:
    """Write tables as .parquet, and summary.json, as `write_result` does. `metadata` goes with each table."""
    import pyarrow.parquet as pq

    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    known = {"kubernetes": KUBERNETES_VERSION, "kubesched.schema": SCHEMA_VERSION, **(metadata or {})}
    text = json.dumps({"schema": SCHEMA_VERSION, **summary}, indent=2) + "\n"
    writers: dict[Path, Callable[[Path], object]] = {
        target / f"{name}.parquet": partial(pq.write_table, table.replace_schema_metadata(known))
        for name, table in tables.items()
    }
    writers[target / "summary.json"] = lambda path: path.write_text(text, encoding="utf-8")
    if inputs is None:
        (target / INPUTS_FILE).unlink(missing_ok=True)  # of an earlier result
    else:
        kept = inputs.to_json()
        writers[target / INPUTS_FILE] = lambda path: path.write_text(kept, encoding="utf-8")
    return _write_all(writers)


def _write_all(writers: Mapping[Path, Callable[[Path], object]]) -> list[Path]:
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}.part") for path in writers}
    try:
        for path, write in writers.items():
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
            write(temporary[path])
        for path in writers:
            temporary[path].replace(path)
    finally:
        for part in temporary.values():
            part.unlink(missing_ok=True)
    return list(writers)
