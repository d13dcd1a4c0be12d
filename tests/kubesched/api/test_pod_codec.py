"""Pods to records: what makes two pods one shape, and every fault by object, field and value."""

from __future__ import annotations

import copy
import importlib.util
import re
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched.api.pod_codec as codec
from kubesched.api.node_codec import encode_node
from kubesched.api.pod_fields import bound_node_name
from kubesched.errors import KubeschedError, ObjectError
from tests.builders import make_node, make_pod
from tests.workloads import Workload

AFFINITY = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def with_field(path: str, value: object) -> dict[str, Any]:
    """A good pod with one field set; numbers in the path are positions of lists that are made if need be."""
    pod = make_pod("web-0", cpu="1")
    at: Any = pod
    keys: list[Any] = [int(key) if key.isdigit() else key for key in path.split(".")]
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        new = value if following is None else ([] if isinstance(following, int) else {})
        if isinstance(key, int):
            if len(at) <= key:
                at.append(new)
            elif following is None:
                at[key] = value
        elif following is None or key not in at:
            at[key] = new
        at = at[key]
    return pod


@pytest.mark.parametrize(
    ("path", "value", "want"),
    [
        pytest.param("spec.containers.0.resources.requests.cpu", "1x",
                     "spec.containers[0].resources.requests.cpu must be a quantity, got '1x'", id="unknown quantity"),
        pytest.param("spec.containers.0.resources.requests.memory", "-5",
                     "requests.memory must be a quantity that is not negative, got '-5'", id="negative request"),
        pytest.param("spec.containers.0.resources.limits.cpu", "500m",
                     "requests.cpu must be at most the limit, got '1'", id="request above its limit"),
        pytest.param("spec.containers", [], "spec.containers must have at least one container", id="no container"),
        pytest.param("spec.containers.0.ports.0", {"containerPort": 80, "hostPort": 70000},
                     "ports[0].hostPort must be an integer in 0..65535, got 70000", id="port out of range"),
        pytest.param("spec.containers.0.ports.0", {"containerPort": 80, "protocol": "TCPX"},
                     "protocol must be one of TCP, UDP, SCTP, got 'TCPX'", id="unknown protocol"),
        pytest.param("spec.nodeSelector", {"disk": 3}, "spec.nodeSelector[disk] must be a string", id="number as value"),
        pytest.param(f"{AFFINITY}.0.matchExpressions.0", {"key": "a", "operator": "Is", "values": ["b"]},
                     "operator must be one of In, NotIn, Exists, DoesNotExist, Gt, Lt, got 'Is'", id="unknown operator"),
        pytest.param(f"{AFFINITY}.0.matchExpressions.0", {"key": "a", "operator": "Gt", "values": ["many"]},
                     "values[0] must be an integer for Gt and Lt, got 'many'", id="Gt with text"),
        pytest.param(f"{AFFINITY}.0.matchExpressions.0", {"key": "a", "operator": "In", "values": []},
                     "values must have at least one value for In and NotIn, got []", id="In without values"),
        pytest.param(f"{AFFINITY}.0.matchFields.0", {"key": "metadata.uid", "operator": "In", "values": ["x"]},
                     "key must be metadata.name, got 'metadata.uid'", id="another field"),
        pytest.param("spec.tolerations.0", {"key": "a", "operator": "Has"},
                     "operator must be one of Equal, Exists, got 'Has'", id="unknown toleration operator"),
        pytest.param("spec.tolerations.0", {"key": "a", "operator": "Exists", "value": "b"},
                     "value must be empty where operator is Exists, got 'b'", id="Exists with a value"),
        pytest.param("spec.tolerations.0", {"effect": "NoSchedule"},
                     "operator must be Exists where key is empty, got None", id="empty key without Exists"),
        pytest.param("spec.topologySpreadConstraints.0", {"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "x"},
                     "maxSkew must be a positive integer, got 0", id="no skew"),
        pytest.param("spec.topologySpreadConstraints.0",
                     {"maxSkew": 1, "topologyKey": "z", "whenUnsatisfiable": "Maybe"},
                     "whenUnsatisfiable must be one of DoNotSchedule, ScheduleAnyway, got 'Maybe'", id="odd action"),
        pytest.param("spec.affinity.podAffinity.preferredDuringSchedulingIgnoredDuringExecution.0",
                     {"weight": 101, "podAffinityTerm": {"topologyKey": "z"}},
                     "weight must be an integer in 1..100, got 101", id="weight out of range"),
        pytest.param("spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution.0", {},
                     "topologyKey must be a label key, got ''", id="no topology key"),
        pytest.param("metadata.labels", {"a b": "c"}, "metadata.labels must have label keys as keys, got 'a b'",
                     id="malformed label key"),
        pytest.param("spec", "none", "pod.spec must be a mapping, got 'none'", id="spec is text"),
        pytest.param("spec.containers.0", 7, "spec.containers[0] must be a mapping, got 7", id="container is a number"),
    ],
)  # fmt: skip
def test_a_fault_names_pod_field_and_value(path: str, value: object, want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(want)) as caught:
        codec.encode_pod(with_field(path, value))
    assert str(caught.value).startswith("pod default/web-0: ")


@pytest.mark.parametrize(
    "metadata", [{}, {"name": ""}, {"name": "UPPER"}, {"name": 5}, {"name": "a", "namespace": "!"}]
)
def test_a_pod_needs_a_name(metadata: dict[str, Any]) -> None:
    with pytest.raises(ObjectError):
        codec.encode_pod({"metadata": metadata, "spec": make_pod("a")["spec"]})


def test_pods_that_differ_only_in_name_share_a_record() -> None:
    assert codec.encode_pod(make_pod("a", cpu="1")) == codec.encode_pod(make_pod("b", cpu="1000m"))
    assert codec.encode_pod(make_pod("a", cpu="1")) != codec.encode_pod(make_pod("a", cpu="1001m"))


def test_defaults_are_filled_in_as_the_api_server_does() -> None:
    limited = make_pod("a")
    limited["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}}
    both = make_pod("a")
    both["spec"]["containers"][0]["resources"] = {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert codec.encode_pod(limited) == codec.encode_pod(both)
    on_host = make_pod("a", hostNetwork=True)
    on_host["spec"]["containers"][0]["ports"] = [{"containerPort": 80}]
    with_port = make_pod("a", hostNetwork=True)
    with_port["spec"]["containers"][0]["ports"] = [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}]
    assert codec.encode_pod(on_host) == codec.encode_pod(with_port)


def test_a_resized_container_counts_with_what_it_still_holds() -> None:
    pod = make_pod("a", cpu="1")
    resized = copy.deepcopy(pod)
    resized["status"] = {"containerStatuses": [{"name": "main", "resources": {"requests": {"cpu": "3"}}}]}
    assert codec.encode_pod(resized, bound=True) == _with_charge(make_pod("a", cpu="3"), scored="1")
    resized["status"]["conditions"] = [{"type": "PodResizePending", "reason": "Infeasible"}]
    resized["status"]["containerStatuses"][0]["resources"]["requests"]["cpu"] = "500m"
    assert codec.encode_pod(resized, bound=True) == _with_charge(make_pod("a", cpu="500m"), scored="1")


def _with_charge(pod: dict[str, Any], scored: str) -> bytes:
    """The record of a pod, but scored with another amount of cpu."""
    record = codec.encode_pod(pod, bound=True)
    amount = pod["spec"]["containers"][0]["resources"]["requests"]["cpu"]
    milli = {"1": 1000, "3": 3000, "500m": 500}
    entry = b"\x03\x00\x00\x00cpu"
    old = entry + milli[amount].to_bytes(8, "little", signed=True)
    new = entry + milli[scored].to_bytes(8, "little", signed=True)
    first, second, rest = record.split(old)
    return first + old + second + new + rest


def test_encoding_does_not_change_the_pod() -> None:
    workload = Workload(Random(5))
    for _ in range(50):
        pod = workload.pod()
        before = copy.deepcopy(pod)
        codec.encode_pod(pod)
        assert pod == before


def load_plain_twin() -> ModuleType:
    """The codec's source, run by Python."""
    source = Path(__file__).resolve().parents[3] / "kubesched" / "api" / "pod_codec.py"
    spec = importlib.util.spec_from_file_location("plain_pod_codec", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_compiled_codec_equals_its_plain_twin() -> None:
    assert not str(codec.__file__).endswith(".py"), f"{codec.__file__} is not compiled"
    plain = load_plain_twin()
    workload = Workload(Random(7))
    for _ in range(200):
        pod = workload.pod()
        assert codec.encode_pod(pod) == plain.encode_pod(pod)


junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 70000), st.floats(allow_nan=False), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=8), inner, max_size=2)),
    max_leaves=6,
)
FIELDS = [
    "spec.containers", "spec.containers.0", "spec.containers.0.resources", "spec.containers.0.resources.requests",
    "spec.containers.0.ports", "spec.initContainers", "spec.tolerations", "spec.tolerations.0", "spec.nodeSelector",
    "spec.affinity", "spec.affinity.nodeAffinity", f"{AFFINITY}.0", f"{AFFINITY}.0.matchExpressions.0",
    "spec.affinity.podAffinity", "spec.topologySpreadConstraints.0", "spec.overhead", "spec.resources", "spec.priority",
    "metadata", "metadata.labels", "metadata.ownerReferences", "status", "spec.volumes", "spec.schedulerName",
]  # fmt: skip


