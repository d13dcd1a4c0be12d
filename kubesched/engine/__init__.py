"""Schedulers and what they answer. The only package that imports the C++ core."""

from kubesched._core import available_kernels
from kubesched.engine.decision import Decision
from kubesched.engine.explanation import Explanation
from kubesched.engine.node_view import NodeView
from kubesched.engine.placements import Placements
from kubesched.engine.pod_batch import PodBatch
from kubesched.engine.scheduler import Scheduler
from kubesched.version import KUBERNETES_VERSION

__all__ = [
    "KUBERNETES_VERSION",
    "Decision",
    "Explanation",
    "NodeView",
    "Placements",
    "PodBatch",
    "Scheduler",
    "available_kernels",
]
