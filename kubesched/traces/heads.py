"""The beginning of a file, by which formats are told apart."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path

_MOST_BYTES = 2**16


def head(path: Path) -> str:
    """Return the first 64 KiB of a file as text, unzipped; empty where it is a folder or no text."""
    if not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            start = file.read(_MOST_BYTES)
        if start[:2] == b"\x1f\x8b":
            with gzip.open(path, "rb") as zipped:
                start = zipped.read(_MOST_BYTES)
    except (OSError, EOFError, zlib.error):
        return ""
    if b"\0" in start:
        return ""
    return start.decode("utf-8-sig", errors="ignore")


def first_row(path: Path) -> list[str]:
    """Return the fields of the first line, taken for CSV; empty where it is none."""
    line = head(path).partition("\n")[0].rstrip("\r")
    try:
        return [value.strip() for value in next(csv.reader([line]), [])]
    except csv.Error:
        return []


def has_columns(path: Path, *names: str) -> bool:
    """Tell whether the first line names these columns, among others."""
    return set(names) <= set(first_row(path))
