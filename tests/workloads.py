"""Random clusters, pods, configurations and scripts, made to touch every plugin. Equal seeds give equal ones."""

from __future__ import annotations

from random import Random
from typing import Any

Manifest = dict[str, Any]

ZONE, HOSTNAME = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
APPS = ("web", "db", "cache")
NAMESPACES = {"default": {}, "team-a": {"env": "prod"}, "team-b": {"env": "dev", "tier": "x"}}
IMAGES = ("registry/app-0:v1", "registry/app-1:v1", "registry/app-2", "app")
TAINTS = (("gpu", "a"), ("gpu", "b"), ("spot", ""), ("node.kubernetes.io/unschedulable", ""))


class Workload:
    """Draws one after another from a seed; every draw is small, so that rules meet."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.num_nodes = 0
        self.num_pods = 0

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, *values: Any) -> Any:
        return self.rng.choice(values)

    def node(self, name: str | None = None) -> Manifest:
        if name is None:
            name = f"node-{self.num_nodes}"
            self.num_nodes += 1
        labels = {HOSTNAME: name} if self.maybe(0.95) else {}
        if self.maybe(0.85):
            labels[ZONE] = self.pick("a", "b", "c", "")
        if self.maybe(0.5):
            labels["disk"] = self.pick("ssd", "hdd")
        if self.maybe(0.5):
            labels["gen"] = self.pick("1", "2", "10", "x")
        resources = {"cpu": self.pick("2", "4", "8", "3500m"), "memory": self.pick("4Gi", "8Gi", "16777217Ki", "9G")}
        resources |= {"pods": self.pick("3", "10", "110"), "ephemeral-storage": "20Gi"}
        if self.maybe(0.3):
            resources["nvidia.com/gpu"] = self.pick("1", "2", "4")
        if self.maybe(0.1):
            resources["hugepages-2Mi"] = "64Mi"
        if self.maybe(0.05):
            resources[self.pick("cpu", "memory")] = "0"
        images = [
            {"names": [image if ":" in image else f"{image}:latest"], "sizeBytes": self.pick(10, 50, 300, 900) * 2**20}
            for image in IMAGES
            if self.maybe(0.4)
        ]
        taints = [
            {"key": key, "value": value, "effect": self.pick("NoSchedule", "PreferNoSchedule", "NoExecute")}
            for key, value in TAINTS
            if self.maybe(0.12)
        ]
        return {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": labels},
            "spec": {"taints": taints, "unschedulable": self.maybe(0.08)},
            "status": {"allocatable": resources, "images": images},
        }

    def amounts(self) -> dict[str, str]:
        amounts = {}
        if self.maybe(0.8):
            amounts["cpu"] = self.pick("100m", "250m", "1", "1500m", "0", "100500u")
        if self.maybe(0.8):
            amounts["memory"] = self.pick("64Mi", "1Gi", "1500M", "0", "1e9")
        if self.maybe(0.15):
            amounts["ephemeral-storage"] = "5Gi"
        if self.maybe(0.15):
            amounts["nvidia.com/gpu"] = self.pick("1", "2", "0")
        if self.maybe(0.05):
            amounts["hugepages-2Mi"] = "32Mi"
        return amounts

    def container(self, i: int, *, init: bool) -> Manifest:
        container: Manifest = {"name": f"c{i}", "image": self.pick(*IMAGES), "resources": {}}
        container["resources"][self.pick("requests", "requests", "limits")] = self.amounts()
        if init and self.maybe(0.5):
            container["restartPolicy"] = "Always"
        if self.maybe(0.15):
            port: Manifest = {"containerPort": 80, "hostPort": self.pick(8080, 8081)}
            if self.maybe(0.4):
                port["hostIP"] = self.pick("10.0.0.1", "10.0.0.2", "0.0.0.0")  # noqa: S104
            if self.maybe(0.3):
                port["protocol"] = "UDP"
            container["ports"] = [port]
        return container

    def selector(self) -> Manifest:
        selector: Manifest = {}
        if self.maybe(0.7):
            selector["matchLabels"] = {"app": self.pick(*APPS)}
        if self.maybe(0.3):
            operator = self.pick("In", "NotIn", "Exists", "DoesNotExist")
            values = [self.pick("front", "back")] if operator in ("In", "NotIn") else []
            selector["matchExpressions"] = [{"key": "tier", "operator": operator, "values": values}]
        return selector

    def node_requirement(self) -> Manifest:
        operator = self.pick("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
        if operator in ("Gt", "Lt"):
            return {"key": "gen", "operator": operator, "values": [self.pick("1", "2", "5")]}
        key, values = self.pick((ZONE, ("a", "b")), ("disk", ("ssd", "hdd")), ("gen", ("1", "x")))
        chosen = [self.pick(*values)] if operator in ("In", "NotIn") else []
        return {"key": key, "operator": operator, "values": chosen}

    def node_term(self) -> Manifest:
        term: Manifest = {}
        if self.maybe(0.9):
            term["matchExpressions"] = [self.node_requirement() for _ in range(self.pick(1, 1, 2))]
        if self.maybe(0.15):
            name = f"node-{self.rng.randrange(max(1, self.num_nodes) + 1)}"
            term["matchFields"] = [{"key": "metadata.name", "operator": self.pick("In", "NotIn"), "values": [name]}]
        return term

    def node_affinity(self) -> Manifest:
        affinity: Manifest = {}
        if self.maybe(0.6):
            terms = [self.node_term() for _ in range(self.pick(1, 2))]
            affinity["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        if self.maybe(0.6):
            affinity["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"weight": self.rng.randint(1, 100), "preference": self.node_term()} for _ in range(self.pick(1, 2))
            ]
        return affinity

    def affinity_term(self) -> Manifest:
        term: Manifest = {"topologyKey": self.pick(ZONE, HOSTNAME, "disk")}
        if self.maybe(0.95):
            term["labelSelector"] = self.selector()
            if self.maybe(0.1):
                term["matchLabelKeys"] = ["rev"]
            elif self.maybe(0.1):
                term["mismatchLabelKeys"] = ["rev"]
        if self.maybe(0.2):
            term["namespaces"] = [self.pick(*NAMESPACES)]
        if self.maybe(0.2):
            term["namespaceSelector"] = self.pick({}, {"matchLabels": {"env": "prod"}}, {
                "matchExpressions": [{"key": "env", "operator": "DoesNotExist"}]
            })  # fmt: skip
        return term

    def pod_affinity(self) -> Manifest:
        affinity: Manifest = {}
        if self.maybe(0.4):
            affinity["requiredDuringSchedulingIgnoredDuringExecution"] = [
                self.affinity_term() for _ in range(self.pick(1, 1, 2))
            ]
        if self.maybe(0.6):
            affinity["preferredDuringSchedulingIgnoredDuringExecution"] = [
                {"weight": self.rng.randint(1, 100), "podAffinityTerm": self.affinity_term()}
                for _ in range(self.pick(1, 2))
            ]
        return affinity

    def spread(self) -> Manifest:
        constraint: Manifest = {
            "maxSkew": self.pick(1, 2, 3),
            "topologyKey": self.pick(ZONE, HOSTNAME, "disk"),
            "whenUnsatisfiable": self.pick("DoNotSchedule", "ScheduleAnyway"),
            "labelSelector": self.selector(),
        }
        if constraint["whenUnsatisfiable"] == "DoNotSchedule" and self.maybe(0.3):
            constraint["minDomains"] = self.pick(1, 2, 5)
        if self.maybe(0.2):
            constraint["nodeAffinityPolicy"] = self.pick("Honor", "Ignore")
        if self.maybe(0.3):
            constraint["nodeTaintsPolicy"] = self.pick("Honor", "Ignore")
        if self.maybe(0.2):
            constraint["matchLabelKeys"] = ["rev"]
        return constraint

    def pod(self) -> Manifest:
        name = f"pod-{self.num_pods}"
        self.num_pods += 1
        labels = {"app": self.pick(*APPS)} if self.maybe(0.9) else {}
        if self.maybe(0.5):
            labels["tier"] = self.pick("front", "back")
        if self.maybe(0.3):
            labels["rev"] = self.pick("1", "2")
        spec: Manifest = {"containers": [self.container(i, init=False) for i in range(self.pick(1, 1, 2))]}
        if self.maybe(0.2):
            spec["initContainers"] = [self.container(i + 5, init=True) for i in range(self.pick(1, 2))]
        if self.maybe(0.1):
            spec["overhead"] = {"cpu": "50m", "memory": "10Mi"}
        if self.maybe(0.1):
            spec["resources"] = {"requests": {"cpu": self.pick("500m", "2"), "memory": "1Gi"}}
        if self.maybe(0.25):
            spec["tolerations"] = [self.toleration() for _ in range(self.pick(1, 2))]
        if self.maybe(0.15):
            spec["nodeSelector"] = {"disk": self.pick("ssd", "hdd")}
        affinity = {}
        for kind, make in (
            ("nodeAffinity", self.node_affinity),
            ("podAffinity", self.pod_affinity),
            ("podAntiAffinity", self.pod_affinity),
        ):
            if self.maybe(0.2):
                affinity[kind] = make()
        if affinity:
            spec["affinity"] = affinity
        if self.maybe(0.25):
            spec["topologySpreadConstraints"] = [self.spread() for _ in range(self.pick(1, 1, 2, 3))]
        metadata: Manifest = {"name": name, "namespace": self.pick(*NAMESPACES), "labels": labels}
        if self.maybe(0.3):
            kind = self.pick("ReplicaSet", "StatefulSet", "ReplicationController")
            version = "v1" if kind == "ReplicationController" else "apps/v1"
            reference = {"apiVersion": version, "kind": kind, "name": self.pick(*APPS), "controller": True}
            metadata["ownerReferences"] = [reference]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}

    def toleration(self) -> Manifest:
        if self.maybe(0.2):
            return {"operator": "Exists"}
        toleration: Manifest = {"key": self.pick("gpu", "spot", "node.kubernetes.io/unschedulable")}
        if self.maybe(0.5):
            toleration["operator"] = "Exists"
        else:
            toleration["value"] = self.pick("a", "b", "")
        if self.maybe(0.5):
            toleration["effect"] = self.pick("NoSchedule", "PreferNoSchedule", "NoExecute")
        return toleration

    def bound_pod(self, node: str) -> Manifest:
        pod = self.pod()
        pod["spec"]["nodeName"] = node
        if self.maybe(0.1):
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return pod

    def owners(self) -> list[Manifest]:
        owners: list[Manifest] = []
        for namespace in NAMESPACES:
            for app in APPS:
                metadata = {"name": app, "namespace": namespace}
                labels = {"app": app}
                if self.maybe(0.3):
                    owners.append({"apiVersion": "v1", "kind": "Service", "metadata": metadata})
                    owners[-1]["spec"] = self.pick({"selector": labels}, {"selector": {}}, {})
                if self.maybe(0.2):
                    spec = {"selector": labels}
                    owners.append({"apiVersion": "v1", "kind": "ReplicationController", "metadata": metadata})
                    owners[-1]["spec"] = spec
                for kind in ("ReplicaSet", "StatefulSet"):
                    if self.maybe(0.3):
                        owners.append({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata})
                        owners[-1]["spec"] = {"selector": self.pick({"matchLabels": labels}, self.selector())}
        return owners

    def objects(self, num_nodes: int, num_pods: int) -> list[Manifest]:
        """Namespaces, owners, nodes, and pods that are on them whether they fit or not."""
        namespaces = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
            for name, labels in NAMESPACES.items()
            if self.maybe(0.9)
        ]
        nodes = [self.node() for _ in range(num_nodes)]
        names = [node["metadata"]["name"] for node in nodes]
        return [*namespaces, *self.owners(), *nodes, *(self.bound_pod(self.pick(*names)) for _ in range(num_pods))]

    def config(self) -> Manifest | None:
        if self.maybe(0.4):
            return None
        plugin_config = [{"name": name, "args": args} for name, args in self.plugin_args().items() if self.maybe(0.6)]
        profile: Manifest = {"schedulerName": "default-scheduler", "pluginConfig": plugin_config}
        if self.maybe(0.4):
            scorers = ["TaintToleration", "NodeAffinity", "InterPodAffinity", "PodTopologySpread", "ImageLocality"]
            name = self.pick(*scorers)
            enabled = [{"name": self.pick(*scorers), "weight": self.pick(1, 5, 30)}]
            profile["plugins"] = {"score": {"disabled": [{"name": name}], "enabled": enabled}}
        return {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "profiles": [profile],
        }

    def plugin_args(self) -> dict[str, Manifest]:
        names = self.rng.sample(["cpu", "memory", "nvidia.com/gpu", "ephemeral-storage", "hugepages-2Mi"], 3)
        resources = [{"name": name, "weight": self.pick(1, 2, 7)} for name in names[: self.pick(1, 2, 3)]]
        shape = [{"utilization": u, "score": self.rng.randint(0, 10)} for u in (0, 35, 70, 100)]
        strategy: Manifest = {"type": self.pick("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")}
        strategy["resources"] = resources
        if strategy["type"] == "RequestedToCapacityRatio":
            strategy["requestedToCapacityRatio"] = {"shape": shape}
        constraints = [
            {"maxSkew": 1 + i, "topologyKey": key, "whenUnsatisfiable": self.pick("DoNotSchedule", "ScheduleAnyway")}
            for i, key in enumerate((ZONE, HOSTNAME))
        ]
        preferred = [{"weight": 5, "preference": {"matchExpressions": [self.node_requirement()]}}]
        added: Manifest = {"preferredDuringSchedulingIgnoredDuringExecution": preferred}
        if self.maybe(0.3):
            terms = [{"matchExpressions": [self.node_requirement()]}]
            added["requiredDuringSchedulingIgnoredDuringExecution"] = {"nodeSelectorTerms": terms}
        ignored = {"ignoredResources": ["nvidia.com/gpu"]} if self.maybe(0.3) else {}
        return {
            "NodeResourcesFit": {"scoringStrategy": strategy, **ignored},
            "NodeResourcesBalancedAllocation": {"resources": [{"name": name, "weight": 1} for name in names]},
            "PodTopologySpread": {"defaultingType": "List", "defaultConstraints": constraints},
            "InterPodAffinity": {
                "hardPodAffinityWeight": self.pick(0, 1, 50),
                "ignorePreferredTermsOfExistingPods": self.maybe(0.5),
            },
            "NodeAffinity": {"addedAffinity": added},
        }
