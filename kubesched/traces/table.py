"""Large delimited files as Arrow tables, and the place of the first fault where one is broken."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from kubesched.errors import TraceFormatError
from kubesched.traces.rows import fault

MOST_SECONDS = 9 * 10**9  # what int64 nanoseconds hold
_BLOCK_BYTES = 2**24
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Field:
    """A column.

    Attributes:
        name: as in the header.
        kind: its Arrow type.
        may_be_empty: whether a value may be missing.
        most: the largest number, either sign; None: of real ones MOST_SECONDS, of whole ones any that its type holds.
    """

    name: str
    kind: pa.DataType
    may_be_empty: bool = True
    most: int | None = None

    @property
    def limit(self) -> int | None:
        """The largest number that is allowed."""
        return MOST_SECONDS if self.most is None and pa.types.is_floating(self.kind) else self.most


def read_table(path: Path, fields: Sequence[Field], *, header: bool, wanted: Iterable[str] | None = None) -> pa.Table:
    """Read a CSV file, gzipped or not, into a table; empty fields are null.

    Args:
        path: the file.
        fields: of a file without header all columns in order; of one with a header those that it must have.
        header: whether the first line names the columns.
        wanted: the columns to return; None for all of `fields`.

    Raises:
        TraceFormatError: the file cannot be read, or a row breaks a rule; path, line and column are named.
    """
    names = list(wanted) if wanted is not None else [field.name for field in fields]
    kinds = {field.name: field.kind for field in fields}
    if header:
        _require_columns(path, [field.name for field in fields])
    try:
        with pa.input_stream(str(path), compression="gzip" if is_gzip(path) else None) as stream:
            reader = pa_csv.open_csv(
                stream,
                pa_csv.ReadOptions(
                    column_names=None if header else list(kinds), block_size=_BLOCK_BYTES, use_threads=False
                ),
                pa_csv.ParseOptions(newlines_in_values=False),
                pa_csv.ConvertOptions(
                    column_types=kinds, include_columns=names, strings_can_be_null=True, null_values=[""]
                ),
            )
            table = reader.read_all()
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        _locate(path, fields, header=header, reason=str(error))
    empty = [f.name for f in fields if not f.may_be_empty and f.name in names and table.column(f.name).null_count]
    if empty:
        _locate(path, fields, header=header, reason="a required field is empty")
    for field in fields:
        if field.name in names and not _is_within(table.column(field.name), field.limit):
            _locate(path, fields, header=header, reason="a number out of range")
    return table


def _is_within(column: pa.ChunkedArray, limit: int | None) -> bool:
    if limit is None or len(column) == column.null_count:
        return True
    if pa.types.is_floating(column.type) and pc.any(pc.is_nan(column)).as_py():
        return False
    found = pc.min_max(column).as_py()
    return bool(-limit <= found["min"] and found["max"] <= limit)


def is_gzip(path: Path) -> bool:
    """Tell by its first bytes whether a file is gzipped."""
    try:
        with path.open("rb") as file:
            return file.read(2) == _GZIP
    except OSError as error:
        raise TraceFormatError(f"{path}: must be a readable file, got {error.strerror!r}") from None


def open_text(path: Path) -> Any:
    """Open a file, gzipped or not, as UTF-8 text."""
    if is_gzip(path):
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _require_columns(path: Path, names: Sequence[str]) -> None:
    try:
        with open_text(path) as file:
            header = next(csv.reader([file.readline(2**20)]), [])
    except (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error) as error:
        raise TraceFormatError(f"{path}:1: must be CSV, got {error}") from None
    for name in names:
        if header.count(name) != 1:
            fault(path, 1, "header", f"have the column {name} once", ",".join(header))


def _locate(path: Path, fields: Sequence[Field], *, header: bool, reason: str) -> NoReturn:
    """Raise for the first row that breaks a rule; `reason` is what the fast reader said."""
    line = 0
    try:
        with open_text(path) as file:
            reader = csv.reader(file, strict=True)
            names = next(reader) if header else [field.name for field in fields]
            by_name = {field.name: field for field in fields}
            for values in reader:
                line = reader.line_num
                if not values:
                    continue
                if len(values) != len(names):
                    fault(path, line, "row", f"have {len(names)} fields", f"{len(values)}: {','.join(values)}")
                for name, value in zip(names, values, strict=True):
                    if name in by_name:
                        _check(path, line, by_name[name], value)
    except (OSError, EOFError, zlib.error) as error:
        raise TraceFormatError(f"{path}:{line + 1}: must be a whole file, got {error}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TraceFormatError(f"{path}:{line + 1}: must be CSV in UTF-8, got {error}") from None
    raise TraceFormatError(f"{path}: must be CSV, got {reason}")


def _check(path: Path, line: int, field: Field, value: str) -> None:
    if value == "":
        if not field.may_be_empty:
            fault(path, line, field.name, "not be empty", value)
        return
    try:
        number = pa.array([value]).cast(field.kind)
        if not _is_within(pa.chunked_array([number]), field.limit):
            fault(path, line, field.name, f"be a number in -{field.limit}..{field.limit}", value)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        kind = "whole number" if pa.types.is_integer(field.kind) else "number"
        fault(path, line, field.name, f"be a {kind}", value)
