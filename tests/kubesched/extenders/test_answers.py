"""Answers are decoded as Go does, and refused in its words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.extenders.answers import GoObject, decode_list, parse
from kubesched.extenders.failure import ExtenderFailure


def read(text: str) -> GoObject:
    return GoObject(parse(text.encode()), "ExtenderFilterResult", "v1.ExtenderFilterResult")


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("", "EOF", id="nothing"),
        pytest.param(" \n", "EOF", id="blanks"),
        pytest.param("{", "unexpected EOF", id="an object cut off"),
        pytest.param('{"a', "unexpected EOF", id="a key cut off"),
        pytest.param('{"a":"b', "unexpected EOF", id="a string cut off"),
        pytest.param('{"a":', "unexpected EOF", id="a value cut off"),
        pytest.param("[1", "unexpected EOF", id="a list cut off"),
        pytest.param("nul", "unexpected EOF", id="a literal cut off"),
        pytest.param("<html>", "invalid character '<' looking for beginning of value", id="html"),
        pytest.param("nope", "invalid character 'o' in literal null (expecting 'u')", id="no literal"),
        pytest.param("trua", "invalid character 'a' in literal true (expecting 'e')", id="nearly a literal"),
        pytest.param("{a: 1}", "invalid character 'a' looking for beginning of object key string", id="no key"),
        pytest.param('{"a" 1}', "invalid character '1' after object key", id="no colon"),
        pytest.param('{"a":1 "b":2}', "invalid character '\"' after object key:value pair", id="no comma in an object"),
        pytest.param("[1 2]", "invalid character '2' after array element", id="no comma in a list"),
        pytest.param('["a" {"b": [1]}]', "invalid character '{' after array element", id="no comma in a list of texts"),
        pytest.param("'a'", r"invalid character '\'' looking for beginning of value", id="a quote"),
        pytest.param("NaN", "invalid character 'N' looking for beginning of value", id="NaN"),
        pytest.param("[" * 100_000, "exceeded max depth", id="deep"),
    ],
)  # fmt: skip
def test_text_that_is_no_json(text: str, want: str) -> None:
    with pytest.raises(ExtenderFailure) as raised:
        parse(text.encode())
    assert str(raised.value) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("[]", "json: cannot unmarshal array into Go value of type v1.ExtenderFilterResult", id="a list"),
        pytest.param('"x"', "json: cannot unmarshal string into Go value of type v1.ExtenderFilterResult", id="a text"),
        pytest.param("1.5", "json: cannot unmarshal number into Go value of type v1.ExtenderFilterResult", id="a number"),
        pytest.param("true", "json: cannot unmarshal bool into Go value of type v1.ExtenderFilterResult", id="a bool"),
        pytest.param('{"nodenames": "a"}',
                     "json: cannot unmarshal string into Go struct field ExtenderFilterResult.NodeNames of type []string", id="names"),
        pytest.param('{"NodeNames": [1]}',
                     "json: cannot unmarshal number into Go struct field ExtenderFilterResult.NodeNames of type string", id="a name"),
        pytest.param('{"NodeNames": {}}',
                     "json: cannot unmarshal object into Go struct field ExtenderFilterResult.NodeNames of type []string", id="object"),
    ],
)  # fmt: skip
def test_values_of_another_type(text: str, want: str) -> None:
    with pytest.raises(ExtenderFailure) as raised:
        read(text).texts("NodeNames")
    assert str(raised.value) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param("{}", None, id="absent"),
        pytest.param("null", None, id="null for all"),
        pytest.param('{"NodeNames": null}', None, id="null"),
        pytest.param('{"NodeNames": []}', [], id="empty"),
        pytest.param('{"nodenames": ["a", null]} and more', ["a", ""], id="any case, null in it, more behind it"),
        pytest.param('{"NodeNames": ["a"], "NODENAMES": ["b"], "other": 1}', ["b"], id="the last one counts"),
    ],
)
def test_names(text: str, want: list[str] | None) -> None:
    assert read(text).texts("NodeNames") == want


@pytest.mark.parametrize(
    ("text", "want"),
    [
        pytest.param('{"Score": 1.5}', "number 1.5", id="a fraction"),
        pytest.param('{"Score": 1e2}', "number 1e2", id="an exponent"),
        pytest.param('{"Score": 9223372036854775808}', "number 9223372036854775808", id="too large"),
        pytest.param('{"Score": "1"}', "string", id="a text"),
        pytest.param('{"Score": true}', "bool", id="a bool"),
    ],
)
def test_numbers_are_integers_of_64_bits(text: str, want: str) -> None:
    with pytest.raises(ExtenderFailure) as raised:
        GoObject(parse(text.encode()), "HostPriority", "v1.HostPriority").integer("Score")
    assert str(raised.value) == f"json: cannot unmarshal {want} into Go struct field HostPriority.Score of type int64"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        value = parse(data)
        decode_list(value, "v1.HostPriorityList")
    except ExtenderFailure as failure:
        assert str(failure)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Nodes", "nodenames", "FailedNodes", "Error", "items", "x"]), inner, max_size=4
        )
    ),
    max_leaves=8,
)


@given(_VALUES)
def test_any_value_is_read_or_refused(value: object) -> None:
    try:
        answer = read(json.dumps(value))
        for read_field in (answer.text, answer.integer, answer.texts):
            read_field("Error")
        answer.text_map("FailedNodes", "v1.FailedNodesMap")
        nodes = answer.object("Nodes", "v1.NodeList")
        if nodes is not None:
            nodes.items("items", "[]v1.Node")
    except ExtenderFailure as failure:
        assert "json: cannot unmarshal" in str(failure)
