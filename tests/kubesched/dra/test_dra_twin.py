"""Dynamic resources against the slow twin: random claims, one pod after another, with pods leaving and forks."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import kubesched as ks
from tests.device_workloads import PREDICATES, DeviceWorkload
from tests.oracle.dra import DeviceWorld

Manifest = dict[str, Any]


def rejections(scheduler: ks.Scheduler, pod: Manifest) -> dict[str, tuple[str, str]]:
    answer = scheduler.explain(pod).to_dict()
    if answer.get("preFilter"):
        return {"": (answer["preFilter"]["code"], *answer["preFilter"]["reasons"])}
    return {node: (told["code"], *told["reasons"]) for node, told in (answer.get("rejected") or {}).items()}


def wanted_rejections(world: DeviceWorld, nodes: list[str], pod: Manifest) -> dict[str, tuple[str, str]]:
    whole = world.pre_filter(pod)
    if whole is not None:
        return {"": ("UnschedulableAndUnresolvable", whole)}
    verdicts = {node: world.filter(pod, node) for node in nodes}
    return {node: verdict for node, verdict in verdicts.items() if verdict is not None}


def run(seed: int, num_steps: int) -> None:
    workload = DeviceWorkload(Random(seed))
    objects = workload.objects()
    nodes = [obj["metadata"]["name"] for obj in objects if obj["kind"] == "Node"]
    scheduler, world = ks.Scheduler(objects), DeviceWorld(objects, PREDICATES)
    placed: list[Manifest] = []
    gone: list[Manifest] = []
    for _ in range(num_steps):
        if placed and workload.maybe(0.3):
            pod = placed.pop(workload.rng.randrange(len(placed)))
            scheduler.remove_pod(f"default/{pod['metadata']['name']}")
            world.release(pod)
        if workload.maybe(0.2):
            other = scheduler.fork()  # what a fork does is no business of ours
            other.schedule(workload.pod())
        if gone and workload.maybe(0.3):
            obj = gone.pop()
            scheduler.put(obj)
            world.put(obj)
        elif workload.maybe(0.15):
            obj = workload.rng.choice([*world.classes.values(), *world.slices])
            scheduler.remove(obj["kind"], obj["metadata"]["name"])
            world.remove(obj)
            gone.append(obj)
        pod = workload.pod()
        assert rejections(scheduler, pod) == wanted_rejections(world, nodes, pod)
        node = scheduler.schedule(pod).node
        if node is not None:
            world.reserve(pod, node)
            placed.append(pod)
        for claim in workload.claims:
            assert scheduler.allocation(f"default/{claim}") == world.devices_of(f"default/{claim}")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_run_stays_with_the_twin(seed: int) -> None:
    run(seed, 8)
