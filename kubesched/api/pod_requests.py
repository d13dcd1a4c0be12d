"""What a pod requests (component-helpers/resource/helpers.go PodRequests, v1.34), with the API server's defaults.

Amounts are nanos by resource name, rounded up to thousandths where the API server does so: after the defaults of
pod-level resources are filled in. They become the scheduler's units once, at the end, as upstream does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.api.fields import entries, fault, is_text, mapping, text
from kubesched.api.label_rules import is_qualified_name
from kubesched.api.quantity import NANOS, NANOS_PER_MILLI, milli_units, parse_quantity, whole_units
from kubesched.api.resource_names import comes_whole, is_container_resource, is_pod_level_resource, tracked_amount

Amounts = dict[str, int]

DEFAULT_MILLI_CPU = 100
DEFAULT_MEMORY_BYTES = 200 * 2**20
_DEFAULTS: Amounts = {"cpu": DEFAULT_MILLI_CPU * NANOS // 1000, "memory": DEFAULT_MEMORY_BYTES * NANOS}
_OVERCOMMITTED = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class PodRequests:
    """A pod's requests as the scheduler counts them.

    Attributes:
        tracked: (resource, amount) by name, milli-CPU, bytes or counts; zeros left out.
        non_zero_milli_cpu, non_zero_memory_bytes: charged to the node, with a default for containers that ask none.
        scored: like `tracked`, what NodeResourcesFit scores with: defaults counted, pod-level resources and resizes
            not (plugins/noderesources/fit.go leaves both options of its scorer off, v1.34).
    """

    tracked: list[tuple[str, int]]
    non_zero_milli_cpu: int
    non_zero_memory_bytes: int
    scored: list[tuple[str, int]]


@dataclass(slots=True)
class _Container:
    name: object  # as it is written; only a resize looks at it
    requests: Amounts
    limits: Amounts
    restarts: bool  # an init container that runs as long as the pod


def read_amounts(resources: Mapping[str, Any], key: str, path: str, is_allowed: Callable[[str], bool]) -> Amounts:
    """Check a resource list and return its nanos by name.

    Raises:
        ObjectError: a name is not allowed, or an amount is no quantity, is negative or comes in too small parts.
    """
    amounts = {}
    for name, value in mapping(resources, key, path).items():
        if not is_text(name) or not is_allowed(name):
            fault(f"{path}.{key}", "name only resources that Kubernetes knows here", name)
        nanos = parse_quantity(value, f"{path}.{key}.{name}")
        if milli_units(nanos) % 1000 and comes_whole(name):
            fault(f"{path}.{key}.{name}", "be a whole number", value)
        amounts[name] = nanos
    return amounts


def _read_resources(owner: Mapping[str, Any], path: str, is_allowed: Callable[[str], bool]) -> tuple[Amounts, Amounts]:
    """Return requests and limits of a container or pod as they are written."""
    resources = mapping(owner, "resources", path)
    if not resources:
        return {}, {}
    path = f"{path}.resources"
    requests = read_amounts(resources, "requests", path, is_allowed)
    limits = read_amounts(resources, "limits", path, is_allowed)
    for name, limit in limits.items():
        if milli_units(requests.get(name, 0)) > milli_units(limit):
            fault(f"{path}.requests.{name}", "be at most the limit", mapping(resources, "requests", path)[name])
    return requests, limits


def _read_containers(spec: Mapping[str, Any], key: str) -> list[_Container]:
    containers = []
    for i, container in enumerate(entries(spec, key, "spec")):
        path = f"spec.{key}[{i}]"
        requests, limits = _read_resources(container, path, is_container_resource)
        restarts = key == "initContainers" and text(container, "restartPolicy", path) == "Always"
        containers.append(_Container(container.get("name"), {**limits, **requests}, limits, restarts))
    return containers


def _rounded(amounts: Amounts) -> Amounts:
    return {name: milli_units(nanos) * NANOS_PER_MILLI for name, nanos in amounts.items()}


def _add(into: Amounts, more: Amounts) -> None:
    for name, nanos in more.items():
        into[name] = into.get(name, 0) + nanos


def _raise_to(into: Amounts, other: Amounts) -> None:
    for name, nanos in other.items():
        if nanos > into.get(name, -1):
            into[name] = nanos


def _aggregate(containers: list[_Container], init_containers: list[_Container], defaults: Amounts) -> Amounts:
    """Sum the containers; an init container counts while it runs, beside those before it that keep running."""
    total: Amounts = {}
    for container in containers:
        _add(total, {**defaults, **container.requests})
    restarting: Amounts = {}
    highest: Amounts = {}
    for container in init_containers:
        requests = {**defaults, **container.requests}
        if container.restarts:
            _add(total, requests)
            _add(restarting, requests)
            requests = restarting
        else:
            _add(requests, restarting)
        _raise_to(highest, requests)
    _raise_to(total, highest)
    return total


def _pod_level_requests(
    spec: Mapping[str, Any], containers: list[_Container], init_containers: list[_Container]
) -> Amounts:
    """Return spec.resources.requests with the API server's defaults (defaultPodRequests, v1.34)."""
    requests, limits = _read_resources(spec, "spec", is_pod_level_resource)
    if not requests and not limits:
        return {}
    for name, limit in _huge_page_limits(containers, init_containers).items():
        if name not in requests:
            limits.setdefault(name, limit)
    if limits:
        asked = _aggregate(containers, init_containers, {})
        for name in _OVERCOMMITTED:
            if name in asked:
                requests.setdefault(name, asked[name])
        for name, limit in limits.items():
            requests.setdefault(name, limit)
    return requests


