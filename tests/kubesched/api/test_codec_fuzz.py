"""Whole manifests of junk: they are read or refused, never crash, and the compiled codec and its twin say the same."""

from __future__ import annotations

import copy
import importlib.util
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched.api.pod_codec as codec
from kubesched.api.namespace_codec import encode_namespace_labels
from kubesched.api.node_codec import encode_node
from kubesched.api.owner_codec import encode_owner
from kubesched.errors import KubeschedError
from tests.records import read_node, read_owner, read_pod

REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
KEYS = [
    *("metadata", "name", "namespace", "labels", "ownerReferences", "controller", "kind", "deletionTimestamp"),
    *("spec", "containers", "initContainers", "image", "ports", "containerPort", "hostPort", "hostIP", "protocol"),
    *("resources", "requests", "limits", "cpu", "memory", "nvidia.com/gpu", "hugepages-2Mi", "overhead"),
    *("nodeName", "nodeSelector", "affinity", "nodeAffinity", "podAffinity", "podAntiAffinity", REQUIRED, PREFERRED),
    *("nodeSelectorTerms", "matchExpressions", "matchFields", "matchLabels", "key", "operator", "values", "value"),
    *("effect", "weight", "preference", "podAffinityTerm", "topologyKey", "labelSelector", "namespaces"),
    *("namespaceSelector", "matchLabelKeys", "mismatchLabelKeys", "tolerations", "topologySpreadConstraints"),
    *("maxSkew", "whenUnsatisfiable", "minDomains", "nodeAffinityPolicy", "priority", "preemptionPolicy"),
    *("schedulerName", "hostNetwork", "restartPolicy", "volumes", "csi", "resourceClaims", "schedulingGates"),
    *("status", "containerStatuses", "conditions", "type", "reason", "allocatable", "capacity", "images", "names"),
    *("sizeBytes", "taints", "unschedulable", "selector", "template"),
]
WORDS = [
    *("a", "app", "default-scheduler", "metadata.name", "v1", "Service", "apps/v1", "ReplicaSet", "TCP", "UDP"),
    *("In", "NotIn", "Exists", "Gt", "Equal", "NoSchedule", "DoNotSchedule", "Honor", "Never", "Always"),
    *("100m", "1", "1Gi", "9E", "99Ei", "1x", "-1", "Infeasible", "PodResizePending"),
]

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([2**31, 2**63, 2**100, 0.5, 1e300, float("nan"), "", "\ud800", "é", b"bytes", object()]),
    st.sampled_from(WORDS),
)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
        st.dictionaries(st.one_of(st.integers(), st.none(), st.sampled_from(WORDS)), inner, max_size=2),
    ),
    max_leaves=25,
)


def load_plain_twin() -> ModuleType:
    source = Path(__file__).resolve().parents[3] / "kubesched" / "api" / "pod_codec.py"
    spec = importlib.util.spec_from_file_location("plain_pod_codec", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


plain = load_plain_twin()


def outcome(encode: Callable[..., Any], obj: Any, **kwargs: Any) -> object:
    """The record, or what is said against the object; another exception than ours goes through."""
    try:
        return encode(obj, **kwargs)
    except KubeschedError as error:
        return type(error).__name__, str(error)


@given(JUNK, st.booleans())
def test_any_value_at_all(value: Any, bound: bool) -> None:
    want = outcome(plain.encode_pod, value, bound=bound)
    assert outcome(codec.encode_pod, value, bound=bound) == want
    for encode in (encode_node, encode_owner, encode_namespace_labels):
        if isinstance(value, Mapping) or encode is not encode_namespace_labels:
            outcome(encode, value)


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=5), st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=2)
)
def test_a_pod_with_junk_fields(spec: dict[str, Any], container: dict[str, Any]) -> None:
    pod = {"metadata": {"name": "a"}, "spec": {"containers": [container], **spec}}
    for bound in (False, True):
        got = outcome(codec.encode_pod, pod, bound=bound)
        assert got == outcome(plain.encode_pod, pod, bound=bound)
        if isinstance(got, bytes):
            read_pod(got)
        else:
            assert isinstance(got, tuple)
            assert got[1].startswith("pod default/a: ")


@given(
    st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=5), st.dictionaries(st.sampled_from(KEYS), JUNK, max_size=5)
)
def test_a_node_and_a_service_with_junk_fields(spec: dict[str, Any], status: dict[str, Any]) -> None:
    node = outcome(encode_node, {"metadata": {"name": "a"}, "spec": spec, "status": status})
    if isinstance(node, bytes):
        read_node(node)
    for version, kind in (("v1", "Service"), ("v1", "ReplicationController"), ("apps/v1", "ReplicaSet")):
        owner = outcome(encode_owner, {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec})
        if isinstance(owner, bytes):
            read_owner(owner)


RICH: dict[str, Any] = {
    "metadata": {"name": "a", "labels": {"app": "web"}, "ownerReferences": [{"kind": "Job", "controller": True}]},
    "spec": {
        "containers": [{"image": "app", "ports": [{"containerPort": 80, "hostPort": 80}],
                        "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}}],
        "initContainers": [{"resources": {"requests": {"memory": "2Gi"}}}],
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {
            "nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": [
                {"key": "metadata.name", "operator": "In", "values": ["node-1"]}]}]}},
            "podAffinity": {PREFERRED: [{"weight": 1, "podAffinityTerm": {"topologyKey": "a", "labelSelector": {}}}]},
        },
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway"}],
    },
}  # fmt: skip


def rebuilt(value: Any, as_mapping: Callable[[dict[str, Any]], Any]) -> Any:
    if isinstance(value, dict):
        return as_mapping({key: rebuilt(entry, as_mapping) for key, entry in value.items()})
    return [rebuilt(entry, as_mapping) for entry in value] if isinstance(value, list) else value


@pytest.mark.parametrize("encode", [codec.encode_pod, plain.encode_pod])
@pytest.mark.parametrize("as_mapping", [OrderedDict, MappingProxyType])
def test_any_kind_of_mapping_reads_as_a_dict(encode: Callable[..., bytes], as_mapping: Callable[..., Any]) -> None:
    before = copy.deepcopy(RICH)
    assert encode(rebuilt(RICH, as_mapping)) == encode(RICH)
    assert encode(rebuilt(RICH, as_mapping), bound=True) == encode(RICH, bound=True)
    assert before == RICH


def test_a_pod_as_json_reads_it_is_the_same_pod() -> None:
    assert codec.encode_pod(json.loads(json.dumps(RICH))) == codec.encode_pod(RICH)


def test_the_twins_agree_where_the_codec_is_compiled() -> None:
    if str(codec.__file__).endswith(".py"):
        pytest.skip("kubesched.api.pod_codec is not compiled, so there is one codec only")
    assert str(plain.__file__).endswith(".py")
    assert plain.encode_pod(RICH) == codec.encode_pod(RICH)
