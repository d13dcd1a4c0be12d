"""A plugin written in Python, as the core asks it (csrc/bindings/python_plugin.cpp)."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from functools import cmp_to_key
from typing import Any

import numpy as np
import numpy.typing as npt

from kubesched.config.registry import PLUGINS, REMOVED_PLUGINS, PluginInfo
from kubesched.engine.call import Call, current_call
from kubesched.errors import ConfigError, PluginError

Manifest = Mapping[str, Any]

_MAX_NODE_SCORE = 100
_POINTS = {
    "filter": "filter",
    "score": "score",
    "less": "queueSort",
    "reserve": "reserve",
    "permit": "permit",
}


class PluginAdapter:
    """Calls a plugin's methods and checks what they answer.

    Every method raises PluginError where the plugin raises, or answers what no plugin may.
    """

    __slots__ = ("_plugin", "name", "reason", "unresolvable")

    def __init__(self, name: str, plugin: object) -> None:
        self.name = name
        self._plugin = plugin
        self.reason: str = getattr(plugin, "reason", f"node(s) were rejected by plugin {name}")
        self.unresolvable: bool = getattr(plugin, "unresolvable", False)

    def filter(self) -> tuple[npt.NDArray[np.bool_], bool, str]:
        """Return which nodes pass, whether preemption cannot help on the others, and why they do not pass."""
        call = current_call()
        return call.once((self.name, "filter"), lambda: self._passing(call)), self.unresolvable, self.reason

    def _passing(self, call: Call) -> npt.NDArray[np.bool_]:
        passing = self._array("filter", call.key, call.pod, call.nodes)
        shape = (len(call.node_names),)
        if passing.dtype != np.bool_ or passing.shape != shape:
            raise self._wrong(call.key, "filter", f"a bool array of shape {shape}", _shown_array(passing))
        return np.ascontiguousarray(passing)

    def score(self, feasible: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """Return a normalised score for each feasible node, 0 for the others."""
        call = current_call()
        scores = self._array("score", call.key, call.pod, call.nodes)
        self._check_scores(call, "score", scores, feasible.shape)
        scores = scores[feasible].astype(np.int64)
        last = "score"
        if hasattr(self._plugin, "normalize"):
            last = "normalize"
            shape = scores.shape
            scores = self._array("normalize", call.key, call.pod, scores)
            self._check_scores(call, last, scores, shape)
        outside = np.flatnonzero((scores < 0) | (scores > _MAX_NODE_SCORE))
        if outside.size:
            node = call.node_names[int(np.flatnonzero(feasible)[outside[0]])]
            got = f"{scores[outside[0]]} for node {node}"
            raise self._wrong(call.key, last, f"scores in 0..{_MAX_NODE_SCORE}", got)
        result = np.zeros(feasible.shape, np.int64)
        result[feasible] = scores
        return result

    def _check_scores(self, call: Call, method: str, scores: npt.NDArray[Any], shape: tuple[int, ...]) -> None:
        if scores.dtype.kind not in "iu" or scores.shape != shape:
            raise self._wrong(call.key, method, f"an integer array of shape {shape}", _shown_array(scores))
        if scores.dtype == np.uint64 and scores.size and int(scores.max()) >= 2**63:
            raise self._wrong(call.key, method, "integers of 64 bits", scores.max())

    def reserve(self, call: Call, node_name: str) -> bool:
        """Tell the plugin that the pod is about to go to a node; it may say no."""
        return self._agrees("reserve", call, node_name)

    def permit(self, call: Call, node_name: str) -> bool:
        """Ask whether the pod may go to a node."""
        return self._agrees("permit", call, node_name)

    def unreserve(self, call: Call, node_name: str) -> None:
        """Tell the plugin that the pod does not go to the node after all."""
        if hasattr(self._plugin, "unreserve"):
            self._ask("unreserve", call.key, call.pod, node_name)

    def _agrees(self, method: str, call: Call, node_name: str) -> bool:
        answer = self._ask(method, call.key, call.pod, node_name)
        if answer is None:
            return True
        if not isinstance(answer, (bool, np.bool_)):
            raise self._wrong(call.key, method, "True, False or None", reprlib.repr(answer))
        return bool(answer)

    def refusal(self) -> str:
        """Return why `reserve` or `permit` said no."""
        return getattr(self._plugin, "reason", f"pod was rejected by plugin {self.name}")

    def sort(self, pods: list[Manifest], keys: list[str]) -> list[int]:
        """Return the positions of pods in the plugin's order; equal ones keep theirs."""

        def compare(a: int, b: int) -> int:
            return -1 if self._is_less(pods, keys, a, b) else int(self._is_less(pods, keys, b, a))

        return sorted(range(len(pods)), key=cmp_to_key(compare))

    def _is_less(self, pods: list[Manifest], keys: list[str], a: int, b: int) -> bool:
        answer = self._ask("less", keys[a], pods[a], pods[b])
        if not isinstance(answer, (bool, np.bool_)):
            raise self._wrong(keys[a], "less", "True or False", reprlib.repr(answer))
        return bool(answer)

    def _array(self, method: str, key: str, *args: object) -> npt.NDArray[Any]:
        answer = self._ask(method, key, *args)
        try:
            return np.asarray(answer)
        except Exception as error:
            raise self._wrong(key, method, "an array", reprlib.repr(answer)) from error

    def _ask(self, method: str, key: str, *args: object) -> Any:
        try:
            return getattr(self._plugin, method)(*args)
        except Exception as error:
            text = f"plugin {self.name}, pod {key}: {method} raised {type(error).__name__}: {error}"
            raise PluginError(text) from error

    def _wrong(self, key: str, method: str, want: str, got: object) -> PluginError:
        return PluginError(f"plugin {self.name}, pod {key}: {method} must return {want}, got {got}")


