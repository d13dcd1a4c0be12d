"""The GPU policies: scores by table, and whole runs against the twin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from kubesched.config.policies import POLICIES
from kubesched.engine import PodBatch
from tests.builders import make_config
from tests.oracle.gpu import GpuCluster, GpuNode, GpuPod, node_manifest, pod_manifest

GIB = 2**30
POLICY_NAMES = [name for name in POLICIES if name != "random"]


def scheduler(policy: str, nodes: list[GpuNode], workload: list[GpuPod], seed: int = 0) -> ks.Scheduler:
    batch = PodBatch.from_manifests([pod_manifest(f"w{i}", pod) for i, pod in enumerate(workload)])
    objects = [node_manifest(f"n{i}", node) for i, node in enumerate(nodes)]
    return ks.Scheduler(objects, policy=policy, workload=batch, seed=seed)


def node(*left: int, cpu: int = 64000, model: str = "T4") -> GpuNode:
    return GpuNode(cpu, 256 * GIB, model, list(left))


ONE = GpuPod(8000, GIB, 1, 1000)
HALF = GpuPod(4000, GIB, 1, 500)


@pytest.mark.parametrize(
    ("policy", "pod", "want"),
    [
        pytest.param("dotprod", ONE, {"n0": 96, "n1": 92}, id="dot product: the smaller node"),
        pytest.param("bestfit", ONE, {"n0": 100, "n1": 0}, id="best fit: the smaller node, normalised"),
        pytest.param("gpupacking", ONE, {"n0": 31, "n1": 25}, id="packing: free nodes, the fewer cards the better"),
        pytest.param("gpuclustering", ONE, {"n0": 43, "n1": 25}, id="clustering: no kind there yet"),
        pytest.param("fgd", ONE, {"n0": 50, "n1": 50}, id="gradient: one card less is one card less for all"),
        pytest.param("tetris", ONE, {"n0": 20, "n1": 8}, id="alignment: the larger share of the node"),
        pytest.param("gpupacking", GpuPod(100, 0, 0, 0), {"n0": 0, "n1": 0}, id="packing: no GPU wanted"),
    ],
)  # fmt: skip
def test_scores_of_empty_nodes(policy: str, pod: GpuPod, want: dict[str, int]) -> None:
    nodes = [node(1000, 1000), node(*[1000] * 8)]
    explanation = scheduler(policy, nodes, [ONE]).explain(pod_manifest("p", pod))
    assert explanation.to_dict()["total"] == want


def test_clustering_prefers_nodes_of_one_kind() -> None:
    nodes = [node(1000, 1000), node(1000, 1000), node(1000, 1000)]
    engine = scheduler("gpuclustering", nodes, [ONE])
    for name, pod in (("n0", HALF), ("n1", HALF), ("n1", ONE)):
        manifest = pod_manifest(f"{name}-{pod.milli}", pod)
        manifest["spec"]["nodeName"] = name
        engine.add_pod(manifest)
    total = engine.explain(pod_manifest("p", HALF)).to_dict()["total"]
    assert total == {"n0": 75 + 20, "n1": 50 + 23, "n2": 25 + 18}


def test_the_gradient_keeps_a_card_whole_for_the_typical_pod() -> None:
    engine = scheduler("fgd", [node(1000, 1000)], [ONE] * 9 + [HALF])
    assert [engine.schedule(pod_manifest(f"p{i}", HALF)).devices for i in range(4)] == [(0,), (0,), (1,), (1,)]


pods = st.builds(
    lambda cpu, memory, gpu, models: GpuPod(cpu, memory * GIB, gpu[0], gpu[1], models if gpu[0] else ""),
    st.sampled_from([0, 500, 1000, 2500, 4000, 8000]),
    st.sampled_from([0, 1, 8]),
    st.sampled_from([(0, 0), (1, 1000), (1, 500), (1, 300), (1, 120), (1, 700), (2, 1000), (4, 1000), (2, 400)]),
    st.sampled_from(["", "", "T4", "T4|V100", "V100"]),
)
nodes = st.builds(
    lambda cpu, memory, cards, model: GpuNode(cpu, memory * GIB, model, [1000] * cards),
    st.sampled_from([4000, 16000, 64000, 96000]),
    st.sampled_from([8, 64]),
    st.sampled_from([0, 1, 2, 4, 8]),
    st.sampled_from(["", "T4", "V100"]),
)


@pytest.mark.parametrize("policy", POLICY_NAMES)
@settings(max_examples=60, deadline=None)
@given(
    cluster=st.lists(nodes, min_size=1, max_size=6), workload=st.lists(pods, min_size=1, max_size=40), data=st.data()
)
def test_a_run_agrees_with_the_twin(
    policy: str, cluster: list[GpuNode], workload: list[GpuPod], data: st.DataObject
) -> None:
    engine = scheduler(policy, cluster, workload)
    twin = GpuCluster(policy, cluster, workload)
    placed: list[tuple[str, GpuPod, int, list[int]]] = []
    for i, pod in enumerate(workload):
        leaves: bool = data.draw(st.booleans(), label="one leaves first")
        if placed and leaves:
            key, gone, index, cards = placed.pop(data.draw(st.integers(0, len(placed) - 1), label="which"))
            engine.remove_pod(key)
            twin.take(gone, index, cards)
        want = twin.place(pod)
        got = engine.schedule(pod_manifest(f"p{i}", pod))
        assert (got.node, list(got.devices)) == ((None, []) if want is None else (f"n{want[0]}", want[1])), pod
        if want is not None:
            placed.append((got.pod, pod, *want))
    left = engine.nodes.gpu_milli_left
    assert [[room for room in row if room >= 0] for row in left.tolist()] == [node.left for node in cluster]


@settings(max_examples=30, deadline=None)
@given(cluster=st.lists(nodes, min_size=1, max_size=6), workload=st.lists(pods, min_size=1, max_size=40))
def test_random_puts_pods_where_they_fit_and_a_batch_goes_where_single_pods_go(
    cluster: list[GpuNode], workload: list[GpuPod]
) -> None:
    manifests = [pod_manifest(f"p{i}", pod) for i, pod in enumerate(workload)]
    one_by_one = scheduler("random", cluster, workload, seed=3)
    decisions = [one_by_one.schedule(manifest) for manifest in manifests]
    placements = scheduler("random", cluster, workload, seed=3).schedule_many(manifests)
    assert placements.node_names == [decision.node for decision in decisions]
    assert placements.to_arrow()["devices"].to_pylist() == [list(decision.devices) for decision in decisions]
    assert (one_by_one.nodes.gpu_milli_left >= -1).all()
    for pod, decision in zip(workload, decisions, strict=True):
        assert len(decision.devices) == (pod.num if decision else 0)


def test_random_draws_every_node_and_card_and_keeps_to_its_seed() -> None:
    cluster = [node(*[1000] * 8) for _ in range(8)]
    manifests = [pod_manifest(f"p{i}", GpuPod(1, 0, 1, 1)) for i in range(400)]
    runs = [scheduler("random", cluster, [ONE], seed=seed).schedule_many(manifests) for seed in (1, 1, 2)]
    assert {(n, d) for n, d in zip(runs[0].node_index.tolist(), runs[0].devices.tolist(), strict=True)} == {
        (n, d) for n in range(8) for d in range(8)
    }
    assert runs[0].node_index.tolist() == runs[1].node_index.tolist() != runs[2].node_index.tolist()


def test_a_fork_goes_on_by_itself() -> None:
    engine = scheduler("fgd", [node(1000, 1000)], [ONE, HALF])
    engine.schedule(pod_manifest("a", HALF))
    twin = engine.fork()
    assert twin.schedule(pod_manifest("b", HALF)).devices == (0,)
    assert engine.nodes.gpu_milli_left.tolist() == [[500, 1000]]
    assert engine.schedule(pod_manifest("c", ONE)).devices == (1,)
    assert twin.nodes.gpu_milli_left.tolist() == [[0, 1000]]


def test_typical_pods_may_be_given() -> None:
    given_pods = [{"count": 9, "milliCpu": 8000, "numGpu": 1}, {"count": 1, "milliCpu": 4000, "milliGpu": 500}]
    score = {"disabled": [{"name": "*"}], "enabled": [{"name": "FGD"}]}
    share = {"enabled": [{"name": "GPUShare"}]}
    config = make_config(
        plugins={"filter": share, "reserve": share, "score": score},
        pluginConfig=[{"name": "FGD", "args": {"typicalPods": given_pods}}],
    )
    workload = [ONE] * 9 + [HALF]
    pod = pod_manifest("p", HALF)
    cluster = [node(1000, 1000), node(1000, 500)]
    objects = [node_manifest(f"n{i}", each) for i, each in enumerate(cluster)]
    want = scheduler("fgd", cluster, workload).explain(pod).to_dict()["total"]
    assert ks.Scheduler(objects, config).explain(pod).to_dict()["total"] == want


@pytest.mark.parametrize(
    ("policy", "config", "want"),
    [
        pytest.param("fdg", None, "policy must be one of random, dotprod, gpuclustering, gpupacking, bestfit, fgd, "
                     "tetris, got 'fdg'", id="a typo"),
        pytest.param("fgd", {}, "policy must be left out where a configuration is given", id="both"),
        pytest.param(None, make_config(pluginConfig=[{"name": "GPUShare", "args": {"cardChoice": "Worst"}}]),
                     r"profiles\[0\].pluginConfig\[0\].args.cardChoice: must be one of BestFit, FGD, Random, got 'Worst'",
                     id="an unknown choice of cards"),
        pytest.param(None, make_config(pluginConfig=[{"name": "Random", "args": {"seed": -1}}]),
                     "seed: must not be negative, got -1", id="a negative seed"),
        pytest.param(None, make_config(pluginConfig=[{"name": "FGD", "args": {"typicalPods": [{"milliGpu": 1001}]}}]),
                     r"typicalPods\[0\].milliGpu: must be in 0..1000, got 1001", id="more than a card"),
        pytest.param(None, make_config(pluginConfig=[{"name": "FGD", "args": {"typicalPods": [{"count": 3}], "numPods": 2}}]),
                     "numPods: must be at least the sum of the counts, 3, got 2", id="fewer pods than typical ones"),
        pytest.param(None, make_config(plugins={"filter": {"enabled": [{"name": "FGD"}]}}),
                     "must be a plugin with the extension point filter, got 'FGD'", id="a score plugin as a filter"),
    ],
)  # fmt: skip
def test_bad_input_names_the_field(policy: str | None, config: dict[str, object] | None, want: str) -> None:
    with pytest.raises(ks.ConfigError, match=want):
        ks.Scheduler([], config, policy=policy)
