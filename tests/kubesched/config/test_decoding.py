"""Typed access to the fields of a configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.config.decoding import Section, parse_duration_ns, shown


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("0", 0, id="zero needs no unit"),
        pytest.param("-0", 0, id="neither does minus zero"),
        pytest.param("15s", 15 * 10**9, id="seconds"),
        pytest.param("1h2m3s", 3723 * 10**9, id="several units"),
        pytest.param("1.5ms", 1_500_000, id="a fraction"),
        pytest.param(".5us", 500, id="a bare fraction"),
        pytest.param("5.s", 5 * 10**9, id="a bare point"),
        pytest.param("1µs1μs", 2000, id="both micro letters"),
        pytest.param("-2ns", -2, id="negative"),
        pytest.param("+2ns", 2, id="positive"),
        pytest.param("0" * 30 + "1ns", 1, id="leading zeros"),
        pytest.param("0." + "3" * 30 + "s", 333_333_333, id="more digits than fit"),
        pytest.param("2562047h", 2562047 * 3600 * 10**9, id="292 years"),
        pytest.param("2562048h", None, id="more than 292 years"),
        pytest.param("9" * 5000 + "s", None, id="thousands of digits"),
        pytest.param("", None, id="nothing"),
        pytest.param("15", None, id="no unit"),
        pytest.param("15 s", None, id="a space"),
        pytest.param("s", None, id="no number"),
        pytest.param("1d", None, id="days"),
        pytest.param("-", None, id="a sign"),
        pytest.param("--1s", None, id="two signs"),
        pytest.param("1s\n", None, id="a newline"),
        pytest.param("١s", None, id="another script's digits"),
    ],
)
def test_parse_duration(text: str, want: int | None) -> None:
    assert parse_duration_ns(text) == want


@pytest.mark.parametrize(
    ("read", "value", "want", "want_fault"),
    [
        pytest.param(lambda s: s.integer("a"), 2**31 - 1, 2**31 - 1, "", id="32 bits"),
        pytest.param(lambda s: s.integer("a"), 2**31, 0, "a: must be an integer of 32 bits, got 2147483648", id="33 bits"),
        pytest.param(lambda s: s.integer("a", bits=64), -(2**63), -(2**63), "", id="64 bits"),
        pytest.param(lambda s: s.integer("a", bits=64), 10**5000, 0,
                     "a: must be an integer of 64 bits, got an integer of 16610 bits", id="thousands of digits"),
        pytest.param(lambda s: s.integer("a"), True, 0, "a: must be an integer of 32 bits, got True", id="a boolean is no integer"),
        pytest.param(lambda s: s.integer("a"), "1", 0, "a: must be an integer of 32 bits, got '1'", id="a text is no integer"),
        pytest.param(lambda s: s.integer("a", 7), None, 7, "", id="null is absent"),
        pytest.param(lambda s: s.boolean("a"), 0, False, "a: must be true or false, got 0", id="zero is no boolean"),
        pytest.param(lambda s: s.text("a", "b"), None, "b", "", id="a default"),
        pytest.param(lambda s: s.text("a", "b"), "", "", "", id="an empty text is given"),
        pytest.param(lambda s: s.number("a"), 1e39, None, "a: must be a number, got 1e+39", id="more than 32-bit floats hold"),
        pytest.param(lambda s: s.number("a"), float("nan"), None, "a: must be a number, got nan", id="not a number"),
        pytest.param(lambda s: s.number("a"), 50, None, "", id="an integer is a number"),
        pytest.param(lambda s: s.texts("a"), ["b", 1, None], ["b", "", ""], "a[1]: must be a string, got 1", id="texts"),
        pytest.param(lambda s: s.texts("a"), "b", [], "a: must be a list, got 'b'", id="a text is no list"),
        pytest.param(lambda s: s.texts("a"), ("b",), ["b"], "", id="a tuple is a list"),
        pytest.param(lambda s: s.duration_ns("a"), 5, 0, "a: must be a duration such as 15s, got 5", id="a number is no duration"),
        pytest.param(lambda s: s.binary("a"), "aGk=\n", b"hi", "", id="base64"),
        pytest.param(lambda s: s.binary("a"), "aGk", b"", "a: must be bytes in base64, got 'aGk'", id="base64 cut off"),
        pytest.param(lambda s: s.binary("a"), "ä", b"", "a: must be bytes in base64, got 'ä'", id="no base64"),
        pytest.param(lambda s: s.binary("a"), 1, b"", "a: must be bytes in base64, got 1", id="a number is no base64"),
        pytest.param(lambda s: s.section("a").path, 1, "a", "a: must be a mapping, got 1", id="a number is no mapping"),
        pytest.param(lambda s: s.section("a").section("b").at("c"), {}, "a.b.c", "", id="a path"),
        pytest.param(lambda s: s.sections("a")[1].at("b"), [{}, {}], "a[1].b", "", id="a path through a list"),
    ],
)  # fmt: skip
def test_fields(read: Callable[[Section], Any], value: Any, want: Any, want_fault: str) -> None:
    faults: list[str] = []
    section = Section({"a": value}, "", faults)
    assert read(section) == want
    section.finish()
    assert faults == ([want_fault] if want_fault else [])


def test_fields_that_nobody_reads_are_named() -> None:
    faults: list[str] = []
    section = Section({"a": 1, "b": None, 3: 1, "\ud800": 1}, "x", faults)
    section.integer("a")
    section.finish()
    assert faults == ["x.b: unknown field", "x.3: unknown field", "x.'\\ud800': unknown field"]


def test_values_are_cut_where_they_are_long() -> None:
    assert shown("a" * 200) == "'" + "a" * 116 + "..."
    assert len(shown([["a" * 200] * 200] * 200)) <= 120
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    assert shown(deep) == "[[[[[[[...]]]]]]]"


@given(st.text(alphabet="0123456789.+-hmsunµ", max_size=12))
def test_any_text_is_a_duration_or_none(text: str) -> None:
    parsed = parse_duration_ns(text)
    assert parsed is None or abs(parsed) < 2**63
