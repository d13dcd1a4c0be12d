"""Every error that kubesched raises on purpose, for callers that want to catch one kind.

KubeschedError
  ObjectError (also ValueError)       a Kubernetes object that is not valid: object, field, value
  ConfigError (also ValueError)       a KubeSchedulerConfiguration that upstream would refuse
  UnsupportedError                    something upstream has and kubesched has not yet
  ManifestError (also ValueError)     a file that is no YAML or JSON manifest: path, line
  TraceFormatError (also ValueError)  a file that is no trace: path, line, column
  DownloadError                       a public file that cannot be had, or is not what it must be: address, reason
  PluginError                         a plugin of the caller's raises, or answers what no plugin may: plugin, pod
  StateError                          a node or pod that is there twice, or not at all
  InternalError                       our bug: an invariant broke
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "DownloadError",
    "InternalError",
    "KubeschedError",
    "ManifestError",
    "ObjectError",
    "PluginError",
    "StateError",
    "TraceFormatError",
    "UnsupportedError",
]


class KubeschedError(Exception):
    """Base of all errors that kubesched raises on purpose."""


class ObjectError(KubeschedError, ValueError):
    """A Kubernetes object breaks a rule of its type; the message names object, field and value."""


class ConfigError(KubeschedError, ValueError):
    """A scheduler configuration breaks a rule of upstream's validation."""


class UnsupportedError(KubeschedError):
    """The input asks for a part of kube-scheduler that kubesched does not have yet."""


class ManifestError(KubeschedError, ValueError):
    """A file cannot be read as Kubernetes manifests; the message names path and line."""


class TraceFormatError(KubeschedError, ValueError):
    """A file is not the trace it is taken for; the message names path, line and column."""


class DownloadError(KubeschedError):
    """A public file cannot be downloaded, or differs from its checksum; names address and reason."""


class PluginError(KubeschedError):
    """A plugin written in Python raised, or gave an answer of the wrong shape, type or range; names plugin and pod."""


class StateError(KubeschedError):
    """A node or pod is added twice, or named without being there."""


class InternalError(KubeschedError):
    """An invariant of kubesched broke; this is a bug in kubesched."""
