"""Shares of GPU cards: how requests are read, why nodes are rejected, which cards pods hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

import kubesched as ks
from kubesched._core import gpu_request
from kubesched.api.pod_codec import encode_pod
from tests.builders import Manifest, make_bound_pod, make_config, make_node, make_pod

SHARE = {"enabled": [{"name": "GPUShare"}]}
CONFIG = make_config(plugins={"filter": SHARE, "reserve": SHARE})


def annotated(pod: Manifest, **annotations: str) -> Manifest:
    names = {name.replace("_", "-"): value for name, value in annotations.items()}
    pod["metadata"]["annotations"] = {f"alibabacloud.com/{name}": value for name, value in names.items()}
    return pod


def asking(name: str = "p", **annotations: str) -> Manifest:
    return annotated(make_pod(name), **annotations)


def requesting(**resources: str) -> Manifest:
    pod = make_pod("p")
    names = {"whole": "nvidia.com/gpu", "core": "koordinator.sh/gpu-core", "ratio": "koordinator.sh/gpu-memory-ratio",
             "both": "koordinator.sh/gpu", "shared": "koordinator.sh/gpu.shared"}  # fmt: skip
    limits = {names[name]: amount for name, amount in resources.items()}
    pod["spec"]["containers"][0]["resources"] = {"limits": limits}
    return pod


def offering(name: str, labels: dict[str, str], **amounts: str) -> Manifest:
    node = make_node(name, labels=labels)
    names = {"count": "alibabacloud.com/gpu-count", "core": "koordinator.sh/gpu-core", "whole": "nvidia.com/gpu"}
    node["status"]["allocatable"] |= {names[name]: amount for name, amount in amounts.items()}
    return node


def gpu_node(name: str = "a", cards: int = 2, model: str = "") -> Manifest:
    return offering(name, {"alibabacloud.com/gpu-card-model": model} if model else {}, count=str(cards))


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(make_pod("p"), (0, 0, []), id="none"),
        pytest.param(asking(gpu_milli="300"), (1, 300, []), id="a share of one card"),
        pytest.param(asking(gpu_milli="1000", gpu_count="4"), (4, 1000, []), id="four cards"),
        pytest.param(asking(gpu_count="2"), (2, 1000, []), id="a count alone is whole cards"),
        pytest.param(asking(gpu_milli="300", gpu_count="2"), (2, 300, []), id="shares of two cards"),
        pytest.param(asking(gpu_milli="0", gpu_count="0"), (0, 0, []), id="nought of nothing"),
        pytest.param(asking(gpu_milli="500", gpu_card_model="T4|V100"), (1, 500, ["T4", "V100"]), id="models"),
        pytest.param(requesting(whole="2"), (2, 1000, []), id="whole cards of the device plugin"),
        pytest.param(requesting(core="50", ratio="50"), (1, 500, []), id="Koordinator: half a card"),
        pytest.param(requesting(core="30", ratio="70"), (1, 700, []), id="Koordinator: the larger of core and memory"),
        pytest.param(requesting(both="200"), (2, 1000, []), id="Koordinator: two cards"),
        pytest.param(requesting(core="100", ratio="100", shared="2"), (2, 500, []), id="Koordinator: halves of two"),
        pytest.param(annotated(requesting(whole="1"), gpu_milli="250"), (1, 250, []), id="annotations go first"),
        pytest.param(annotated(requesting(whole="1"), gpu_card_model="T4"), (1, 1000, ["T4"]), id="a model alone"),
    ],
)  # fmt: skip
def test_what_a_pod_asks_for(pod: Manifest, want: tuple[int, int, list[str]]) -> None:
    assert gpu_request(encode_pod(pod))[1:] == want


@pytest.mark.parametrize(
    ("name", "value", "want"),
    [
        pytest.param("gpu-milli", "1001", "be an integer in 0..1000, in quotes, got '1001'", id="more than a card"),
        pytest.param("gpu-milli", "half", "be an integer in 0..1000, in quotes, got 'half'", id="no number"),
        pytest.param("gpu-milli", 500, "be an integer in 0..1000, in quotes, got 500", id="not in quotes"),
        pytest.param("gpu-count", "-1", "be an integer in 0..256, in quotes, got '-1'", id="a negative count"),
    ],
)
def test_a_malformed_annotation_is_named(name: str, value: object, want: str) -> None:
    pod: Any = make_pod("p")
    pod["metadata"]["annotations"] = {f"alibabacloud.com/{name}": value}
    with pytest.raises(ks.ObjectError) as error:
        encode_pod(pod)
    assert str(error.value) == f"pod default/p: metadata.annotations[alibabacloud.com/{name}] must {want}"


def test_cards_that_a_pod_holds_are_read_from_both_kinds_of_annotation() -> None:
    simulated = annotated(make_bound_pod("s", "a"), gpu_milli="400", gpu_index="1")
    koordinator = make_bound_pod("k", "a")
    device = {"minor": 2, "resources": {"koordinator.sh/gpu-core": "25", "koordinator.sh/gpu-memory-ratio": "30"}}
    koordinator["metadata"]["annotations"] = {
        "scheduling.koordinator.sh/device-allocated": json.dumps({"gpu": [device]})
    }
    scheduler = ks.Scheduler([gpu_node(cards=4), simulated, koordinator], CONFIG)
    assert scheduler.nodes.gpu_milli_left.tolist() == [[1000, 600, 700, 1000]]


@pytest.mark.parametrize(
    "value",
    ["{}x", "[]", '{"gpu": [{}]}', '{"gpu": [{"minor": "0"}]}', '{"gpu": [{"minor": 999}]}', '{"gpu": 3}'],
)
def test_a_malformed_allocation_is_refused(value: str) -> None:
    pod = make_bound_pod("k", "a")
    pod["metadata"]["annotations"] = {"scheduling.koordinator.sh/device-allocated": value}
    with pytest.raises(ks.ObjectError, match=r"device-allocated\] must"):
        ks.Scheduler([gpu_node(), pod], CONFIG)


@pytest.mark.parametrize("value", ["0-x", "-", "1-", "999", "٣"])
def test_a_malformed_index_is_refused(value: str) -> None:
    with pytest.raises(ks.ObjectError, match=r"gpu-index\] must be numbers of cards joined by -"):
        ks.Scheduler([gpu_node(), annotated(make_bound_pod("s", "a"), gpu_milli="400", gpu_index=value)], CONFIG)


@pytest.mark.parametrize(
    ("node", "want"),
    [
        pytest.param(gpu_node(cards=3, model="T4"), (3, "T4"), id="open-simulator"),
        pytest.param(offering("a", {"node.koordinator.sh/gpu-model": "A100"}, core="400"),
                     (4, "A100"), id="Koordinator"),
        pytest.param(offering("a", {"nvidia.com/gpu.product": "H100"}, whole="8"), (8, "H100"),
                     id="device plugin"),
        pytest.param(make_node("a"), (0, ""), id="no cards"),
        pytest.param(offering("a", {}, whole="1000000"), (256, ""), id="more than anyone has"),
    ],
)  # fmt: skip
def test_what_a_node_has(node: Manifest, want: tuple[int, str]) -> None:
    nodes = ks.Scheduler([node], CONFIG).nodes
    assert (nodes.gpu_milli_left.shape[1], nodes.gpu_models[0]) == want


def test_reasons_tell_what_is_missing() -> None:
    full = annotated(make_bound_pod("full", "full"), gpu_milli="800", gpu_index="0")
    nodes = [gpu_node("none", 0), gpu_node("other", 1, "V100"), gpu_node("full", 1, "T4"), gpu_node("free", 1, "T4")]
    scheduler = ks.Scheduler([*nodes, full], CONFIG)
    explanation = scheduler.explain(asking(gpu_milli="300", gpu_card_model="T4"))
    assert explanation.node == "free"
    assert [explanation.rejection(i) for i in range(4)] == [
        ("GPUShare", "UnschedulableAndUnresolvable", ["node(s) didn't have enough GPUs"]),
        ("GPUShare", "UnschedulableAndUnresolvable", ["node(s) didn't have a GPU of the pod's models"]),
        ("GPUShare", "Unschedulable", ["Insufficient GPU"]),
        None,
    ]


def test_shares_go_to_the_fullest_card_and_whole_pods_to_free_ones() -> None:
    scheduler = ks.Scheduler([gpu_node(cards=4)], CONFIG)
    asked = [("500", "1"), ("300", "1"), ("1000", "2"), ("500", "1"), ("200", "1"), ("500", "1")]
    got = [scheduler.schedule(asking(f"p{i}", gpu_milli=m, gpu_count=n)).devices for i, (m, n) in enumerate(asked)]
    assert got == [(0,), (0,), (1, 2), (3,), (0,), (3,)]
    scheduler.remove_pod("default/p2")
    assert scheduler.nodes.gpu_milli_left.tolist() == [[0, 1000, 1000, 0]]


def test_a_pod_without_annotations_takes_cards_too() -> None:
    node = offering("a", {}, whole="2")
    scheduler = ks.Scheduler([node], CONFIG)
    assert scheduler.schedule(requesting(whole="1")).devices == (0,)
    assert scheduler.schedule(asking("q", gpu_milli="10")).devices == (1,)


def test_preemption_frees_the_cards_of_its_victims() -> None:
    low = annotated(make_bound_pod("low", "a", priority=0), gpu_milli="700", gpu_index="1")
    kept = annotated(make_bound_pod("kept", "a", priority=0), gpu_milli="600", gpu_index="0")
    scheduler = ks.Scheduler([gpu_node(cards=2), low, kept], CONFIG)
    high = asking("high", gpu_milli="350")
    high["spec"]["priority"] = 10
    assert scheduler.schedule(high, preempt="immediate").devices == (0,)  # fits without
    higher = asking("higher", gpu_milli="1000")
    higher["spec"]["priority"] = 20
    decision = scheduler.schedule(higher, preempt="immediate")
    assert decision.preemption is not None
    assert decision.preemption.victims == ("default/low",)
    assert decision.devices == (1,)
    assert scheduler.nodes.gpu_milli_left.tolist() == [[50, 0]]


def test_a_node_may_get_and_lose_cards() -> None:
    scheduler = ks.Scheduler([gpu_node("a", 2), gpu_node("b", 1)], CONFIG)
    assert scheduler.schedule(asking("p", gpu_milli="400")).devices == (0,)
    scheduler.update_node(gpu_node("a", 3))
    assert scheduler.nodes.gpu_milli_left.tolist() == [[600, 1000, 1000], [1000, -1, -1]]
    scheduler.update_node(gpu_node("a", 0))
    scheduler.remove_pod("default/p")
    scheduler.update_node(gpu_node("a", 1))
    assert scheduler.nodes.gpu_milli_left.tolist() == [[1000, -1, -1], [1000, -1, -1]]
    scheduler.remove_node("a")
    assert scheduler.nodes.gpu_milli_left.tolist() == [[1000, -1, -1]]


def test_pods_that_hold_more_than_there_is_are_taken_as_they_are() -> None:
    crowd = [annotated(make_bound_pod(f"p{i}", "a"), gpu_milli="800") for i in range(3)]
    scheduler = ks.Scheduler([gpu_node(cards=2), *crowd], CONFIG)
    assert sorted(scheduler.nodes.gpu_milli_left[0].tolist()) == [-600, 200]
    assert scheduler.schedule(asking("q", gpu_milli="200")).devices == (1,)
