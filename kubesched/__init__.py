"""kubesched: what kube-scheduler 1.34 decides, from a C++ core.

import kubesched as ks
scheduler = ks.Scheduler(ks.load("cluster.yaml"))
print(scheduler.explain(pod))
"""

from typing import TYPE_CHECKING

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
from kubesched.lazy import export
from kubesched.version import KUBERNETES_VERSION

if TYPE_CHECKING:
    from kubesched.api.manifests import load
    from kubesched.compare import Comparison, compare
    from kubesched.engine import (
        Decision,
        Explanation,
        NodeView,
        Placements,
        PodBatch,
        Scheduler,
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

export(
    __name__,
    {
        "Comparison": "kubesched.compare",
        "Decision": "kubesched.engine",
        "Explanation": "kubesched.engine",
        "NodeView": "kubesched.engine",
        "Placements": "kubesched.engine",
        "PodBatch": "kubesched.engine",
        "ReplayResult": "kubesched.replay",
        "Scheduler": "kubesched.engine",
        "SchedulingQueue": "kubesched.queue",
        "compare": "kubesched.compare",
        "load": "kubesched.api.manifests",
        "replay": "kubesched.replay",
    },
)