def _huge_page_limits(containers: list[_Container], init_containers: list[_Container]) -> Amounts:
    """Sum the limits on huge pages; pod-level resources take them over (defaultHugePagePodLimits, v1.34)."""

    def limited(listed: list[_Container]) -> list[_Container]:
        return [_Container(container.name, container.limits, {}, container.restarts) for container in listed]

    limits = _aggregate(limited(containers), limited(init_containers), {})
    return {name: limit for name, limit in limits.items() if name.startswith("hugepages-")}


def _resize(pod: Mapping[str, Any], containers: list[_Container], init_containers: list[_Container]) -> None:
    """Count what a running container still holds while it is resized in place (determineContainerReqs, v1.34)."""
    status = mapping(pod, "status", "pod")
    held_by_name: dict[str, list[Amounts]] = {}
    for key in ("containerStatuses", "initContainerStatuses"):
        for i, entry in enumerate(entries(status, key, "status")):
            if entry.get("resources") is not None:
                path = f"status.{key}[{i}]"
                resources = mapping(entry, "resources", path)
                held_by_name[text(entry, "name", path)] = [
                    _rounded(read_amounts(resources, "requests", f"{path}.resources", is_qualified_name)),
                    _rounded(read_amounts(entry, "allocatedResources", path, is_qualified_name)),
                ]
    if not held_by_name:
        return
    resizes = [entry for entry in entries(status, "conditions", "status") if entry.get("type") == "PodResizePending"]
    is_infeasible = bool(resizes) and resizes[0].get("reason") == "Infeasible"
    for container in containers + [container for container in init_containers if container.restarts]:
        if isinstance(container.name, str) and container.name in held_by_name:
            requests = {} if is_infeasible else dict(container.requests)
            for held in held_by_name[container.name]:
                _raise_to(requests, held)
            container.requests = requests


def read_pod_requests(pod: Mapping[str, Any], spec: Mapping[str, Any], *, bound: bool) -> PodRequests:
    """Compute a pod's requests.

    Args:
        pod: the whole manifest.
        spec: its spec.
        bound: the pod is on its node: what its containers hold while they are resized counts.

    Raises:
        ObjectError: a quantity is malformed or negative, a request exceeds its limit, or a sum does not fit 64 bits.
    """
    containers = _read_containers(spec, "containers")
    init_containers = _read_containers(spec, "initContainers")
    pod_level = _rounded(_pod_level_requests(spec, containers, init_containers))
    for container in containers + init_containers:
        container.requests = _rounded(container.requests)
    overhead = _rounded(read_amounts(spec, "overhead", "spec", is_container_resource))
    scored = _aggregate(containers, init_containers, _DEFAULTS)
    _add(scored, overhead)
    if bound and pod.get("status") is not None:
        _resize(pod, containers, init_containers)
    requests = {**_aggregate(containers, init_containers, {}), **pod_level}
    _add(requests, overhead)
    missing = {name: nanos for name, nanos in _DEFAULTS.items() if not pod_level or name not in requests}
    charged = {**_aggregate(containers, init_containers, missing), **pod_level}
    _add(charged, overhead)
    return PodRequests(
        _tracked(requests),
        _fitting("cpu", milli_units(charged.get("cpu", 0))),
        _fitting("memory", whole_units(charged.get("memory", 0))),
        _tracked(scored),
    )


def _tracked(requests: Amounts) -> list[tuple[str, int]]:
    tracked = []
    for name in sorted(requests):
        amount = tracked_amount(name, requests[name])
        if amount:
            tracked.append((name, _fitting(name, amount)))
    return tracked


def _fitting(name: str, amount: int) -> int:
    if amount >= 2**63:
        unit = "thousandths" if name == "cpu" else "units"
        fault(f"requests of {name}", f"add up to less than 2**63 {unit}", amount)
    return amount
