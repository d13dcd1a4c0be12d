"""Time, injected: everything that waits or stamps takes a `Clock` and never asks the machine.

`VirtualClock` moves when it is told to, and runs what is due on the way, in order of (time, order of the calls).
`WallClock` follows the machine's time inside a running asyncio loop.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol

from kubesched.errors import StateError


class Timer(Protocol):
    """A call that is due at some time."""

    def cancel(self) -> None:
        """Forget the call; nothing happens where it has run already."""


class Clock(Protocol):
    """What time it is, in nanoseconds since the Unix epoch, and calls at later times."""

    def now_ns(self) -> int:
        """Return the time; it never goes back."""

    def call_at(self, time_ns: int, callback: Callable[[], object]) -> Timer:
        """Run the callback once at `time_ns`, or as soon as possible where that has passed."""

    async def sleep_until(self, time_ns: int) -> None:
        """Wait until `time_ns`."""


class _VirtualTimer:
    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class VirtualClock:
    """A clock that stands still until `advance` or `advance_to`. Not thread-safe."""

    def __init__(self, start_ns: int = 0) -> None:
        self._now_ns = start_ns
        self._order = itertools.count()
        self._timers: list[tuple[int, int, _VirtualTimer]] = []

    def now_ns(self) -> int:
        """Return the virtual time."""
        return self._now_ns

    def call_at(self, time_ns: int, callback: Callable[[], object]) -> Timer:
        """Run the callback when the clock is advanced to `time_ns` or past it."""
        timer = _VirtualTimer(callback)
        heapq.heappush(self._timers, (time_ns, next(self._order), timer))
        return timer

    async def sleep_until(self, time_ns: int) -> None:
        """Wait until somebody advances the clock to `time_ns`."""
        if time_ns <= self._now_ns:
            return
        future = asyncio.get_running_loop().create_future()
        timer = self.call_at(time_ns, lambda: None if future.done() else future.set_result(None))
        try:
            await future
        finally:
            timer.cancel()

    def next_ns(self) -> int | None:
        """Return when the next call is due; None where none is."""
        while self._timers and self._timers[0][2].callback is None:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def advance(self, duration_ns: int) -> None:
        """Let `duration_ns` pass."""
        self.advance_to(self._now_ns + duration_ns)

    def advance_to(self, time_ns: int) -> None:
        """Let time pass until `time_ns`; calls that are due run on the way, each at its own time.

        Raises:
            StateError: `time_ns` is in the past.
        """
        if time_ns < self._now_ns:
            raise StateError(f"time_ns must be >= {self._now_ns}, got {time_ns}")
        while (due := self.next_ns()) is not None and due <= time_ns:
            callback = heapq.heappop(self._timers)[2].callback
            self._now_ns = max(self._now_ns, due)
            if callback is not None:
                callback()
        self._now_ns = time_ns


class WallClock:
    """The machine's clock. Calls at later times need a running asyncio loop."""

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Return the time; steps of the machine's clock after the start are not followed."""
        return time.monotonic_ns() + self._offset_ns

    def call_at(self, time_ns: int, callback: Callable[[], object]) -> Timer:
        """Run the callback from the running loop at `time_ns`."""
        delay_s = max(0, time_ns - self.now_ns()) / 1e9
        return asyncio.get_running_loop().call_later(delay_s, callback)

    async def sleep_until(self, time_ns: int) -> None:
        """Wait until `time_ns`."""
        await asyncio.sleep(max(0, time_ns - self.now_ns()) / 1e9)
