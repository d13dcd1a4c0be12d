"""Scheduler configurations and policies side by side, on the same pods, for several seeds."""

from typing import TYPE_CHECKING

from kubesched.lazy import export

if TYPE_CHECKING:
    from kubesched.compare.compare import compare
    from kubesched.compare.result import Comparison

__all__ = ["Comparison", "compare"]

export(
    __name__,
    {
        "Comparison": "kubesched.compare.result",
        "compare": "kubesched.compare.compare",
    },
)
