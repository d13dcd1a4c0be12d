"""SchedulingGates: pods that no profile looks at before their gates are gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubesched.api.fields import mapping
from kubesched.api.pod_fields import scheduling_gates
from kubesched.config.profile import Profile
from kubesched.engine.pod_batch import PodBatch


class Gates:
    """The gates of pods, where the pod's profile has SchedulingGates (plugins/schedulinggates, v1.34)."""

    __slots__ = ("_holds",)

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._holds = {p.scheduler_name: "SchedulingGates" in p.plugins.by_point["preEnqueue"] for p in profiles}

    def message(self, pod: Mapping[str, Any]) -> str:
        """Return upstream's text for a pod that has to wait; empty for one that may be tried.

        Raises:
            ObjectError: a gate breaks a rule of its type.
        """
        return self._text(pod, scheduling_gates(pod))

    def messages(self, batch: PodBatch) -> dict[int, str]:
        """Return position -> that text, of the pods of a batch that have to wait."""
        texts = ((i, self._text(pod, names)) for i, pod, names in batch.gated())
        return {i: text for i, text in texts if text}

    def _text(self, pod: Mapping[str, Any], names: Sequence[str]) -> str:
        if not names:
            return ""
        name = mapping(pod, "spec", "pod").get("schedulerName") or "default-scheduler"
        holds = next(iter(self._holds.values())) if len(self._holds) == 1 else self._holds.get(name, False)
        return f"waiting for scheduling gates: [{' '.join(names)}]" if holds else ""
