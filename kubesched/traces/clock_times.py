"""Dates and times in trace files, as nanoseconds since 1970."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kubesched.traces.rows import fault

_SECOND_NS = 10**9
_MOST_MICROS = 9 * 10**15
_MISSING = ("", "None", "null", "NaT", "nan")


def time_ns(text: str | None, path: Path, line: int, column: str) -> int:
    """Return an ISO date and time, UTC where no zone is given; -1 where it is missing.

    Raises:
        TraceFormatError: it is neither.
    """
    if text is None or text.strip() in _MISSING:
        return -1
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        fault(path, line, column, "be a date and time such as 2020-06-09 18:41:01", text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = round(moment.timestamp() * 10**6)
    if seconds < 0:
        fault(path, line, column, "not be before 1970", text)
    if seconds > _MOST_MICROS:
        fault(path, line, column, "not be after 2255", text)
    return seconds * (_SECOND_NS // 10**6)


def times_ns(texts: Iterable[str | None], path: Path, column: str, first_line: int = 2) -> list[int]:
    """Return a column of them."""
    return [time_ns(text, path, first_line + i, column) for i, text in enumerate(texts)]
