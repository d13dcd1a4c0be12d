"""Quantities: every text is read as a parser written from the grammar reads it, or refused by both."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kubesched.api.quantity import NANOS, milli_units, parse_quantity, parse_text, whole_units
from kubesched.errors import ObjectError

DECIMAL_POWERS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY_POWERS = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def read_slowly(text: str) -> Fraction | None:
    """Read <sign><number><suffix> character by character."""
    rest = text[1:] if text[:1] in ("+", "-") else text
    length = 0
    while length < len(rest) and rest[length] in "0123456789.":
        length += 1
    number, suffix = rest[:length], rest[length:]
    if number.count(".") > 1 or not number.strip("."):
        return None
    if suffix in DECIMAL_POWERS:
        factor = Fraction(10) ** DECIMAL_POWERS[suffix]
    elif suffix in BINARY_POWERS:
        factor = Fraction(2) ** BINARY_POWERS[suffix]
    else:
        digits = suffix[2:] if suffix[1:2] in ("+", "-") else suffix[1:]
        if suffix[0] not in "eE" or not digits or digits.strip("0123456789"):
            return None
        factor = Fraction(10) ** int(suffix[1:])
    value = Fraction(Decimal("0" + number)) * factor
    return -value if text.startswith("-") else value


@given(st.text("0123456789+-.eEinumkKMGTP", max_size=6))
@example("1E")
@example("1e")
@example("1E3")
@example("1Ei")
@example("1E0000000003")
@example("-.5m")
@example("+")
@example(".")
@example("Gi")
def test_reads_what_the_grammar_gives(text: str) -> None:
    want = read_slowly(text)
    nanos = parse_text(text)
    if want is None or nanos is None:
        assert nanos == want
        return
    if abs(want) >= 2**63:  # too large for anything; how large is not told
        assert abs(nanos) >= 2**63 * NANOS
        return
    want_nanos = math.ceil(abs(want) * NANOS)
    assert nanos == (-want_nanos if want < 0 else want_nanos)


@pytest.mark.parametrize(
    ("text", "want_milli"),
    [
        pytest.param(" 100m\n", 100, id="white space around it is taken off"),
        pytest.param("0." + "0" * 900 + "1", 1, id="the smallest amount is a thousandth"),
        pytest.param("0e99999999999999999999", 0, id="no exponent makes anything of nought"),
        pytest.param("1e-99999999999999999999", 1, id="a huge negative exponent still rounds up"),
        pytest.param("8Ei", (2**63 - 1) * 1000, id="a binary suffix is capped at the largest integer"),
        pytest.param("9999Ei", (2**63 - 1) * 1000, id="however large"),
        pytest.param("9223372036854775807", (2**63 - 1) * 1000, id="the largest integer"),
    ],
)
def test_edges(text: str, want_milli: int) -> None:
    assert milli_units(parse_quantity(text, "field")) == want_milli


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("9223372036854775808", id="one more than the largest integer"),
        pytest.param("1e99999999999999999999", id="a huge exponent"),
        pytest.param(10**5000, id="an integer of thousands of digits"),
        pytest.param("1" * 1001, id="a text of more than a thousand characters"),
        pytest.param(1e300, id="a large float"),
        pytest.param(float("nan"), id="no number"),
        pytest.param(float("inf"), id="infinity"),
        pytest.param("\ud800", id="half a surrogate pair"),
        pytest.param({"a": [10**5000]}, id="a mapping"),
    ],
)
def test_what_does_not_fit_is_refused(value: object) -> None:
    with pytest.raises(ObjectError, match="field must be a quantity"):
        parse_quantity(value, "field")


@given(st.decimals(0, 10**9, places=6))
def test_rounds_up_and_never_down(value: Decimal) -> None:
    nanos = parse_quantity(str(value), "field")
    assert whole_units(nanos) == math.ceil(Fraction(value))
    assert milli_units(nanos) == math.ceil(Fraction(value) * 1000)
