"""The typical pods of a workload: what the policy FGD measures fragmentation for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kubesched._core import gpu_request
from kubesched.api.pod_fields import is_finished
from kubesched.config import Profile
from kubesched.config.plugin_args import FgdArgs, TypicalPod
from kubesched.engine.pod_batch import PodBatch

_TYPICAL_SHARE = 0.95


def typical_pods(workload: PodBatch) -> FgdArgs:
    """Return the most frequent kinds of pods, as many as make up 95 % of the workload.

    A kind is milli-CPU, cards, thousandths of each and models. The most frequent come first; of equals the one with
    more CPU, then with larger shares, more cards, the later models by name.
    """
    counts: Counter[tuple[int, int, int, str]] = Counter()
    by_shape = np.bincount(workload.shape_index, minlength=len(workload.records)).tolist()
    for record, count in zip(workload.records, by_shape, strict=True):
        if count:
            milli_cpu, num_gpu, milli_gpu, listed = gpu_request(record)
            counts[milli_cpu, milli_gpu, num_gpu, "|".join(listed)] += count
    pods = []
    known = 0
    for (milli_cpu, milli_gpu, num_gpu, models), count in sorted(
        counts.items(), key=lambda item: (item[1], item[0]), reverse=True
    ):
        if known >= _TYPICAL_SHARE * len(workload):
            break
        known += count
        pods.append(TypicalPod(count, milli_cpu, num_gpu, milli_gpu, tuple(models.split("|")) if models else ()))
    return FgdArgs(tuple(pods), len(workload))


def measured_for(
    profiles: Iterable[Profile], workload: PodBatch | None, objects: Iterable[Mapping[str, Any]]
) -> list[Profile]:
    """Return the profiles, those with FGD and no typical pods measured for a workload.

    Args:
        profiles: of a configuration.
        workload: None for the pods among the objects that have not finished.
        objects: of the cluster.
    """
    completed = []
    for profile in profiles:
        if "FGD" in profile.plugins.by_point["score"] and profile.args.fgd.typical_pods is None:
            if workload is None:
                pods = [obj for obj in objects if obj.get("kind") == "Pod" and not is_finished(obj)]
                workload = PodBatch.from_manifests(pods)
            profile = replace(profile, args=replace(profile.args, fgd=typical_pods(workload)))
        completed.append(profile)
    return completed
