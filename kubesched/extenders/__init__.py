"""Asks extenders over HTTP (pkg/scheduler/extender.go, v1.34). It knows no engine."""

from kubesched.extenders.extender import Extender, ExtenderFailure, FilterAnswer
from kubesched.extenders.victims import Victims, process_preemption

__all__ = ["Extender", "ExtenderFailure", "FilterAnswer", "Victims", "process_preemption"]