def _shown_array(array: npt.NDArray[Any]) -> str:
    return f"{array.dtype} of shape {array.shape}"


def plugin_infos(plugins: Mapping[str, object]) -> dict[str, PluginInfo]:
    """Return the extension points of plugins by name: those whose methods they have.

    Raises:
        ConfigError: a name is not free, or a plugin has no method that is ever called.
    """
    if not isinstance(plugins, Mapping):
        raise ConfigError(f"plugins must be a mapping of names to plugins, got {type(plugins).__name__}")
    return {_checked_name(name): PluginInfo(_points(name, plugin)) for name, plugin in plugins.items()}


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not name or name == "*":
        raise ConfigError(f"plugins: a name must be a non-empty string, got {name!r}")
    if name in PLUGINS or name in REMOVED_PLUGINS:
        raise ConfigError(f"plugins: a name must not be one of kube-scheduler's own, got {name!r}")
    return name


def _points(name: object, plugin: object) -> frozenset[str]:
    methods = [*_POINTS, "normalize", "unreserve"]
    for method in methods:
        if hasattr(plugin, method) and not callable(getattr(plugin, method)):
            raise ConfigError(f"plugins[{name!r}].{method}: must be a method, got {getattr(plugin, method)!r}")
    if isinstance(plugin, type):
        raise ConfigError(f"plugins[{name!r}]: must be an object, got the class {plugin.__name__}")
    for method, needed in (("normalize", "score"), ("unreserve", "reserve")):
        if hasattr(plugin, method) and not hasattr(plugin, needed):
            raise ConfigError(f"plugins[{name!r}]: must have {needed} where it has {method}")
    points = frozenset(point for method, point in _POINTS.items() if hasattr(plugin, method))
    if not points:
        raise ConfigError(f"plugins[{name!r}]: must have one of {', '.join(_POINTS)}, got {type(plugin).__name__}")
    if not isinstance(getattr(plugin, "reason", ""), str):
        raise ConfigError(f"plugins[{name!r}].reason: must be a string")
    if not isinstance(getattr(plugin, "unresolvable", False), bool):
        raise ConfigError(f"plugins[{name!r}].unresolvable: must be True or False")
    return points
