"""What a pod requests: the API server's defaults, init containers, overhead, pod-level resources and resizes."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubesched.api.pod_codec import encode_pod
from kubesched.api.pod_requests import read_pod_requests
from kubesched.errors import ObjectError
from tests.oracle import requests as oracle
from tests.records import PodRecord, read_pod
from tests.workloads import Workload

DEFAULT_MEMORY = 200 * 2**20


def pod_of(containers: list[Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": {"containers": containers, **spec}}


def asking(restart: str | None = None, *, limits: Any = None, **requests: Any) -> dict[str, Any]:
    """A container; `_` in a resource name reads as `-`."""
    named = {name.replace("_", "-"): value for name, value in requests.items()}
    container: dict[str, Any] = {"name": "main", "resources": {"requests": named, "limits": limits}}
    if restart:
        container["restartPolicy"] = restart
    return container


def record_of(pod: dict[str, Any], *, bound: bool = False) -> PodRecord:
    return read_pod(encode_pod(pod, bound=bound))


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(pod_of([asking()]), {}, id="nothing is asked for"),
        pytest.param(pod_of([{"name": "main", "resources": None}]), {}, id="resources are null"),
        pytest.param(pod_of([asking(cpu="100m", memory="1Gi")]), {"cpu": 100, "memory": 2**30}, id="cpu and memory"),
        pytest.param(pod_of([asking(cpu="0", memory="1")]), {"memory": 1}, id="zeros are left out"),
        pytest.param(pod_of([asking(cpu=2, memory=1.5)]), {"cpu": 2000, "memory": 2}, id="numbers"),
        pytest.param(pod_of([asking(cpu="1"), asking(cpu="500m")]), {"cpu": 1500}, id="containers add up"),
        pytest.param(pod_of([asking(cpu="100u"), asking(cpu="100u")]), {"cpu": 2}, id="each is rounded up before"),
        pytest.param(pod_of([asking(memory="100m"), asking(memory="100m")]), {"memory": 1}, id="and the sum after"),
        pytest.param(pod_of([asking(limits={"cpu": "2"})]), {"cpu": 2000}, id="a limit stands in for a request"),
        pytest.param(pod_of([asking(limits={"cpu": "2"}, cpu="1")]), {"cpu": 1000}, id="but only where there is none"),
        pytest.param(pod_of([asking(limits={"cpu": "2"}, cpu="0")]), {}, id="and zero is one"),
        pytest.param(pod_of([{"resources": {"limits": {"nvidia.com/gpu": "2"}}}]), {"nvidia.com/gpu": 2}, id="devices"),
        pytest.param(pod_of([asking(hugepages_2Mi="4Mi", ephemeral_storage="1Gi")]),
                     {"ephemeral-storage": 2**30, "hugepages-2Mi": 2**22}, id="storage and huge pages"),
        pytest.param(pod_of([asking(cpu="1")], initContainers=[asking(cpu="3"), asking(cpu="2")]),
                     {"cpu": 3000}, id="the largest init container counts"),
        pytest.param(pod_of([asking(cpu="1")], initContainers=[asking("Always", cpu="2"), asking(cpu="3")]),
                     {"cpu": 5000}, id="beside the ones before it that keep running"),
        pytest.param(pod_of([asking(cpu="1")], initContainers=[asking(cpu="3"), asking("Always", cpu="1")]),
                     {"cpu": 3000}, id="not beside those after it"),
        pytest.param(pod_of([asking(cpu="1")], initContainers=[asking("Always", cpu="2"), asking("Always", cpu="2")]),
                     {"cpu": 5000}, id="and those count on, too"),
        pytest.param(pod_of([asking(cpu="1")], overhead={"cpu": "250m", "memory": "1Mi"}),
                     {"cpu": 1250, "memory": 2**20}, id="overhead is added"),
        pytest.param(pod_of([asking(cpu="1")], resources={"requests": {"cpu": "4"}}, overhead={"cpu": "1"}),
                     {"cpu": 5000}, id="pod-level requests stand for the containers'"),
        pytest.param(pod_of([asking(cpu="1")], resources={"limits": {"cpu": "4", "memory": "1Gi"}}),
                     {"cpu": 1000, "memory": 2**30}, id="pod-level limits for what no container asks for"),
        pytest.param(pod_of([asking(cpu="1")], resources={"limits": {}}), {"cpu": 1000}, id="empty ones for nothing"),
        pytest.param(pod_of([asking(limits={"hugepages-2Mi": "4Mi", "memory": "1Gi"})],
                            resources={"requests": {"cpu": "1"}}),
                     {"cpu": 1000, "hugepages-2Mi": 2**22, "memory": 2**30}, id="huge pages move to the pod"),
    ],
)  # fmt: skip
def test_requests(pod: dict[str, Any], want: dict[str, int]) -> None:
    assert record_of(pod).requests == want


@pytest.mark.parametrize(
    ("pod", "want_non_zero", "want_scored"),
    [
        pytest.param(pod_of([asking()]), (100, DEFAULT_MEMORY), (100, DEFAULT_MEMORY), id="nothing is asked for"),
        pytest.param(pod_of([asking(cpu="0")]), (0, DEFAULT_MEMORY), (0, DEFAULT_MEMORY), id="zero is asked for"),
        pytest.param(pod_of([asking(cpu="1"), asking(memory="1")]), (1100, DEFAULT_MEMORY + 1),
                     (1100, DEFAULT_MEMORY + 1), id="each container counts for itself"),
        pytest.param(pod_of([asking(cpu="1")], initContainers=[asking("Always"), asking(cpu="1")]),
                     (1100, 2 * DEFAULT_MEMORY), (1100, 2 * DEFAULT_MEMORY), id="init containers, too"),
        pytest.param(pod_of([asking()], resources={"requests": {"cpu": "2"}}),
                     (2000, DEFAULT_MEMORY), (100, DEFAULT_MEMORY), id="the pod asks for cpu, nobody for memory"),
        pytest.param(pod_of([asking(memory="1"), asking()], resources={"requests": {"cpu": "2"}}),
                     (2000, 1), (200, DEFAULT_MEMORY + 1), id="memory of one container is enough then"),
        pytest.param(pod_of([asking(), asking()], resources={"requests": {"cpu": "2"}}, overhead={"memory": "5"}),
                     (2000, 5), (200, 2 * DEFAULT_MEMORY + 5), id="and so is memory of the overhead"),
    ],
)  # fmt: skip
def test_defaults_for_scoring(
    pod: dict[str, Any], want_non_zero: tuple[int, int], want_scored: tuple[int, int]
) -> None:
    record = record_of(pod)
    assert (record.non_zero_milli_cpu, record.non_zero_memory_bytes) == want_non_zero
    assert (record.scored.get("cpu", 0), record.scored.get("memory", 0)) == want_scored


def with_status(pod: dict[str, Any], reason: str | None = None, **statuses: Any) -> dict[str, Any]:
    conditions = [] if reason is None else [{"type": "PodResizePending", "reason": reason}]
    return {**pod, "status": {"conditions": conditions, **statuses}}


HOLDS_TWO = {"name": "main", "resources": {"requests": {"cpu": "2"}}}
HOLDS_HALF = {"name": "main", "resources": {"requests": {"cpu": "500m"}}, "allocatedResources": {"cpu": "600m"}}


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(with_status(pod_of([asking(cpu="1")]), containerStatuses=[HOLDS_TWO]), 2000, id="it holds more"),
        pytest.param(with_status(pod_of([asking(cpu="1")]), containerStatuses=[HOLDS_HALF]), 1000, id="it holds less"),
        pytest.param(with_status(pod_of([asking(cpu="1")]), "Infeasible", containerStatuses=[HOLDS_HALF]),
                     600, id="it will not get what it asks for"),
        pytest.param(with_status(pod_of([asking(cpu="1")]), "Deferred", containerStatuses=[HOLDS_HALF]),
                     1000, id="it will get it later"),
        pytest.param(with_status(pod_of([asking(cpu="1")]), containerStatuses=[{"name": "main"}]),
                     1000, id="its status tells nothing"),
        pytest.param(with_status(pod_of([asking(cpu="1")], initContainers=[asking("Always", cpu="1")]),
                                 initContainerStatuses=[HOLDS_TWO]), 4000, id="statuses go by name alone"),
        pytest.param(with_status(pod_of([{}], initContainers=[asking(cpu="1")]), initContainerStatuses=[HOLDS_TWO]),
                     1000, id="an init container that ended holds nothing"),
    ],
)  # fmt: skip
def test_resizes_in_place(pod: dict[str, Any], want: int) -> None:
    record = record_of(pod, bound=True)
    assert (record.requests["cpu"], record.non_zero_milli_cpu) in ((want, want), (want, want + 100))
    without = {key: value for key, value in pod.items() if key != "status"}
    assert record.scored == record_of(without).scored
    assert record_of(pod) == record_of(without), "a pod to be scheduled holds nothing yet"


@pytest.mark.parametrize(
    ("pod", "want"),
    [
        pytest.param(pod_of([asking(cpus="1")]),
                     "spec.containers[0].resources.requests must name only resources that Kubernetes knows here,"
                     " got 'cpus'", id="a misspelt resource"),
        pytest.param(pod_of([{"resources": {"limits": {"nvidia.com/gpu": "0.5"}}}]),
                     "spec.containers[0].resources.limits.nvidia.com/gpu must be a whole number, got '0.5'",
                     id="half a device"),
        pytest.param(pod_of([asking(limits={"cpu": 1}, cpu=2)], initContainers=[asking()]),
                     "spec.containers[0].resources.requests.cpu must be at most the limit, got 2", id="above a limit"),
        pytest.param(pod_of([asking()], resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}}),
                     "spec.resources.requests.cpu must be at most the limit, got '2'", id="the pod above its limit"),
        pytest.param(pod_of([asking()], resources={"requests": {"nvidia.com/gpu": "2"}}),
                     "spec.resources.requests must name only resources that Kubernetes knows here,"
                     " got 'nvidia.com/gpu'", id="devices for the whole pod"),
        pytest.param(pod_of([asking()], overhead={"cpu": "x"}), "spec.overhead.cpu must be a quantity, got 'x'",
                     id="overhead that is no quantity"),
        pytest.param(pod_of([asking(memory="8Ei"), asking(memory="8Ei")]),
                     "requests of memory must add up to less than 2**63", id="too much memory together"),
        pytest.param(pod_of([asking(cpu="8Ei")]), "requests of cpu must add up to less than 2**63", id="too much cpu"),
        pytest.param(pod_of([asking(memory="9223372036854775807"), asking()]),
                     "requests of memory must add up to less than 2**63", id="too much memory with the defaults"),
        pytest.param(pod_of([{"resources": {"requests": {5: "1"}}}]), "got 5", id="a number for a name"),
        pytest.param(pod_of([{"resources": "1"}]), "spec.containers[0].resources must be a mapping, got '1'",
                     id="resources are text"),
        pytest.param(pod_of([asking()], initContainers=[{"restartPolicy": 1}]),
                     "spec.initContainers[0].restartPolicy must be a string, got 1", id="a restart policy is a number"),
    ],
)  # fmt: skip
def test_faults(pod: dict[str, Any], want: str) -> None:
    with pytest.raises(ObjectError, match=f"pod default/a: .*{re.escape(want)}"):
        encode_pod(pod)


QUANTITIES = st.sampled_from(["0", "1", "100m", "1500m", "2Gi", "1e3", "0.5", "7M", "12345678901Ki"])
RESOURCE_LISTS = st.none() | st.dictionaries(st.sampled_from(["cpu", "memory"]), QUANTITIES, max_size=2)


@given(st.lists(st.fixed_dictionaries({"requests": RESOURCE_LISTS, "limits": RESOURCE_LISTS}), min_size=1, max_size=3))
def test_ordinary_containers_are_added_up_as_any_others(resources: list[dict[str, Any]]) -> None:
    pod = pod_of([{"name": "main", "resources": entry} for entry in resources])
    try:
        want = read_pod_requests(pod, pod["spec"], bound=False)
    except ObjectError as error:
        with pytest.raises(ObjectError, match=re.escape(str(error))):
            encode_pod(pod)
        return
    record = record_of(pod)
    assert record.requests == dict(want.tracked)
    assert (record.non_zero_milli_cpu, record.non_zero_memory_bytes) == (
        want.non_zero_milli_cpu,
        want.non_zero_memory_bytes,
    )
    assert record.scored == dict(want.scored)


def test_agrees_with_the_twin_on_random_pods() -> None:
    workload = Workload(Random(11))
    for _ in range(400):
        pod = workload.pod()
        spec = pod["spec"]
        record = record_of(pod)
        assert record.requests == {name: amount for name, amount in oracle.requested(spec).items() if amount}
        non_zero = oracle.non_zero(spec)
        assert record.non_zero_milli_cpu == non_zero.get("cpu", 0)
        assert record.non_zero_memory_bytes == non_zero.get("memory", 0)
        assert record.scored == {name: amount for name, amount in oracle.scored(spec).items() if amount}
