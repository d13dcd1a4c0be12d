"""Quantities: exact values, rounding up, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.api.quantity import NANOS, milli_units, parse_quantity, parse_text, whole_units
from kubesched.errors import ObjectError
from tests.oracle.quantities import milli, parse, whole

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "e3", "E-2"]


@pytest.mark.parametrize(
    ("text", "want_whole", "want_milli"),
    [
        pytest.param("1", 1, 1000, id="a plain number"),
        pytest.param("100m", 1, 100, id="milli round up to one"),
        pytest.param("1.5Gi", 3 * 2**29, 1500 * 2**30, id="a binary suffix with a fraction"),
        pytest.param("1e3", 1000, 10**6, id="a decimal exponent"),
        pytest.param("1E", 10**18, 10**21, id="E alone is exa"),
        pytest.param("0.1n", 1, 1, id="finer than nano rounds up"),
        pytest.param(".5", 1, 500, id="no digit before the point"),
        pytest.param("5.", 5, 5000, id="no digit behind the point"),
        pytest.param("+2k", 2000, 2_000_000, id="a plus sign"),
        pytest.param("128974848000m", 128974848, 128974848000, id="memory in milli"),
    ],
)
def test_values(text: str, want_whole: int, want_milli: int) -> None:
    nanos = parse_quantity(text, "field")
    assert (whole_units(nanos), milli_units(nanos)) == (want_whole, want_milli)


@pytest.mark.parametrize("value", ["", "1x", "1 Gi", "Gi", "1.2.3", "--1", "1e", "0x10", "١", True, None, [], "1e9999"])
def test_what_is_no_quantity_is_refused_with_field_and_value(value: object) -> None:
    with pytest.raises(ObjectError, match=r"limits\.cpu must be a quantity"):
        parse_quantity(value, "limits.cpu")


def test_negative_and_huge_ones_are_refused() -> None:
    with pytest.raises(ObjectError, match=r"cpu must be a quantity that is not negative, got '-1'"):
        parse_quantity("-1", "cpu")
    with pytest.raises(ObjectError, match=r"cpu must be a quantity below 2\*\*63, got '10E'"):
        parse_quantity("10E", "cpu")


@given(st.integers(0, 10**12), st.integers(0, 999), st.sampled_from(SUFFIXES))
def test_agrees_with_exact_fractions(integer: int, fraction: int, suffix: str) -> None:
    text = f"{integer}.{fraction:03d}"
    nanos = parse_text(text + suffix)
    exponent = int(suffix[1:]) if suffix[:1] in ("e", "E") else None
    exact = Fraction(text) * Fraction(10) ** exponent if exponent is not None else parse(text + suffix)
    in_nanos = Fraction(-(-exact * NANOS // 1), NANOS)
    assert nanos is not None
    assert (whole_units(nanos), milli_units(nanos)) == (whole(in_nanos), milli(in_nanos))


@given(st.one_of(st.integers(0, 2**40), st.floats(0, 1e12)))
def test_numbers_read_as_their_text(value: float) -> None:
    assert parse_quantity(value, "field") == parse_quantity(repr(value), "field")
