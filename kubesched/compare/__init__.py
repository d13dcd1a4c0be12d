"""Scheduler configurations and policies side by side, on the same pods, for several seeds."""

from kubesched.compare.choice import Choice
from kubesched.compare.compare import compare
from kubesched.compare.result import Comparison

__all__ = ["Choice", "Comparison", "compare"]
