"""Kubernetes quantities, exactly: `100m`, `1.5Gi`, `2e3`.

A quantity is kept as an integer number of nanos (10**-9); finer ones are rounded up, as in
apimachinery/pkg/api/resource (v1.34).
"""

from __future__ import annotations

import re
from functools import lru_cache

from kubesched.api.fields import fault

NANOS = 10**9
_NANOS_PER_MILLI = 10**6
_MOST = 2**63 - 1

_QUANTITY = re.compile(r"([+-]?)(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d{1,3})|(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]))?", re.ASCII)
_SUFFIXES = {
    "n": (1, 9),
    "u": (1, 6),
    "m": (1, 3),
    "k": (10**3, 0),
    "M": (10**6, 0),
    "G": (10**9, 0),
    "T": (10**12, 0),
    "P": (10**15, 0),
    "E": (10**18, 0),
    "Ki": (2**10, 0),
    "Mi": (2**20, 0),
    "Gi": (2**30, 0),
    "Ti": (2**40, 0),
    "Pi": (2**50, 0),
    "Ei": (2**60, 0),
}


@lru_cache(maxsize=65536)
def parse_text(text: str) -> int | None:
    """Return the nanos of a quantity's text; None where it is no quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    sign, digits, exponent, suffix = match.groups()
    whole, _, fraction = digits.partition(".")
    numerator = int(whole + fraction)
    decimals = len(fraction)
    if suffix:
        factor, shift = _SUFFIXES[suffix]
        numerator *= factor
        decimals += shift
    elif exponent:
        decimals -= int(exponent[1:])
    decimals -= 9
    scale: int = 10 ** abs(decimals)
    nanos = numerator * scale if decimals <= 0 else -(-numerator // scale)
    return -nanos if sign == "-" else nanos


def parse_quantity(value: object, path: str) -> int:
    """Return the nanos of a quantity that is not negative.

    Args:
        value: a string, or a number as YAML and JSON readers give it.
        path: the field, for the error.

    Raises:
        ObjectError: it is no quantity, is negative, or does not fit 64 bits.
    """
    nanos: int | None
    if type(value) is str:
        nanos = parse_text(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        nanos = parse_text(repr(value))
    else:
        nanos = None
    if nanos is None:
        fault(path, "be a quantity", value)
    if nanos < 0:
        fault(path, "be a quantity that is not negative", value)
    if nanos > _MOST * NANOS:
        fault(path, "be a quantity below 2**63", value)
    return nanos


def whole_units(nanos: int) -> int:
    """Round up to whole units, as Quantity.Value does."""
    return -(-nanos // NANOS)


def milli_units(nanos: int) -> int:
    """Round up to thousandths, as Quantity.MilliValue does."""
    return -(-nanos // _NANOS_PER_MILLI)
