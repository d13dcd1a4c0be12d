"""GPU policies by name: profiles that filter as kube-scheduler does and score by one plugin (docs/gpu-policies.md)."""

from __future__ import annotations

from typing import Any

from kubesched.config.plugin_config import API_VERSION
from kubesched.errors import ConfigError

POLICIES = {
    "random": "Random",
    "dotprod": "DotProd",
    "gpuclustering": "GpuClustering",
    "gpupacking": "GpuPacking",
    "bestfit": "BestFit",
    "fgd": "FGD",
    "tetris": "Tetris",
}
# GPUShare decides about cards: what nodes and pods count of them beside that must not get in its way.
_GPU_GROUPS = ["nvidia.com", "alibabacloud.com", "koordinator.sh"]


def policy_config(name: str, *, seed: int = 0) -> dict[str, Any]:
    """Return the KubeSchedulerConfiguration of a policy.

    Args:
        name: one of POLICIES, in any case.
        seed: of the draws of the policy random, 0 <= seed < 2**63.

    Raises:
        ConfigError: there is no such policy.
    """
    plugin = POLICIES.get(name.lower())
    if plugin is None:
        raise ConfigError(f"policy must be one of {', '.join(POLICIES)}, got {name!r}")
    share = {"enabled": [{"name": "GPUShare"}]}
    profile = {
        "plugins": {
            "filter": share,
            "reserve": share,
            "score": {"disabled": [{"name": "*"}], "enabled": [{"name": plugin}]},
        },
        "pluginConfig": [
            {"name": "NodeResourcesFit", "args": {"ignoredResourceGroups": _GPU_GROUPS}},
            {"name": "Random", "args": {"seed": seed}},
        ],
    }
    return {"apiVersion": API_VERSION, "kind": "KubeSchedulerConfiguration", "profiles": [profile]}