def encode_or_refuse(path: str, value: object, bound: bool) -> None:
    try:
        codec.encode_pod(with_field(path, value), bound=bound)
    except KubeschedError as error:
        assert "must" in str(error) or "does not have" in str(error)


@given(st.sampled_from(FIELDS), junk, st.booleans())
def test_junk_in_any_field_is_refused_or_read_but_never_crashes(path: str, value: object, bound: bool) -> None:
    encode_or_refuse(path, value, bound)


@pytest.mark.fuzz_long
@settings(max_examples=50_000)
@given(st.sampled_from(FIELDS), junk, st.booleans())
def test_very_much_junk_is_refused_or_read(path: str, value: object, bound: bool) -> None:
    encode_or_refuse(path, value, bound)


@given(st.sampled_from(["metadata", "spec", "status", "labels", "taints", "allocatable", "images"]), junk)
def test_junk_in_a_node_is_refused_or_read_but_never_crashes(field: str, value: object) -> None:
    node = make_node("a")
    parent = {"labels": "metadata", "taints": "spec", "allocatable": "status", "images": "status"}.get(field)
    (node[parent] if parent else node)[field] = value
    try:
        encode_node(node)
    except ObjectError as error:
        assert "must" in str(error)


def test_a_bound_pod_with_a_broken_spec_is_named() -> None:
    with pytest.raises(ObjectError, match=r"^pod default/web-0: spec\.nodeName must be a string, got 5$"):
        bound_node_name(with_field("spec.nodeName", 5))
    with pytest.raises(ObjectError, match=r"^pod default/web-0: pod\.spec must be a mapping, got \[\]$"):
        bound_node_name(with_field("spec", []))
