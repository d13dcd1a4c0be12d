"""kubesched: what kube-scheduler 1.34 decides, from a C++ core.

import kubesched as ks
scheduler = ks.Scheduler(ks.load("cluster.yaml"))
print(scheduler.explain(pod))
"""

from kubesched.api.manifests import load
from kubesched.compare import Comparison, compare
from kubesched.engine import (
    KUBERNETES_VERSION,
    Decision,
    Explanation,
    NodeView,
    Placements,
    PodBatch,
    Scheduler,
)
from kubesched.errors import (
    ConfigError,
    DownloadError,
    InternalError,
    KubeschedError,
    ManifestError,
    ObjectError,
    PluginError,
    StateError,
    TraceFormatError,
    UnsupportedError,
)
from kubesched.queue import SchedulingQueue
from kubesched.replay import ReplayResult, replay

__version__ = "0.1.0"

__all__ = [
    "KUBERNETES_VERSION",
    "Comparison",
    "ConfigError",
    "Decision",
    "DownloadError",
    "Explanation",
    "InternalError",
    "KubeschedError",
    "ManifestError",
    "NodeView",
    "ObjectError",
    "Placements",
    "PluginError",
    "PodBatch",
    "ReplayResult",
    "Scheduler",
    "SchedulingQueue",
    "StateError",
    "TraceFormatError",
    "UnsupportedError",
    "__version__",
    "compare",
    "load",
    "replay",
]
