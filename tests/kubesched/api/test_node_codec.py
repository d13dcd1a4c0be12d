"""Nodes to records, and the faults of a node."""

from __future__ import annotations

import re
from typing import Any

import pytest

from kubesched.api.node_codec import encode_node
from kubesched.errors import ObjectError
from tests.records import read_node


def node_of(metadata: dict[str, Any] | None = None, spec: Any = None, status: Any = None) -> dict[str, Any]:
    return {"metadata": {"name": "node-1", **(metadata or {})}, "spec": spec, "status": status}


def allocating(**amounts: Any) -> dict[str, Any]:
    return node_of(status={"allocatable": {name.replace("_", "-"): amount for name, amount in amounts.items()}})


def test_the_least_node() -> None:
    want = {"name": "node-1", "labels": {}, "taints": [], "unschedulable": False, "allocatable": {}, "images": []}
    assert read_node(encode_node(node_of())) == want
    assert read_node(encode_node({"metadata": {"name": "node-1"}})) == want


@pytest.mark.parametrize(
    ("node", "field", "want"),
    [
        pytest.param(node_of({"labels": {"b": "", "a": "1"}}), "labels", {"a": "1", "b": ""}, id="labels"),
        pytest.param(node_of(spec={"taints": [{"key": "b", "value": "x", "effect": "NoSchedule", "timeAdded": "t"},
                                              {"key": "a", "effect": "PreferNoSchedule"}]}),
                     "taints", [("b", "x", "NoSchedule"), ("a", "", "PreferNoSchedule")], id="taints in order"),
        pytest.param(node_of(spec={"unschedulable": True}), "unschedulable", True, id="cordoned"),
        pytest.param(allocating(pods="110", memory="1Gi", cpu="1500m", ephemeral_storage=1.5, hugepages_2Mi="4Mi"),
                     "allocatable", {"cpu": 1500, "ephemeral-storage": 2, "hugepages-2Mi": 2**22, "memory": 2**30,
                                     "pods": 110}, id="resources"),
        pytest.param(allocating(cpu="0", storage="5", services="3"), "allocatable", {},
                     id="zeros and what the scheduler does not track are left out"),
        pytest.param(node_of(status={"allocatable": {"nvidia.com/gpu": 8}}), "allocatable", {"nvidia.com/gpu": 8},
                     id="devices"),
        pytest.param(node_of(status={"capacity": {"cpu": "4"}}), "allocatable", {"cpu": 4000},
                     id="capacity stands in for absent allocatable"),
        pytest.param(node_of(status={"capacity": {"cpu": "4"}, "allocatable": {}}), "allocatable", {},
                     id="but not for empty allocatable"),
        pytest.param(node_of(status={"images": [{"names": ["a@sha256:1", "a:v1"], "sizeBytes": 5}, {"names": None}]}),
                     "images", [(["a@sha256:1", "a:v1"], 5), ([], 0)], id="images"),
    ],
)  # fmt: skip
def test_parts(node: dict[str, Any], field: str, want: object) -> None:
    assert read_node(encode_node(node))[field] == want


@pytest.mark.parametrize(
    ("node", "want"),
    [
        pytest.param({}, "node metadata.name must be a DNS subdomain name, got ''", id="no name"),
        pytest.param({"metadata": "x"}, "node metadata must be a mapping, got 'x'", id="metadata is text"),
        pytest.param(node_of(spec=[]), "node node-1: node.spec must be a mapping, got []", id="spec is a list"),
        pytest.param(allocating(cpu="4x"), "node node-1: status.allocatable.cpu must be a quantity, got '4x'",
                     id="an unknown quantity"),
        pytest.param(allocating(cpu="-4"), "status.allocatable.cpu must be a quantity that is not negative, got '-4'",
                     id="a negative quantity"),
        pytest.param(allocating(cpu="8Ei"), "status.allocatable.cpu must be below 2**63 in the scheduler's units",
                     id="too much cpu"),
        pytest.param(allocating(pods="1.5"), "status.allocatable.pods must be a whole number, got '1.5'",
                     id="half a pod"),
        pytest.param(node_of(status={"allocatable": {1: "1", "cpu": "1"}}),
                     "status.allocatable must have strings as keys, got 1", id="a number for a name"),
        pytest.param(node_of(status={"capacity": []}), "status.capacity must be a mapping, got []",
                     id="capacity is a list"),
        pytest.param(node_of(spec={"taints": [{"key": "a b", "effect": "NoSchedule"}]}),
                     "spec.taints[0].key must be a label key, got 'a b'", id="a malformed taint"),
        pytest.param(node_of(spec={"taints": [{"key": "a", "value": "x y", "effect": "NoSchedule"}]}),
                     "spec.taints[0].value must be a label value, got 'x y'", id="a malformed value of a taint"),
        pytest.param(node_of(spec={"taints": [{"key": "a"}]}),
                     "spec.taints[0].effect must be one of NoSchedule, PreferNoSchedule, NoExecute", id="no effect"),
        pytest.param(node_of(spec={"taints": [{"key": "a", "effect": "Never"}]}),
                     "spec.taints[0].effect must be one of NoSchedule, PreferNoSchedule, NoExecute, got 'Never'",
                     id="an unknown effect"),
        pytest.param(node_of(spec={"unschedulable": 1}), "spec.unschedulable must be true or false, got 1",
                     id="cordoned by a number"),
        pytest.param(node_of(status={"images": [{"names": "a"}]}), "status.images[0].names must be a list, got 'a'",
                     id="image names are text"),
        pytest.param(node_of(status={"images": [{"sizeBytes": -1}]}), "status.images[0].sizeBytes must be an integer",
                     id="an image of negative size"),
    ],
)  # fmt: skip
def test_faults(node: dict[str, Any], want: str) -> None:
    with pytest.raises(ObjectError, match=re.escape(want)):
        encode_node(node)


def test_a_node_is_a_mapping() -> None:
    with pytest.raises(ObjectError, match="node must be a mapping, got list"):
        encode_node([])  # type: ignore[arg-type]
