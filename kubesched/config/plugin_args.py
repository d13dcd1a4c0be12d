"""Arguments of the plugins that kubesched has, defaults filled in (apis/config/v1/defaults.go, v1.34).

Read by plugin_config.py, written for the core by profile.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kubesched.api.selectors import NodeTerm

STRATEGIES = ("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")


@dataclass(frozen=True, slots=True)
class FitArgs:
    """NodeResourcesFitArgs.

    Attributes:
        resources: of the scoring strategy, as (name, weight 1..100).
        shape: of RequestedToCapacityRatio, as (utilization percent, score 0..10), utilization increasing.
    """

    ignored_resources: tuple[str, ...] = ()
    ignored_resource_groups: tuple[str, ...] = ()
    strategy: str = STRATEGIES[0]
    resources: tuple[tuple[str, int], ...] = (("cpu", 1), ("memory", 1))
    shape: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class BalancedArgs:
    """NodeResourcesBalancedAllocationArgs; every weight is 1."""

    resources: tuple[str, ...] = ("cpu", "memory")


@dataclass(frozen=True, slots=True)
class DefaultConstraint:
    """One of PodTopologySpreadArgs.defaultConstraints; its selector comes from the pod's owners."""

    max_skew: int
    topology_key: str
    hard: bool
    min_domains: int
    affinity_honored: bool
    taints_honored: bool


@dataclass(frozen=True, slots=True)
class SpreadArgs:
    """PodTopologySpreadArgs; with `system_defaulting` the constraints are upstream's and none are given here."""

    system_defaulting: bool = True
    constraints: tuple[DefaultConstraint, ...] = ()


@dataclass(frozen=True, slots=True)
class InterPodAffinityArgs:
    """InterPodAffinityArgs; the weight is in 0..100."""

    hard_pod_affinity_weight: int = 1
    ignore_preferred_terms_of_existing_pods: bool = False


@dataclass(frozen=True, slots=True)
class NodeAffinityArgs:
    """NodeAffinityArgs.addedAffinity: `required` is None where it has none, `preferred` is (weight, term)."""

    required: tuple[NodeTerm, ...] | None = None
    preferred: tuple[tuple[int, NodeTerm], ...] = ()


@dataclass(frozen=True, slots=True)
class PreemptionArgs:
    """DefaultPreemptionArgs: how many nodes with victims are enough, in percent of those looked at and at least."""

    min_candidate_nodes_percentage: int = 10
    min_candidate_nodes_absolute: int = 100


@dataclass(frozen=True, slots=True)
class DynamicResourcesArgs:
    """DynamicResourcesArgs; 0 is no timeout."""

    filter_timeout_ns: int = 10_000_000_000


CARD_CHOICES = ("BestFit", "FGD", "Random")


@dataclass(frozen=True, slots=True)
class GpuShareArgs:
    """GPUShareArgs: which card a share of one gets; empty where that follows from the score plugins."""

    card_choice: str = ""


@dataclass(frozen=True, slots=True)
class TypicalPod:
    """One kind of pod of a workload: `num_gpu` cards, `milli_gpu` of each, of one of the models (empty: any)."""

    count: int
    milli_cpu: int
    num_gpu: int
    milli_gpu: int
    models: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FgdArgs:
    """FGDArgs.

    Attributes:
        typical_pods: what fragmentation is measured for; None where the workload is to tell.
        num_pods: of the whole workload, of which these are the most frequent.
    """

    typical_pods: tuple[TypicalPod, ...] | None = None
    num_pods: int = 0


@dataclass(frozen=True, slots=True)
class RandomArgs:
    """RandomArgs: the seed of its draws, 0 <= seed < 2**63."""

    seed: int = 0


@dataclass(frozen=True, slots=True)
class PluginArgs:
    """The arguments of all plugins of a profile."""

    fit: FitArgs = field(default_factory=FitArgs)
    balanced: BalancedArgs = field(default_factory=BalancedArgs)
    spread: SpreadArgs = field(default_factory=SpreadArgs)
    inter_pod_affinity: InterPodAffinityArgs = field(default_factory=InterPodAffinityArgs)
    node_affinity: NodeAffinityArgs = field(default_factory=NodeAffinityArgs)
    preemption: PreemptionArgs = field(default_factory=PreemptionArgs)
    dynamic_resources: DynamicResourcesArgs = field(default_factory=DynamicResourcesArgs)
    gpu_share: GpuShareArgs = field(default_factory=GpuShareArgs)
    fgd: FgdArgs = field(default_factory=FgdArgs)
    random: RandomArgs = field(default_factory=RandomArgs)
