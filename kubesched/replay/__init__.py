"""Plays a trace in virtual time and reports what became of its pods."""

from kubesched.replay.difference import first_difference
from kubesched.replay.replay import Progress, replay
from kubesched.replay.result import ReplayResult

__all__ = ["Progress", "ReplayResult", "first_difference", "replay"]
