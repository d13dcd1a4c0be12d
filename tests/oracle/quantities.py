"""Quantities as exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

_SUFFIXES: dict[str, Fraction] = {
    "": Fraction(1),
    "n": Fraction(1, 10**9),
    "u": Fraction(1, 10**6),
    "m": Fraction(1, 1000),
}
_SUFFIXES |= {suffix: Fraction(1000**i) for i, suffix in enumerate("kMGTPE", start=1)}
_SUFFIXES |= {f"{letter}i": Fraction(1024**i) for i, letter in enumerate("KMGTPE", start=1)}


def parse(value: object) -> Fraction:
    text = str(value)
    for suffix in sorted(_SUFFIXES, key=len, reverse=True):
        if suffix and text.endswith(suffix):
            return Fraction(text[: -len(suffix)]) * _SUFFIXES[suffix]
    return Fraction(text)


def milli(value: Fraction) -> int:
    return math.ceil(value * 1000)


def whole(value: Fraction) -> int:
    return math.ceil(value)
