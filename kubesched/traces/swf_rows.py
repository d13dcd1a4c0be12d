"""The rows of a workload log as one array: fields between blanks, comments behind semicolons."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from kubesched.errors import TraceFormatError
from kubesched.traces.rows import fault
from kubesched.traces.table import is_gzip, open_text

NUM_FIELDS = 18
_MOST = 2**53
_TIMES = slice(1, 4)  # submission, wait and run
_MOST_SECONDS = 3 * 10**9  # the sum of the three fits int64 nanoseconds
_NEWLINE, _BLANK, _TAB, _RETURN = b"\n \t\r"

Floats = npt.NDArray[np.float64]


def read_swf_rows(path: Path) -> tuple[Floats, dict[str, str], int]:
    """Read a log; a plain one, whose comments are all at its head, at once, and any other line by line.

    Returns:
        float64 of shape (num_jobs, 18); the header, key -> value; and how many more fields the first row has.

    Raises:
        TraceFormatError: it is broken; path, line and field are named.
    """
    found = read_at_once(path) or read_by_line(path)
    rows = found[0]
    most = np.full(NUM_FIELDS, _MOST)
    most[_TIMES] = _MOST_SECONDS
    is_wrong = ~(np.abs(rows) <= most)
    if is_wrong.any():
        job, field = (int(i) for i in np.argwhere(is_wrong)[0])
        rule = f"have a number of at most {most[field]} in field {field + 1}"
        raise TraceFormatError(f"{path}: job {job + 1} must {rule}, got {rows[job, field]}")
    return found


def read_at_once(path: Path) -> tuple[Floats, dict[str, str], int] | None:
    """Read a log whose rows all have 18 fields; None where it is any other, or broken."""
    try:
        with pa.input_stream(str(path), compression="gzip" if is_gzip(path) else None) as stream:
            content = stream.read()
        start = _head_bytes(content)
        header = _header(content[:start].decode("utf-8-sig"))
        text = _single_blanks(np.frombuffer(content, np.uint8)[start:])
        if len(text) == 0:
            return None
        names = [str(i) for i in range(NUM_FIELDS)]
        table = pa_csv.read_csv(
            io.BytesIO(text),
            pa_csv.ReadOptions(column_names=names, use_threads=False),
            pa_csv.ParseOptions(delimiter=" ", quote_char=False),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.float64()), null_values=[]),
        )
    except (pa.ArrowInvalid, OSError, EOFError, UnicodeDecodeError):
        return None
    return np.column_stack([table.column(name).to_numpy() for name in names]), header, 0


def read_by_line(path: Path) -> tuple[Floats, dict[str, str], int]:
    """Read any log, and name the place of the first fault of a broken one; see `read_swf_rows`."""
    header: dict[str, str] = {}
    values: list[list[float]] = []
    extra = 0
    line = 0
    try:
        with open_text(path) as file:
            for line, text in enumerate(file, 1):
                if text.startswith(";"):
                    _add_comment(header, text)
                    continue
                fields = text.split(None, NUM_FIELDS)
                if not fields:
                    continue
                if len(fields) < NUM_FIELDS:
                    fault(path, line, "row", f"have at least {NUM_FIELDS} fields", f"{len(fields)}: {text.strip()}")
                values.append([_number(path, line, i, field) for i, field in enumerate(fields[:NUM_FIELDS], 1)])
                if len(values) == 1 and len(fields) > NUM_FIELDS:
                    extra = len(fields[NUM_FIELDS].split())
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise TraceFormatError(f"{path}:{line + 1}: must be a whole text file, got {error}") from None
    if not values:
        raise TraceFormatError(f"{path}: must have at least one job, got none")
    return np.array(values), header, extra


def _number(path: Path, line: int, field: int, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        fault(path, line, f"field {field}", "be a number", text)


def _head_bytes(content: bytes) -> int:
    """Return where the first row begins."""
    start = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    while content.startswith(b";", start):
        end = content.find(b"\n", start)
        if end < 0:
            return len(content)
        start = end + 1
    return start


def _header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in text.splitlines():
        _add_comment(header, line)
    return header


def _add_comment(header: dict[str, str], line: str) -> None:
    key, _, value = line.removeprefix(";").partition(":")
    header.setdefault(key.strip(), value.strip())


def _single_blanks(text: npt.NDArray[np.uint8]) -> bytes:
    """Return lines with one blank between fields and none at either end."""
    text = text[text != _RETURN]
    is_blank = (text == _BLANK) | (text == _TAB)
    goes = np.zeros(len(text), np.bool_)
    goes[:1] = True
    goes[1:] = is_blank[:-1] | (text[:-1] == _NEWLINE)
    text = np.where(is_blank, np.uint8(_BLANK), text)[~(goes & is_blank)]
    goes = np.zeros(len(text), np.bool_)
    goes[-1:] = True
    goes[:-1] = text[1:] == _NEWLINE
    packed: bytes = text[~(goes & (text == _BLANK))].tobytes()
    return packed
