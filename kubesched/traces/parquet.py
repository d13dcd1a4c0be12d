"""kubesched's own trace files: Parquet of the pods, all else in the file's metadata."""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kubesched.errors import TraceFormatError
from kubesched.traces.options import Option, Options
from kubesched.traces.trace import NODE_COLUMNS, Note, Trace

OPTIONS: dict[str, Option] = {}
SCHEMA_VERSION = 1
_KEY = b"kubesched.trace"
_MOST_BYTES = 2**31


def write_trace(trace: Trace, path: str | os.PathLike[str]) -> None:
    """Write a trace; the file is there whole or not at all. Equal traces give equal bytes.

    Raises:
        OSError: the file cannot be written.
    """
    rest = {
        "version": SCHEMA_VERSION,
        "source": trace.source,
        "node_names": list(trace.node_names),
        "node_templates": list(trace.node_templates),
        "node_events": {name: trace.node_events.column(name).to_pylist() for name in NODE_COLUMNS},
        "objects": list(trace.objects),
        "pod_templates": list(trace.pod_templates),
        "model_label": trace.model_label,
        "notes": [[note.text, note.count] for note in trace.notes],
    }
    packed = base64.b64encode(zlib.compress(json.dumps(rest, separators=(",", ":")).encode(), 6))
    table = trace.pods.replace_schema_metadata({_KEY: packed})
    target = Path(path)
    partial = target.with_name(f".{target.name}.partial")
    try:
        pq.write_table(table, partial, compression="zstd")
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def sniff(path: Path) -> bool:
    """Tell whether a file is Parquet with a trace in it."""
    try:
        with path.open("rb") as file:
            if file.read(4) != b"PAR1":
                return False
        return _KEY in (pq.read_schema(path).metadata or {})
    except (OSError, pa.ArrowInvalid):
        return False


def read(path: Path, options: Options) -> Trace:  # noqa: ARG001
    """Read a trace.

    Raises:
        TraceFormatError: the file is broken, or of a later version.
    """
    try:
        table = pq.read_table(path)
        packed = (table.schema.metadata or {}).get(_KEY, b"")
        unpack = zlib.decompressobj()
        text = unpack.decompress(base64.b64decode(packed), _MOST_BYTES)
        if unpack.unconsumed_tail:
            raise TraceFormatError(f"{path}: must have at most {_MOST_BYTES} bytes of templates, got more")
        rest: dict[str, Any] = json.loads(text)
        if rest["version"] != SCHEMA_VERSION:
            raise TraceFormatError(f"{path}: version must be {SCHEMA_VERSION}, got {rest['version']!r}")
        events = {name: pa.array(rest["node_events"][name], kind) for name, kind in NODE_COLUMNS.items()}
        return Trace(
            rest["source"],
            rest["node_names"],
            rest["node_templates"],
            pa.table(events),
            rest["objects"],
            rest["pod_templates"],
            table.replace_schema_metadata(None),
            rest["model_label"],
            tuple(Note(text, count) for text, count in rest["notes"]),
        )
    except TraceFormatError as error:
        raise error if str(error).startswith(str(path)) else TraceFormatError(f"{path}: {error}") from None
    except (OSError, pa.ArrowInvalid, ValueError, KeyError, TypeError, zlib.error) as error:
        raise TraceFormatError(f"{path}: must be a whole trace file of kubesched, got {error}") from None
