"""Schedules a trace's pods in order of arrival and reports what became of them."""

from kubesched.replay.replay import replay
from kubesched.replay.result import ReplayResult

__all__ = ["ReplayResult", "replay"]
