"""What stands in a pod's record, part by part, and the faults of each part."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.api.pod_codec import encode_pod
from kubesched.errors import ObjectError
from tests.records import PodRecord, read_pod

ANY_ADDRESS = "0.0.0.0"  # noqa: S104
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def pod_of(metadata: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", **(metadata or {})}, "spec": {"containers": [{"image": "app"}], **spec}}


def record_of(pod: dict[str, Any]) -> PodRecord:
    return read_pod(encode_pod(pod))


def test_the_least_pod() -> None:
    memory = 200 * 2**20
    scored = {"cpu": 100, "memory": memory}
    record = record_of(pod_of())
    assert (record.namespace, record.scheduler_name, record.images) == ("default", "default-scheduler", ["app:latest"])
    assert (record.non_zero_milli_cpu, record.non_zero_memory_bytes, record.scored) == (100, memory, scored)
    assert (record.num_containers, record.priority, record.controller) == (1, 0, None)
    others = [
        value
        for field, value in vars(record).items()
        if field not in ("namespace", "scheduler_name", "images", "scored", "num_containers")
        and not field.startswith("non_zero")
    ]
    assert not any(value for value in others if value != ("", ""))


def test_null_is_absent_everywhere() -> None:
    names = (
        "affinity", "hostNetwork", "initContainers", "nodeName", "nodeSelector", "overhead", "preemptionPolicy",
        "priority", "resourceClaims", "resources", "schedulerName", "schedulingGates", "tolerations",
        "topologySpreadConstraints", "volumes",
    )  # fmt: skip
    container = {"image": "app", "ports": None, "resources": {"requests": None, "limits": None}}
    metadata = {"namespace": None, "labels": None, "ownerReferences": None, "deletionTimestamp": None}
    pod = {**pod_of(metadata, **dict.fromkeys(names)), "status": None}
    pod["spec"]["containers"] = [container]
    assert encode_pod(pod) == encode_pod(pod_of())
    assert encode_pod(pod, bound=True) == encode_pod(pod_of())
    affinity: Any = {"nodeAffinity": None, "podAffinity": {REQUIRED: None}, "podAntiAffinity": {PREFERRED: None}}
    assert encode_pod(pod_of(affinity=affinity)) == encode_pod(pod_of())


@pytest.mark.parametrize(
    ("pod", "field", "want"),
    [
        pytest.param(pod_of({"namespace": "team-a"}), "namespace", "team-a", id="a namespace"),
        pytest.param(pod_of({"labels": {"b": "", "a": "1"}}), "labels", {"a": "1", "b": ""}, id="labels"),
        pytest.param(pod_of(nodeName="node-1"), "node_name", "node-1", id="a wish for a node"),
        pytest.param(pod_of(nodeSelector={"z": "1", "a": "2"}), "node_selector", {"a": "2", "z": "1"}, id="a selector"),
        pytest.param(pod_of(tolerations=[{"key": "a"}, {"operator": "Exists", "effect": "NoExecute"},
                                         {"key": "a", "operator": "Equal", "value": "", "effect": ""}]),
                     "tolerations", [("a", "Equal", "", ""), ("", "Exists", "", "NoExecute"), ("a", "Equal", "", "")],
                     id="tolerations in order"),
        pytest.param(pod_of({"ownerReferences": [{"kind": "Job", "name": "j"},
                                                 {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r",
                                                  "controller": True}]}),
                     "controller", ("apps/v1", "ReplicaSet", "r"), id="the owner that controls"),
        pytest.param(pod_of({"ownerReferences": [{"kind": "Job", "name": "j", "controller": False}]}),
                     "controller", None, id="no owner controls"),
        pytest.param(pod_of(priority=-5), "priority", -5, id="a priority"),
        pytest.param(pod_of(preemptionPolicy="Never"), "never_preempts", True, id="it never preempts"),
        pytest.param(pod_of(preemptionPolicy="PreemptLowerPriority"), "never_preempts", False, id="it preempts"),
        pytest.param(pod_of({"deletionTimestamp": "2026-01-01T00:00:00Z"}), "terminating", True, id="it terminates"),
        pytest.param(pod_of(schedulerName="other"), "scheduler_name", "other", id="another scheduler"),
        pytest.param(pod_of(schedulerName="schön"), "scheduler_name", "schön", id="a name that is not ASCII"),
    ],
)  # fmt: skip
def test_small_parts(pod: dict[str, Any], field: str, want: object) -> None:
    assert getattr(record_of(pod), field) == want


def test_a_bound_pod_wishes_for_no_node() -> None:
    assert read_pod(encode_pod(pod_of(nodeName="node-1"), bound=True)).node_name == ""


@pytest.mark.parametrize(
    ("image", "want"),
    [
        pytest.param("app", "app:latest", id="no tag"),
        pytest.param("app:v1", "app:v1", id="a tag"),
        pytest.param("host:5000/app", "host:5000/app:latest", id="the colon is of the port"),
        pytest.param("host:5000/app:v1", "host:5000/app:v1", id="a port and a tag"),
        pytest.param("app@sha256:0123", "app@sha256:0123", id="a digest"),
        pytest.param(None, ":latest", id="no image"),
    ],
)
def test_image_names(image: str | None, want: str) -> None:
    assert record_of(pod_of(containers=[{"image": image}])).images == [want]


def test_images_of_init_containers_come_first() -> None:
    record = record_of(pod_of(initContainers=[{"image": "first"}, {"image": "second:1"}]))
    assert (record.images, record.num_containers) == (["first:latest", "second:1", "app:latest"], 3)


@pytest.mark.parametrize(
    ("spec", "want"),
    [
        pytest.param({"containers": [{"ports": [{"containerPort": 80}]}]}, [], id="no host port"),
        pytest.param({"containers": [{"ports": [{"containerPort": 80, "hostPort": 8080, "hostIP": "10.0.0.1"},
                                                {"containerPort": 53, "hostPort": 53, "protocol": "UDP"}]}]},
                     [("10.0.0.1", "TCP", 8080), (ANY_ADDRESS, "UDP", 53)], id="host ports"),
        pytest.param({"hostNetwork": True, "containers": [{"ports": [{"containerPort": 80, "protocol": "SCTP"}]}]},
                     [(ANY_ADDRESS, "SCTP", 80)], id="on the host's network every port is one"),
        pytest.param({"containers": [{}], "initContainers": [
                         {"ports": [{"containerPort": 1, "hostPort": 1}]},
                         {"ports": [{"containerPort": 2, "hostPort": 2}], "restartPolicy": "Always"}]},
                     [(ANY_ADDRESS, "TCP", 2)], id="of init containers only those of ones that keep running"),
    ],
)  # fmt: skip
def test_host_ports(spec: dict[str, Any], want: list[Any]) -> None:
    assert record_of(pod_of(**spec)).host_ports == want


def node_affinity(**fields: Any) -> dict[str, Any]:
    return pod_of(affinity={"nodeAffinity": fields})


GEN_ABOVE_3 = {"key": "gen", "operator": "Gt", "values": ["3"]}
IS_NODE_1 = {"key": "metadata.name", "operator": "In", "values": ["node-1"]}


def test_node_affinity() -> None:
    terms = [{"matchExpressions": [GEN_ABOVE_3], "matchFields": [IS_NODE_1]}, {}, {"matchExpressions": None}]
    preferences = [{"weight": 5, "preference": {"matchFields": [IS_NODE_1]}}, {"weight": 9, "preference": {}}]
    record = record_of(node_affinity(**{REQUIRED: {"nodeSelectorTerms": terms}, PREFERRED: preferences}))
    is_node_1 = [("metadata.name", "In", ["node-1"])]
    assert record.has_required_node_affinity
    assert record.required_node_affinity == [([("gen", "Gt", ["3"])], is_node_1), ([], []), ([], [])]
    assert record.preferred_node_affinity == [(5, ([], is_node_1))]
    assert record.has_preferred_node_affinity


def test_a_preference_for_nothing_is_still_a_preference() -> None:
    record = record_of(node_affinity(**{PREFERRED: [{"weight": 1, "preference": None}]}))
    assert (record.preferred_node_affinity, record.has_preferred_node_affinity) == ([], True)
    assert not record_of(node_affinity(**{PREFERRED: []})).has_preferred_node_affinity


REQUIREMENTS = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms"


@pytest.mark.parametrize(
    ("term", "want"),
    [
        pytest.param({"matchExpressions": [{"key": "gen", "operator": "Lt", "values": ["1", "2"]}]},
                     "matchExpressions[0].values must have exactly one value for Gt and Lt, got ['1', '2']",
                     id="two bounds"),
        pytest.param({"matchExpressions": [{"key": "gen", "operator": "Lt", "values": ["9" * 63]}]},
                     "matchExpressions[0].values[0] must be an integer for Gt and Lt", id="a bound of 63 digits"),
        pytest.param({"matchExpressions": [{"key": "gen", "operator": "Gt", "values": ["9" * 5000]}]},
                     "matchExpressions[0].values[0] must be an integer for Gt and Lt", id="a bound of 5,000 digits"),
        pytest.param({"matchExpressions": [{"key": "gen", "operator": "Gt", "values": ["-1"]}]},
                     "matchExpressions[0].values[0] must be a label value, got '-1'", id="a bound below nought"),
        pytest.param({"matchExpressions": [{"key": "gen", "operator": "Exists", "values": ["1"]}]},
                     "matchExpressions[0].values must be empty for Exists and DoesNotExist, got ['1']",
                     id="Exists with a value"),
        pytest.param({"matchExpressions": [{"key": "a b", "operator": "Exists"}]},
                     "matchExpressions[0].key must be a label key, got 'a b'", id="a malformed key"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "In", "values": ["a b"]}]},
                     "matchExpressions[0].values[0] must be a label value, got 'a b'", id="a malformed value"),
        pytest.param({"matchExpressions": [{"key": "a", "operator": "In", "values": [1]}]},
                     "matchExpressions[0].values[0] must be a string, got 1", id="a number as value"),
        pytest.param({"matchFields": [{"key": "metadata.name", "operator": "Exists"}]},
                     "matchFields[0].operator must be one of In, NotIn, got 'Exists'", id="Exists on a field"),
        pytest.param({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]},
                     "matchFields[0].values must have exactly one value, got ['a', 'b']", id="two names"),
        pytest.param({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["Node 1"]}]},
                     "matchFields[0].values[0] must be a node's name, got 'Node 1'", id="a malformed name"),
    ],
)  # fmt: skip
def test_faults_of_node_selector_terms(term: dict[str, Any], want: str) -> None:
    pod = node_affinity(**{REQUIRED: {"nodeSelectorTerms": [term]}})
    with pytest.raises(ObjectError, match=re.escape(f"pod default/a: {REQUIREMENTS}[0].{want}")):
        encode_pod(pod)


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(pod_of({"namespace": "a.b"}), "pod a: metadata.namespace must be a DNS label, got 'a.b'",
                     id="a namespace with a dot"),
        pytest.param(pod_of({"labels": {"a": "x y"}}), "pod default/a: metadata.labels[a] must be a label value",
                     id="a malformed label"),
        pytest.param(pod_of({"labels": {1: "x"}}), "pod default/a: metadata.labels must have strings as keys, got 1",
                     id="a number for a label key"),
        pytest.param(pod_of({"labels": []}), "pod default/a: metadata.labels must be a mapping, got []",
                     id="labels are a list"),
        pytest.param({"metadata": {"name": "a"}}, "pod default/a: spec.containers must have at least one container",
                     id="no spec"),
        pytest.param({"spec": {}}, "pod metadata.name must be a DNS subdomain name, got ''", id="no metadata"),
        pytest.param(pod_of(containers="x"), "pod default/a: spec.containers must be a list, got 'x'",
                     id="containers are text"),
        pytest.param(pod_of(hostNetwork="yes"), "pod default/a: spec.hostNetwork must be true or false, got 'yes'",
                     id="the host's network is text"),
        pytest.param(pod_of(nodeName="No/de"), "pod default/a: spec.nodeName must be a node's name, got 'No/de'",
                     id="a malformed node name"),
        pytest.param(pod_of(priority=2**31), "spec.priority must be an integer in", id="a large priority"),
        pytest.param(pod_of(priority=10**5000), "spec.priority must be an integer in -2147483648..2147483647,"
                     " got an integer of 16610 bits", id="a priority of thousands of digits"),
        pytest.param(pod_of(priority=True), "pod default/a: spec.priority must be an integer in", id="a true priority"),
        pytest.param(pod_of(preemptionPolicy="Sometimes"),
                     "pod default/a: spec.preemptionPolicy must be one of PreemptLowerPriority, Never, got 'Sometimes'",
                     id="an unknown preemption policy"),
        pytest.param(pod_of(schedulerName="\ud800"), "pod default/a: spec.schedulerName must be a string",
                     id="half a surrogate pair"),
        pytest.param(pod_of(tolerations=[{"key": "a", "value": "x y"}]),
                     "pod default/a: spec.tolerations[0].value must be a label value, got 'x y'",
                     id="a malformed value of a toleration"),
        pytest.param(pod_of(tolerations=[{"key": "a", "effect": "Never"}]),
                     "spec.tolerations[0].effect must be one of NoSchedule, PreferNoSchedule, NoExecute, got 'Never'",
                     id="an unknown effect"),
        pytest.param(pod_of(containers=[{"ports": [{"hostPort": 80}]}]),
                     "spec.containers[0].ports[0].containerPort must be an integer in 1..65535, got None",
                     id="a port without a number"),
        pytest.param(pod_of(containers=[{"ports": [{"containerPort": 80, "hostPort": 80, "hostIP": 1}]}]),
                     "spec.containers[0].ports[0].hostIP must be a string, got 1", id="an address that is a number"),
        pytest.param(pod_of({"ownerReferences": [{"controller": "yes"}]}),
                     "metadata.ownerReferences[0].controller must be true or false, got 'yes'", id="controls: yes"),
        pytest.param(node_affinity(**{REQUIRED: {}}),
                     f"{REQUIREMENTS} must have at least one term, got []", id="no term"),
        pytest.param(node_affinity(**{PREFERRED: [{"weight": 0, "preference": {}}]}),
                     f"nodeAffinity.{PREFERRED}[0].weight must be an integer in 1..100, got 0", id="no weight"),
    ],
)  # fmt: skip
def test_faults(pod: dict[str, Any], want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(want)):
        encode_pod(pod)


def test_other_volumes_are_nothing_to_a_decision() -> None:
    volumes = [
        {"name": "x", "emptyDir": {}},
        {"name": "y", "configMap": {"name": "c"}},
        {"name": "z"},
        {"name": "c", "csi": {"driver": "d"}},
    ]
    assert encode_pod(pod_of(volumes=volumes, resourceClaims=[], schedulingGates=[])) == encode_pod(pod_of())
