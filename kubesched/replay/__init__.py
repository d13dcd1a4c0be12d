"""Plays a trace in virtual time and reports what became of its pods."""

from typing import TYPE_CHECKING

from kubesched.lazy import export

if TYPE_CHECKING:
    from kubesched.replay.difference import first_difference
    from kubesched.replay.replay import Progress, replay
    from kubesched.replay.result import ReplayResult

__all__ = ["Progress", "ReplayResult", "first_difference", "replay"]

export(
    __name__,
    {
        "Progress": "kubesched.replay.replay",
        "ReplayResult": "kubesched.replay.result",
        "first_difference": "kubesched.replay.difference",
        "replay": "kubesched.replay.replay",
    },
)
