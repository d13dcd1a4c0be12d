"""CSV files row by row, with the place of every fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from kubesched.api.label_rules import is_dns_subdomain, is_label_value
from kubesched.api.manifests import read_bytes
from kubesched.errors import ManifestError, TraceFormatError

_MOST_DIGITS = 18


def fault(file: Path, line: int, column: str, rule: str, value: object) -> NoReturn:
    """Raise a TraceFormatError: `path:line: column must rule, got value`."""
    raise TraceFormatError(f"{file}:{line}: {column} must {rule}, got {str(value)[:60]!r}")


class Row:
    """One line of a CSV file by column name; columns that the file lacks read as empty."""

    __slots__ = ("_file", "_values", "line")

    def __init__(self, file: Path, line: int, values: Mapping[str, str]) -> None:
        self._file = file
        self.line = line
        self._values = values

    def text(self, column: str) -> str:
        """Return a field as it stands."""
        return self._values.get(column, "")

    def name(self, column: str, seen: set[str]) -> str:
        """Return a field that names an object, and put it into `seen`, which must not have it."""
        value = self.text(column)
        if not value:
            self.fault(column, "not be empty", value)
        if not is_dns_subdomain(value):
            self.fault(column, "be a DNS subdomain name", value)
        if value in seen:
            self.fault(column, "be unique", value)
        seen.add(value)
        return value

    def label_value(self, column: str) -> str:
        """Return a field that becomes a label's value; empty where the column is absent."""
        value = self.text(column)
        if not is_label_value(value):
            self.fault(column, "be a label value", value)
        return value

    def integer(self, column: str, most: int = 10**_MOST_DIGITS) -> int:
        """Return a whole number in 0..most; 0 where the column is absent."""
        if column not in self._values:
            return 0
        value = self._values[column]
        if not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS and int(value) <= most):
            self.fault(column, f"be a whole number in 0..{most}", value)
        return int(value)

    def fault(self, column: str, rule: str, value: object) -> NoReturn:
        """Raise a TraceFormatError for one field of this row."""
        fault(self._file, self.line, column, rule, value)


def read_header(file: Path) -> list[str] | None:
    """Return the columns that a file's first line names; None where the file is no text with commas."""
    try:
        text = read_bytes(file)[:65536].decode("utf-8-sig", errors="strict")
    except (ManifestError, UnicodeDecodeError):
        return None
    first = text.partition("\n")[0].strip("\r")
    return first.split(",") if "," in first else None


def read_rows(file: Path, required: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a CSV file with a header.

    Raises:
        TraceFormatError: the file cannot be read, lacks a required column or has a column twice, or a row has
            another number of fields than the header. Empty lines are skipped.
    """
    try:
        text = read_bytes(file).decode("utf-8-sig")
    except ManifestError as error:
        raise TraceFormatError(str(error)) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise TraceFormatError(f"{file}:{line}: must be UTF-8, got byte {error.object[error.start]:#04x}") from None
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = next(reader, [])
        for column in required:
            if header.count(column) != 1:
                fault(file, 1, "header", f"have the column {column} once", ",".join(header))
        for values in reader:
            if not values:
                continue
            if len(values) < len(header):
                fault(file, reader.line_num, header[len(values)], "be there", ",".join(values))
            if len(values) > len(header):
                fault(file, reader.line_num, f"column {len(header) + 1}", "not be there", values[len(header)])
            yield Row(file, reader.line_num, dict(zip(header, values, strict=True)))
    except csv.Error as error:
        raise TraceFormatError(f"{file}:{reader.line_num}: must be CSV, got {error}") from None
