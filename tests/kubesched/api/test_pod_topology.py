"""Topology spread constraints and inter-pod affinity terms in a pod's record, and their faults."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.api.pod_codec import encode_pod
from kubesched.errors import ObjectError
from tests.records import PodRecord, read_pod

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
LABELS = {"app": "web", "pod-template-hash": "7f"}
WEB = {"matchLabels": {"app": "web"}}
IS_WEB = ("app", "In", ["web"])


def pod_of(**spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "a", "namespace": "team-a", "labels": LABELS},
        "spec": {"containers": [{}], **spec},
    }


def spread(**fields: Any) -> dict[str, Any]:
    constraint = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", **fields}
    return pod_of(topologySpreadConstraints=[constraint])


def apart(**fields: Any) -> dict[str, Any]:
    return pod_of(affinity={"podAntiAffinity": {REQUIRED: [{"topologyKey": "zone", **fields}]}})


def record_of(pod: dict[str, Any]) -> PodRecord:
    return read_pod(encode_pod(pod))


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(spread(), {}, id="defaults"),
        pytest.param(spread(maxSkew=5, whenUnsatisfiable="ScheduleAnyway", nodeAffinityPolicy="Ignore",
                            nodeTaintsPolicy="Honor"),
                     {"max_skew": 5, "when": "ScheduleAnyway", "affinity_policy": "Ignore", "taints_policy": "Honor"},
                     id="everything else"),
        pytest.param(spread(minDomains=3), {"min_domains": 3}, id="least domains"),
        pytest.param(spread(topologyKey="not a label key"), {"topology_key": "not a label key"},
                     id="the API server takes any topology key"),
        pytest.param(spread(labelSelector={}), {"selector": []}, id="a selector of everything"),
        pytest.param(spread(labelSelector={"matchLabels": {"b": "2", "a": "1"},
                                           "matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]}),
                     {"selector": [("a", "In", ["1"]), ("b", "In", ["2"]), ("c", "DoesNotExist", [])]},
                     id="a selector"),
        pytest.param(spread(labelSelector=WEB, matchLabelKeys=["pod-template-hash", "absent"]),
                     {"selector": [IS_WEB, ("pod-template-hash", "In", ["7f"])]}, id="label keys that the pod has"),
    ],
)  # fmt: skip
def test_spread_constraints(pod: dict[str, Any], want: dict[str, Any]) -> None:
    defaults = {
        "max_skew": 1,
        "topology_key": "zone",
        "when": "DoNotSchedule",
        "selector": None,
        "min_domains": 1,
        "affinity_policy": "Honor",
        "taints_policy": "Ignore",
    }
    assert record_of(pod).spread == [{**defaults, **want}]


@pytest.mark.parametrize(
    ("fields", "want"),
    [
        pytest.param({}, {}, id="no selector matches nothing"),
        pytest.param({"labelSelector": WEB}, {"selector": [IS_WEB]}, id="pods of its own namespace"),
        pytest.param({"namespaces": ["b", "a", "b"]}, {"namespaces": ["a", "b"]}, id="namespaces by name"),
        pytest.param({"namespaceSelector": {}}, {"namespaces": [], "namespace_selector": []}, id="all namespaces"),
        pytest.param({"namespaceSelector": WEB, "namespaces": ["b"]},
                     {"namespaces": ["b"], "namespace_selector": [IS_WEB]}, id="both"),
        pytest.param({"namespaces": []}, {}, id="an empty list of namespaces is none"),
        pytest.param({"labelSelector": {}, "matchLabelKeys": ["app"], "mismatchLabelKeys": ["pod-template-hash", "b"]},
                     {"selector": [IS_WEB, ("pod-template-hash", "NotIn", ["7f"])]}, id="label keys"),
    ],
)  # fmt: skip
def test_affinity_terms(fields: dict[str, Any], want: dict[str, Any]) -> None:
    defaults = {"topology_key": "zone", "selector": None, "namespaces": ["team-a"], "namespace_selector": None}
    assert record_of(apart(**fields)).required_anti_affinity == [{**defaults, **want}]


def test_each_list_of_terms_keeps_its_place() -> None:
    def term(key: str) -> dict[str, Any]:
        return {"topologyKey": key}

    affinity = {
        "podAffinity": {REQUIRED: [term("a")], PREFERRED: [{"weight": 1, "podAffinityTerm": term("b")}]},
        "podAntiAffinity": {REQUIRED: [term("c")], PREFERRED: [{"weight": 100, "podAffinityTerm": term("d")}]},
    }
    record = record_of(pod_of(affinity=affinity))
    assert [term["topology_key"] for term in record.required_affinity + record.required_anti_affinity] == ["a", "c"]
    preferred = record.preferred_affinity + record.preferred_anti_affinity
    assert [(weight, term["topology_key"]) for weight, term in preferred] == [(1, "b"), (100, "d")]


SPREAD = "pod team-a/a: spec.topologySpreadConstraints[0]"
APART = f"pod team-a/a: spec.affinity.podAntiAffinity.{REQUIRED}[0]"


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(spread(maxSkew=-1), f"{SPREAD}.maxSkew must be a positive integer, got -1", id="a negative skew"),
        pytest.param(spread(maxSkew=None), f"{SPREAD}.maxSkew must be a positive integer, got None", id="no skew"),
        pytest.param(spread(maxSkew=True), f"{SPREAD}.maxSkew must be a positive integer, got True", id="a true skew"),
        pytest.param(spread(topologyKey=None), f"{SPREAD}.topologyKey must be a label key, got ''",
                     id="no topology key"),
        pytest.param(spread(whenUnsatisfiable=None),
                     f"{SPREAD}.whenUnsatisfiable must be one of DoNotSchedule, ScheduleAnyway", id="no action"),
        pytest.param(spread(minDomains=0), f"{SPREAD}.minDomains must be an integer in 1..2147483647, got 0",
                     id="no domains"),
        pytest.param(spread(minDomains=2, whenUnsatisfiable="ScheduleAnyway"),
                     f"{SPREAD}.minDomains must be absent unless whenUnsatisfiable is DoNotSchedule, got 2",
                     id="least domains of a wish"),
        pytest.param(spread(nodeTaintsPolicy="Maybe"), f"{SPREAD}.nodeTaintsPolicy must be one of Honor, Ignore",
                     id="an unknown policy"),
        pytest.param(spread(matchLabelKeys=["app"]),
                     f"{SPREAD}.matchLabelKeys must be empty where labelSelector is absent, got ['app']",
                     id="label keys without a selector"),
        pytest.param(spread(labelSelector={}, matchLabelKeys=["a b"]),
                     f"{SPREAD}.matchLabelKeys[0] must be a label key, got 'a b'", id="a malformed label key"),
        pytest.param(spread(labelSelector={"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}),
                     f"{SPREAD}.labelSelector.matchExpressions[0].operator must be one of In, NotIn, Exists,"
                     " DoesNotExist, got 'Gt'", id="Gt is for nodes alone"),
        pytest.param(apart(topologyKey="a b"), f"{APART}.topologyKey must be a label key, got 'a b'",
                     id="a malformed topology key"),
        pytest.param(apart(namespaces=["A"]), f"{APART}.namespaces[0] must be a DNS label, got 'A'",
                     id="a malformed namespace"),
        pytest.param(apart(labelSelector={"matchLabels": {"a": "x y"}}),
                     f"{APART}.labelSelector.matchLabels[a] must be a label value, got 'x y'", id="a malformed value"),
        pytest.param(apart(labelSelector="app=web"), f"{APART}.labelSelector must be a mapping, got 'app=web'",
                     id="a selector is text"),
        pytest.param(apart(labelSelector={}, matchLabelKeys=["app"], mismatchLabelKeys=["app"]),
                     f"{APART}.mismatchLabelKeys[0] must not be in matchLabelKeys, too, got 'app'",
                     id="a label key that shall match and not"),
        pytest.param(pod_of(affinity={"podAffinity": {PREFERRED: [{"podAffinityTerm": {"topologyKey": "a"}}]}}),
                     f"podAffinity.{PREFERRED}[0].weight must be an integer in 1..100, got None", id="no weight"),
        pytest.param(pod_of(affinity=[]), "pod team-a/a: spec.affinity must be a mapping, got []",
                     id="affinity is a list"),
    ],
)  # fmt: skip
def test_faults(pod: dict[str, Any], want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(want)):
        encode_pod(pod)
