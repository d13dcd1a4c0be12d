"""Kubernetes quantities: `100m`, `1.5Gi`, `2e3`.

A quantity is kept as an integer number of nanos (10**-9); finer ones are rounded up. Quantities of a resource list are
rounded up to thousandths before they are added up, as the API server does (SetDefaults_ResourceList, v1.34).

The text is what the grammar of apimachinery/pkg/api/resource (v1.34) gives, white space around it allowed. Upstream's
parser also takes a sign, a point or a suffix without any digit for zero, which is an accident: that is refused here.
"""

from __future__ import annotations

import re
from functools import lru_cache

from kubesched.api.fields import fault

NANOS = 10**9
NANOS_PER_MILLI = 10**6
_MOST = 2**63 - 1

_QUANTITY = re.compile(
    r"([+-]?)([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE]([+-]?[0-9]+)|([KMGTPE]i)|([numkMGTPE]))?", re.ASCII
)
_SPACE = " \t\n\v\f\r\x85\xa0"
_POWERS_OF_1024 = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_POWERS_OF_TEN = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_LONGEST_TEXT = 1000
# Beyond it, with that many digits at most, a quantity is either less than a nano or does not fit 64 bits.
_LARGEST_EXPONENT = 2 * _LONGEST_TEXT


@lru_cache(maxsize=65536)
def parse_text(text: str) -> int | None:
    """Return the nanos of a quantity's text, rounded away from zero; None where it is no quantity."""
    match = _QUANTITY.fullmatch(text.strip(_SPACE)) if len(text) <= _LONGEST_TEXT else None
    if match is None:
        return None
    sign, number, exponent, binary, decimal = match.groups()
    whole, _, fraction = number.partition(".")
    mantissa = int(whole + fraction)
    power = 9 - len(fraction)
    if binary:
        mantissa <<= 10 * _POWERS_OF_1024[binary]
    elif decimal:
        power += _POWERS_OF_TEN[decimal]
    elif exponent:
        power += max(-_LARGEST_EXPONENT, min(_LARGEST_EXPONENT, int(exponent)))
    scale: int = 10 ** abs(power)
    nanos = mantissa * scale if power >= 0 else -(-mantissa // scale)
    return -nanos if sign == "-" else nanos


def parse_quantity(value: object, path: str) -> int:
    """Return the nanos of a quantity that is not negative.

    Args:
        value: a string, or a number as YAML and JSON readers give it.
        path: the field, for the error.

    Raises:
        ObjectError: it is no quantity, is negative, or does not fit 64 bits.
    """
    nanos: int | None = None
    if isinstance(value, str):
        nanos = parse_text(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        nanos = value * NANOS
    elif isinstance(value, float):
        nanos = parse_text(repr(value))
    if nanos is None:
        fault(path, "be a quantity", value)
    if nanos < 0:
        fault(path, "be a quantity that is not negative", value)
    if nanos > _MOST * NANOS and isinstance(value, str) and value.rstrip(_SPACE).endswith("i"):
        return _MOST * NANOS  # ParseQuantity caps quantities with a binary suffix, and only those
    if nanos > _MOST * NANOS:
        fault(path, "be a quantity below 2**63", value)
    return nanos


def whole_units(nanos: int) -> int:
    """Round up to whole units, as Quantity.Value does."""
    return -(-nanos // NANOS)


def milli_units(nanos: int) -> int:
    """Round up to thousandths, as Quantity.MilliValue does."""
    return -(-nanos // NANOS_PER_MILLI)
