"""NodeAffinityArgs.addedAffinity."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.config import load_config
from kubesched.config.plugin_args import NodeAffinityArgs
from kubesched.errors import ConfigError
from tests.builders import plugin_args

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def read(**added: Any) -> NodeAffinityArgs:
    (profile,) = load_config(plugin_args("NodeAffinity", addedAffinity=added)).profiles
    return profile.args.node_affinity


def term(key: str, operator: str, *values: str, **more: Any) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values), **more}]}


def name_is(*names: Any, key: str = "metadata.name", operator: str = "In") -> dict[str, Any]:
    return {"matchFields": [{"key": key, "operator": operator, "values": list(names)}]}


def required(*terms: Any) -> dict[str, Any]:
    return {REQUIRED: {"nodeSelectorTerms": list(terms)}}


def preferred(weight: int, preference: Any) -> dict[str, Any]:
    return {PREFERRED: [{"weight": weight, "preference": preference}]}


GPU = term("gpu", "In", "a")
READ_GPU: tuple[list[Any], list[Any]] = ([("gpu", 0, ["a"])], [])


@pytest.mark.parametrize(
    ("added", "want"),
    [
        pytest.param({}, NodeAffinityArgs(), id="nothing"),
        pytest.param({REQUIRED: None, PREFERRED: None}, NodeAffinityArgs(), id="nulls"),
        pytest.param({REQUIRED: {}}, NodeAffinityArgs(required=()), id="a selector without terms, which selects no node"),
        pytest.param(required(GPU, {}), NodeAffinityArgs(required=(READ_GPU, ([], []))), id="an empty term beside another"),
        pytest.param(required({**GPU, **name_is("n")}), NodeAffinityArgs(required=(([("gpu", 0, ["a"])], [("metadata.name", 0, ["n"])]),)),
                     id="labels and name"),
        pytest.param(preferred(5, GPU), NodeAffinityArgs(preferred=((5, READ_GPU),)), id="a preference"),
        pytest.param(preferred(-500, GPU), NodeAffinityArgs(preferred=((-500, READ_GPU),)), id="upstream takes any weight"),
        pytest.param(preferred(0, GPU), NodeAffinityArgs(), id="a preference without weight"),
        pytest.param(preferred(5, {}), NodeAffinityArgs(), id="a preference for nothing"),
        pytest.param(preferred(0, term("", "Is")), NodeAffinityArgs(), id="without weight nothing is checked"),
    ],
)  # fmt: skip
def test_added_affinity_is_read(added: dict[str, Any], want: NodeAffinityArgs) -> None:
    assert read(**added) == want


@pytest.mark.parametrize(
    ("broken", "want"),
    [
        pytest.param(term("a", "Is"), "matchExpressions[0].operator: must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, got 'Is'",
                     id="an operator"),
        pytest.param(term("a", ""), "matchExpressions[0].operator: must be one of", id="no operator"),
        pytest.param(term("a b", "Exists"), "matchExpressions[0].key: must be a label key, got 'a b'", id="a key"),
        pytest.param(term("a", "In"), "matchExpressions[0].values: must have at least one value", id="In without values"),
        pytest.param(term("a", "Exists", "b"), "matchExpressions[0].values: must be empty", id="Exists with a value"),
        pytest.param(term("a", "Gt", "1", "2"), "matchExpressions[0].values: must have exactly one value", id="Gt with two values"),
        pytest.param(term("a", "Gt", "x"), "matchExpressions[0].values[0]: must be an integer for Gt and Lt, got 'x'",
                     id="Gt with a text"),
        pytest.param(term("a", "In", "b c"), "matchExpressions[0].values[0]: must be a label value, got 'b c'", id="a value"),
        pytest.param(term("a", "Exists", value="b"), "matchExpressions[0].value: unknown field", id="a typo"),
        pytest.param({"matchExpressions": {}}, "matchExpressions: must be a list, got {}", id="a mapping for a list"),
        pytest.param({"matchLabels": {"a": "b"}}, "matchLabels: unknown field", id="labels of another selector"),
        pytest.param(name_is("a", operator="Exists"), "matchFields[0].operator: must be one of In, NotIn, got 'Exists'",
                     id="an operator that fields have not"),
        pytest.param(name_is("a", "b"), "matchFields[0].values: must have exactly one value", id="two names"),
        pytest.param(name_is("a", key="spec.x"), "matchFields[0].key: must be metadata.name, got 'spec.x'", id="another field"),
        pytest.param(name_is(1), "matchFields[0].values[0]: must be a string, got 1", id="a number for a name"),
    ],
)  # fmt: skip
def test_a_broken_term_is_refused(broken: dict[str, Any], want: str) -> None:
    base = "profiles[0].pluginConfig[0].args.addedAffinity."
    with pytest.raises(ConfigError, match=re.escape(f"{base}{REQUIRED}.nodeSelectorTerms[1].{want}")):
        read(**required(GPU, broken))
    with pytest.raises(ConfigError, match=re.escape(f"{base}{PREFERRED}[0].preference.{want}")):
        read(**preferred(1, broken))


def test_every_broken_expression_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        read(
            **required(
                {"matchExpressions": [{"key": "", "operator": "Exists"}, {"key": "a", "operator": "x"}]}, name_is()
            )
        )
    assert len(str(caught.value).split("; ")) == 3
