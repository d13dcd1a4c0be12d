"""Extenders cut the candidates of a preemption."""

from __future__ import annotations

from typing import Any

import pytest

from kubesched.config.extenders import ExtenderConfig
from kubesched.extenders import Extender, ExtenderFailure, Victims, process_preemption
from tests.builders import make_bound_pod, make_pod
from tests.extender_server import serving


def victim(name: str, uid: str = "") -> dict[str, Any]:
    pod = make_bound_pod(name, "a")
    if uid:
        pod["metadata"]["uid"] = uid
    return pod


CANDIDATES = {"a": Victims((victim("v", "u1"), victim("w"))), "b": Victims((victim("x", "u3"),), 1)}
KEEP_A = {"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "default/w"}], "NumPDBViolations": 2}}}


def ask(answer: Any, *, whole: bool = False, ignorable: bool = False) -> tuple[Any, list[dict[str, Any]]]:
    with serving({"preempt": answer}) as server:
        config = ExtenderConfig(
            url_prefix=server.url, preempt_verb="preempt", node_cache_capable=not whole, ignorable=ignorable
        )
        result = process_preemption([Extender(config)], make_pod("p"), CANDIDATES)
        return result, server.args("preempt")


def test_names_are_sent_and_turned_into_pods() -> None:
    result, (args,) = ask(KEEP_A)
    assert result == {"a": Victims((CANDIDATES["a"].pods[1],), 2)}
    assert args["NodeNameToVictims"] is None
    assert args["NodeNameToMetaVictims"] == {
        "a": {"Pods": [{"UID": "u1"}, {"UID": "default/w"}], "NumPDBViolations": 0},
        "b": {"Pods": [{"UID": "u3"}], "NumPDBViolations": 1},
    }


def test_whole_pods_are_sent_to_one_without_a_cache() -> None:
    _, (args,) = ask(KEEP_A, whole=True)
    assert args["NodeNameToMetaVictims"] is None
    assert args["NodeNameToVictims"]["b"]["Pods"] == [CANDIDATES["b"].pods[0]]


@pytest.mark.parametrize(
    ("answer", "want"),
    [
        pytest.param({"NodeNameToMetaVictims": {"a": {"Pods": []}}}, 'expected at least one victim pod on node "a"', id="no victims"),
        pytest.param({"NodeNameToMetaVictims": {"z": {"Pods": []}}}, 'nodeinfo not found for node name "z"', id="no such node"),
        pytest.param({"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "?"}]}}},
                     "claims to preempt pod (UID: &{?}) on node: a, but the pod is not found on that node", id="no such pod"),
        pytest.param({"NodeNameToMetaVictims": []}, "json: cannot unmarshal array", id="a list"),
        pytest.param(b"", "EOF", id="nothing"),
        pytest.param(500, "failed preempt with extender at URL", id="a code"),
    ],
)  # fmt: skip
def test_rubbish_fails_unless_it_may_be_ignored(answer: Any, want: str) -> None:
    with pytest.raises(ExtenderFailure) as raised:
        ask(answer)
    assert want in str(raised.value)
    kept, _ = ask(answer, ignorable=True)
    assert kept == ({} if "at least one" in want else CANDIDATES)


def test_a_victim_may_be_any_pod_of_the_node() -> None:
    other = victim("other", "u9")
    with serving({"preempt": {"NodeNameToMetaVictims": {"a": {"Pods": [{"UID": "u9"}]}}}}) as server:
        config = ExtenderConfig(url_prefix=server.url, preempt_verb="preempt", node_cache_capable=True)
        result = process_preemption([Extender(config)], make_pod("p"), CANDIDATES, lambda name: [other])
    assert result == {"a": Victims((other,))}


def test_without_a_preempt_verb_nobody_is_asked() -> None:
    assert (
        process_preemption([Extender(ExtenderConfig(url_prefix="http://127.0.0.1:1"))], make_pod("p"), CANDIDATES)
        == CANDIDATES
    )
