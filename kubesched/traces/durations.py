"""Times as people write them: 90s, 1.5h, 1h30m."""

from __future__ import annotations

import re
from fractions import Fraction

_UNITS_NS = {
    "ns": 1,
    "us": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
    "d": 86400 * 10**9,
}
_PART = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(ns|us|ms|s|m|h|d)", re.ASCII)
MOST_NS = 2**62


def parse_duration_ns(text: str) -> int | None:
    """Return nanoseconds, rounded to whole ones; None where the text is no time, or longer than 2**62 ns (146 years).

    A bare "0" is one, other numbers need a unit: ns, us, ms, s, m, h or d.
    """
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    total = sum(round(Fraction(number) * _UNITS_NS[unit]) for number, unit in parts)
    return total if total <= MOST_NS else None
