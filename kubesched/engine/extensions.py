"""What a scheduler asks outside of the core: plugins written in Python, and extenders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kubesched.api.pod_codec import encode_pod, pod_key
from kubesched.config.configuration import SchedulerConfiguration
from kubesched.engine.call import Call
from kubesched.engine.extender_adapter import ExtenderAdapter
from kubesched.engine.plugin_adapter import PluginAdapter
from kubesched.extenders import Extender, ExtenderFailure

Manifest = Mapping[str, Any]


class Extensions:
    """Shared by the forks of a scheduler.

    Attributes:
        plugins: name -> adapter, for the core.
        extenders: adapters in the order in which they are asked, for the core.
        need_nodes: an extender wants whole nodes.
        need_pods: an extender has a part in preemption and wants to know the victims.

    Raises:
        ConfigError: an extender's TLS files cannot be used.
    """

    __slots__ = ("_config", "_extenders", "extenders", "need_nodes", "need_pods", "plugins")

    def __init__(self, config: SchedulerConfiguration, plugins: Mapping[str, object]) -> None:
        self._config = config
        self.plugins = {name: PluginAdapter(name, plugin) for name, plugin in plugins.items()}
        self._extenders = [Extender(extender) for extender in config.extenders]
        times = Counter(extender.url_prefix for extender in config.extenders)
        self.extenders = [
            ExtenderAdapter(extender, _name(extender, times[extender.config.url_prefix] == 1))
            for extender in self._extenders
        ]
        self.need_nodes = any(extender.needs_nodes for extender in self._extenders)
        self.need_pods = any(extender.config.preempt_verb for extender in self._extenders)

    def __bool__(self) -> bool:
        """Tell whether there is anything to ask."""
        return bool(self.plugins or self._extenders)

    def _at(self, point: str, pod: Manifest) -> list[PluginAdapter]:
        """Return the Python plugins of an extension point in the profile that decides the pod."""
        profiles = self._config.profiles
        name = (pod.get("spec") or {}).get("schedulerName") or "default-scheduler"
        chosen = next((profile for profile in profiles if profile.scheduler_name == name), profiles[0])
        return [self.plugins[name] for name in chosen.plugins.by_point[point] if name in self.plugins]

    def commit(self, call: Call, node_name: str) -> str | None:
        """Run Reserve, Permit and the binding extender for a pod that is assumed on a node; return why it may not stay.

        Whoever reserved has been told then.

        Raises:
            PluginError: a plugin raised, or answered what it may not.
        """
        try:
            refusal = self._ask_plugins(call, node_name) or self._bind(call, node_name)
        except BaseException:
            self.unreserve(call, node_name)
            raise
        if refusal is not None:
            self.unreserve(call, node_name)
        return refusal

    def _ask_plugins(self, call: Call, node_name: str) -> str | None:
        for plugin in self._at("reserve", call.pod):
            if not plugin.reserve(call, node_name):
                return f"0/1 nodes are available: 1 {plugin.refusal()}."
        for plugin in self._at("permit", call.pod):
            if not plugin.permit(call, node_name):
                return f"0/1 nodes are available: 1 {plugin.refusal()}."
        return None

    def _bind(self, call: Call, node_name: str) -> str | None:
        """Have the first extender that binds this pod bind it (schedule_one.go extendersBinding, v1.34)."""
        for extender in self._extenders:
            if not extender.config.bind_verb or not extender.is_interested(call.pod):
                continue
            try:
                extender.bind(call.pod, call.key.partition("/")[0], node_name)
            except ExtenderFailure as failure:
                if extender.config.ignorable:
                    continue
                call.has_failed = True
                return str(failure)
            return None
        return None

    def unreserve(self, call: Call, node_name: str) -> None:
        """Tell every Reserve plugin of the pod's profile, last to first, that the pod does not stay on the node."""
        for plugin in reversed(self._at("reserve", call.pod)):
            plugin.unreserve(call, node_name)

    def sort(self, pods: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return pods in the order of the scheduling queue; see `Scheduler.sort`."""
        keys = [pod_key(pod) for pod in pods]
        for pod in pods:
            encode_pod(pod)
        plugin = self.sorter()
        if plugin is not None:
            return [pods[i] for i in plugin.sort(list(pods), keys)]
        return sorted(pods, key=lambda pod: -((pod.get("spec") or {}).get("priority") or 0))

    def sorter(self) -> PluginAdapter | None:
        """Return the Python plugin that orders the queue; None where PrioritySort does."""
        (name,) = self._config.profiles[0].plugins.by_point["queueSort"]
        return self.plugins.get(name)


def _name(extender: Extender, is_only: bool) -> str:
    return extender.config.url_prefix if is_only else f"{extender.config.url_prefix} ({extender.config.path})"
