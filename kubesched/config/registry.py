"""The plugins of kube-scheduler 1.34: where each can be enabled, and whether kubesched has it.

In the order of the default profile (apis/config/v1/default_plugins.go, v1.34).
"""

from __future__ import annotations

from dataclasses import dataclass

EXTENSION_POINTS = (
    "preEnqueue",
    "queueSort",
    "preFilter",
    "filter",
    "postFilter",
    "preScore",
    "score",
    "reserve",
    "permit",
    "preBind",
    "bind",
    "postBind",
)


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin.

    Attributes:
        points: the extension points that it implements.
        weight: its score weight in the default profile; 0 where that is unset.
        in_core: it has work to do in the core. PrioritySort and DefaultBinder have none: pods are decided in the
            order given, and binding is assuming.
    """

    points: frozenset[str]
    weight: int = 0
    in_core: bool = True


def _plugin(points: str, weight: int = 0, *, in_core: bool = True) -> PluginInfo:
    return PluginInfo(frozenset(points.split()), weight, in_core)


PLUGINS: dict[str, PluginInfo] = {
    "SchedulingGates": _plugin("preEnqueue", in_core=False),
    "PrioritySort": _plugin("queueSort", in_core=False),
    "NodeUnschedulable": _plugin("filter"),
    "NodeName": _plugin("filter"),
    "TaintToleration": _plugin("filter preScore score", 3),
    "NodeAffinity": _plugin("preFilter filter preScore score", 2),
    "NodePorts": _plugin("preFilter filter"),
    "NodeResourcesFit": _plugin("preFilter filter preScore score", 1),
    "VolumeRestrictions": _plugin("preFilter filter"),
    "NodeVolumeLimits": _plugin("preFilter filter"),
    "VolumeBinding": _plugin("preFilter filter reserve preBind preScore score"),
    "VolumeZone": _plugin("preFilter filter"),
    "PodTopologySpread": _plugin("preFilter filter preScore score", 2),
    "InterPodAffinity": _plugin("preFilter filter preScore score", 2),
    "DynamicResources": _plugin("preEnqueue preFilter filter postFilter reserve preBind"),
    "DefaultPreemption": _plugin("postFilter preEnqueue", in_core=False),
    "NodeResourcesBalancedAllocation": _plugin("preScore score", 1),
    "ImageLocality": _plugin("score", 1),
    "DefaultBinder": _plugin("bind", in_core=False),
}

# What kubesched has beside upstream's: shares of GPU cards, and policies that place them (docs/gpu-policies.md). None
# is in the default profile.
OWN_PLUGINS: dict[str, PluginInfo] = {
    "GPUShare": _plugin("filter reserve"),
    "Random": _plugin("score"),
    "DotProd": _plugin("score"),
    "GpuClustering": _plugin("score"),
    "GpuPacking": _plugin("score"),
    "BestFit": _plugin("score"),
    "FGD": _plugin("score"),
    "Tetris": _plugin("score"),
}

REMOVED_PLUGINS = frozenset({"AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits"})

# Upstream fails every pod at run time where one of these has a point without the earlier one that prepares it.
NEEDS_PRE_FILTER = frozenset(
    {"NodeResourcesFit", "NodePorts", "VolumeRestrictions", "VolumeBinding", "PodTopologySpread", "InterPodAffinity"}
)
NEEDS_PRE_SCORE = frozenset({"TaintToleration", "PodTopologySpread", "InterPodAffinity"})
