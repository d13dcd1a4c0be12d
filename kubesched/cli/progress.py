"""The progress bar of a replay."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from kubesched.replay import Progress as ReplayProgress

T = TypeVar("T")
_REFRESH_SECONDS = 0.1


def watched(go: Callable[[Callable[[ReplayProgress], None]], T]) -> T:
    """Run something that tells of its progress, with a bar on the terminal."""
    bar = Progress(
        TextColumn("replay"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.description}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        start = last = time.perf_counter()

        def show(progress: ReplayProgress) -> None:
            nonlocal last
            now = time.perf_counter()
            if now - last < _REFRESH_SECONDS:
                return
            last = now
            share = progress.arrived / max(1, progress.total)
            if progress.end_ns:
                share = min(share, progress.now_ns / progress.end_ns) if share == 1 else share
            simulated = timedelta(seconds=progress.now_ns // 10**9)
            rate = progress.events / max(now - start, 1e-9)
            bar.update(task, completed=share, description=f"{simulated} simulated, {rate:,.0f} events/s")

        return go(show)
