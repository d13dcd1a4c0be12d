"""Nodes and pods of a described mix as v1 manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubesched.api.label_rules import is_dns_label, is_label_value
from kubesched.engine import PodBatch, Scheduler
from kubesched.errors import ConfigError, KubeschedError
from kubesched.traces.synthetic.arrivals import Arrivals, read_arrivals
from kubesched.traces.synthetic.fields import Section
from kubesched.traces.synthetic.lifetimes import Lifetimes, read_lifetimes
from kubesched.traces.trace import ALWAYS, NEVER, ON_FAILURE

_ZONE = "topology.kubernetes.io/zone"
_HOSTNAME = "kubernetes.io/hostname"
_SPREAD_KEYS = {"zone": _ZONE, "hostname": _HOSTNAME}
_RESTARTS = {"never": NEVER, "on-failure": ON_FAILURE, "always": ALWAYS}
_MOST_NODES = 1_000_000
_MOST_GANG = 10_000


@dataclass(frozen=True, slots=True)
class PodClass:
    """Pods of one kind.

    Attributes:
        name: of the class, and how its pods' names begin.
        weight: its part of the common arrivals; 0 where it has its own.
        arrivals: its own process; None: the common one.
        gang: pods of one arrival.
        templates: a v1 Pod for each shape.
        shares: how often each shape comes, summing to 1.
        lifetimes: of its pods; those of a gang live equally long.
        restart: NEVER, ON_FAILURE or ALWAYS.
    """

    name: str
    weight: float
    arrivals: Arrivals | None
    gang: int
    templates: list[dict[str, Any]]
    shares: list[float]
    lifetimes: Lifetimes
    restart: int


def read_pools(sections: list[Section]) -> list[dict[str, Any]]:
    """Return v1 Nodes, pool by pool.

    Raises:
        ConfigError: a field is wrong.
    """
    nodes: list[dict[str, Any]] = []
    seen: set[str] = set()
    for section in sections:
        name = _name(section, "node", seen)
        count = section.integer("count", None, 1, _MOST_NODES)
        gpus = section.integer("gpus", 0, 0, 1000)
        model = section.text("gpu_model", "")
        if model and not gpus:
            section.fault("gpu_model", "be left out where there are no gpus", model)
        if not is_label_value(model):
            section.fault("gpu_model", "be a label value", model)
        resources = {
            "cpu": section.quantity("cpu", "32"),
            "memory": section.quantity("memory", "128Gi"),
            "pods": str(section.integer("pods", 110, 1, 10**6)),
        }
        if gpus:
            resources["nvidia.com/gpu"] = str(gpus)
        resources |= section.labels("resources")
        labels = section.labels("labels") | {"pool": name} | ({"gpu-model": model} if model else {})
        zones, taints = section.texts("zones"), section.mappings("taints")
        section.done()
        if len(nodes) + count > _MOST_NODES:
            section.fault("count", f"keep all pools within {_MOST_NODES} nodes", count)
        width = len(str(count - 1))
        pool = []
        for i in range(count):
            own = {_HOSTNAME: f"{name}-{i:0{width}d}"} | ({_ZONE: zones[i % len(zones)]} if zones else {})
            pool.append(_node(f"{name}-{i:0{width}d}", labels | own, resources, taints))
        try:
            Scheduler(pool[: max(1, len(zones))])  # the others differ in nothing that can be wrong
        except KubeschedError as error:
            raise ConfigError(f"{section.path} must give nodes that are valid, got {error}") from None
        nodes += pool
    return nodes


def read_classes(sections: list[Section], *, has_common: bool) -> list[PodClass]:
    """Return the classes of pods.

    Args:
        sections: their descriptions.
        has_common: whether there are common arrivals, for classes without their own.

    Raises:
        ConfigError: a field is wrong.
    """
    seen: set[str] = set()
    return [_read_class(section, seen, has_common=has_common) for section in sections]


def _read_class(section: Section, seen: set[str], *, has_common: bool) -> PodClass:
    name = _name(section, "pod", seen)
    arrivals = read_arrivals(section.section("arrivals")) if section.has("arrivals") else None
    if arrivals is None and not has_common:
        section.fault("arrivals", "be there where the description has none for all", None)
    if arrivals is not None and section.has("weight"):
        section.fault("weight", "be left out where the class has its own arrivals", section.value("weight"))
    weight = 0.0 if arrivals is not None else section.number("weight", 1.0, 0.0, 1e9, above=True)
    lifetimes = read_lifetimes(section.section("lifetime")) if section.has("lifetime") else Lifetimes(None, 0, 0)
    gang = section.integer("gang", 1, 1, _MOST_GANG)
    restart = _RESTARTS[section.choice("restart", tuple(_RESTARTS), "never")]
    metadata, spec = _common_parts(section, name)
    if section.has("shapes"):
        shapes = section.sections("shapes")
        weights = [shape.number("weight", 1.0, 0.0, 1e9, above=True) for shape in shapes]
    else:
        shapes, weights = [section], [1.0]
    templates = []
    for shape in shapes:
        templates.append(_pod(shape, metadata, spec))
        if shape is not section:
            shape.done()
    section.done()
    for shape, template in zip(shapes, templates, strict=True):
        try:
            PodBatch.from_templates([template], [0])
        except KubeschedError as error:
            raise ConfigError(f"{shape.path} must give pods that are valid, got {error}") from None
    shares = [part / sum(weights) for part in weights]
    return PodClass(name, weight, arrivals, gang, templates, shares, lifetimes, restart)


def _name(section: Section, default: str, seen: set[str]) -> str:
    name = section.text("name", default)
    if not is_dns_label(name) or len(name) > 40:
        section.fault("name", "be a DNS label of at most 40 characters", name)
    if name in seen:
        section.fault("name", "be unique", name)
    seen.add(name)
    return name


def _common_parts(section: Section, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return metadata and spec that all shapes of a class have."""
    labels = {"app": name} | section.labels("labels")
    namespace = section.text("namespace", "default")
    if not is_dns_label(namespace):
        section.fault("namespace", "be a DNS label", namespace)
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    spec: dict[str, Any] = {}
    if priority := section.integer("priority", 0, -(2**31), 10**9):
        spec["priority"] = priority
    if selector := section.labels("node_selector"):
        spec["nodeSelector"] = selector
    if tolerations := section.mappings("tolerations"):
        spec["tolerations"] = tolerations
    affinity: dict[str, Any] = {}
    if models := section.texts("gpu_models"):
        terms = [{"matchExpressions": [{"key": "gpu-model", "operator": "In", "values": models}]}]
        affinity["nodeAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    selector_of_class = {"matchLabels": {"app": labels["app"]}}
    if section.has("apart"):
        key = _SPREAD_KEYS[section.choice("apart", tuple(_SPREAD_KEYS))]
        term = {"topologyKey": key, "labelSelector": selector_of_class}
        affinity["podAntiAffinity"] = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    if section.has("spread"):
        spread = section.section("spread")
        constraint = {
            "topologyKey": _SPREAD_KEYS[spread.choice("over", tuple(_SPREAD_KEYS), "zone")],
            "maxSkew": spread.integer("skew", 1, 1),
            "whenUnsatisfiable": "DoNotSchedule" if _flag(spread, "required") else "ScheduleAnyway",
            "labelSelector": selector_of_class,
        }
        spread.done()
        spec["topologySpreadConstraints"] = [constraint]
    if affinity:
        spec["affinity"] = affinity
    more = section.mapping("spec")
    if "containers" in more:
        section.fault("spec", "leave out containers, which cpu, memory, gpus and resources describe", "containers")
    return metadata, spec | more


def _flag(section: Section, name: str) -> bool:
    value = section.value(name)
    if value is not None and not isinstance(value, bool):
        section.fault(name, "be true or false", value)
    return bool(value)


def _pod(shape: Section, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    requests = {"cpu": shape.quantity("cpu", "0"), "memory": shape.quantity("memory", "0")}
    requests = {name: amount for name, amount in requests.items() if amount != "0"} | shape.labels("resources")
    resources: dict[str, Any] = {"requests": requests} if requests else {}
    gpus = shape.integer("gpus", 0, 0, 1000)
    gpu_milli = shape.integer("gpu_milli", 1000, 1, 1000)
    own = dict(metadata)
    if gpu_milli != 1000 and gpus != 1:
        shape.fault("gpu_milli", "be left out unless gpus is 1", gpu_milli)
    if gpus:
        resources["limits"] = {"nvidia.com/gpu": str(gpus)}
        own["annotations"] = {"alibabacloud.com/gpu-count": str(gpus), "alibabacloud.com/gpu-milli": str(gpu_milli)}
    container = {"name": "main", "image": shape.text("image", "registry.local/main:v1"), "resources": resources}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": {"containers": [container], **spec}}


def _node(name: str, labels: dict[str, str], resources: dict[str, str], taints: list[Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints} if taints else {},
        "status": {"allocatable": resources},
    }
