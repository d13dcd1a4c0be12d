"""Where two replays part ways."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kubesched.errors import ConfigError, TraceFormatError

_COMPARED = ("node", "scheduled_ns", "started_ns", "finished_ns", "attempts", "outcome")
_SHOWN = ("arrival_ns", "first_attempt_ns", *_COMPARED, "wait_ns", "message")


def first_difference(
    a: str | os.PathLike[str] | pa.Table, b: str | os.PathLike[str] | pa.Table
) -> dict[str, Any] | None:
    """Compare the pods of two results.

    Args:
        a: a folder that a replay was written to, or its table `pods`.
        b: the same of another.

    Returns:
        None where no pod differs; else `pod`, the one that differs and was scheduled (or, where neither has it
        scheduled, tried) first; `columns`, name -> what a and b say of it; `num_different`; and `only_in_a` and
        `only_in_b`, how many pods one alone has.

    Raises:
        TraceFormatError: a folder has no such table.
    """
    left, right = _pods(a), _pods(b)
    where = pc.index_in(left.column("pod"), right.column("pod"))
    common = pc.is_valid(where)
    num_common = int(pc.sum(common).as_py() or 0)
    only = {"only_in_a": len(left) - num_common, "only_in_b": len(right) - num_common}
    left, right = left.filter(common), right.take(where.drop_null())
    differs = np.zeros(len(left), np.bool_)
    for name in _COMPARED:
        x, y = _plain(left.column(name)), _plain(right.column(name))
        same = pc.or_(pc.fill_null(pc.equal(x, y), False), pc.and_(pc.is_null(x), pc.is_null(y)))
        differs |= ~same.to_numpy().astype(np.bool_)
    if not differs.any():
        return None if not any(only.values()) else {"pod": None, "columns": {}, "num_different": 0, **only}
    rows = np.flatnonzero(differs)
    row = int(rows[np.argmin(_moments(left, right)[rows])])
    columns = {name: [table.column(name)[row].as_py() for table in (left, right)] for name in _SHOWN}
    return {"pod": left.column("pod")[row].as_py(), "columns": columns, "num_different": len(rows), **only}


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _moments(left: pa.Table, right: pa.Table) -> Any:
    """Return int64: when each pod was first placed or tried by either side."""
    never = 2**63 - 1
    moments = np.full(len(left), never)
    for name in ("scheduled_ns", "first_attempt_ns"):
        for table in (left, right):
            found = pc.fill_null(table.column(name), never).to_numpy()
            moments = np.where(
                moments == never, found, moments if name != "scheduled_ns" else np.minimum(moments, found)
            )
    return moments


def _pods(result: str | os.PathLike[str] | pa.Table) -> pa.Table:
    if isinstance(result, pa.Table):
        return result
    import pyarrow.parquet as pq

    path = Path(result) / "pods.parquet"
    if not path.exists():
        raise ConfigError(f"{result}: must be a folder that a replay was written to, has no pods.parquet")
    try:
        return pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TraceFormatError(f"{path}: must be a Parquet file, got {error}") from None
