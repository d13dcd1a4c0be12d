"""A replay's curves as PNG pictures, drawn by matplotlib."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from kubesched.errors import UnsupportedError
from kubesched.replay.result import ReplayResult
from kubesched.report.page.figures import figures
from kubesched.report.page.prices import Prices
from kubesched.report.saved import read_saved

_SIZE_INCHES = (8.0, 4.0)
_DPI = 144
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def write_plots(
    source: ReplayResult | str | os.PathLike[str], folder: str | os.PathLike[str], prices: Prices | None = None
) -> list[Path]:
    """Draw each chart of the page, the waiting times and the reasons as a PNG; equal results give equal pictures.

    Returns:
        The files, which are named after what they show.

    Raises:
        UnsupportedError: matplotlib is not installed.
        TraceFormatError: the folder holds no result.
        OSError: a file cannot be written.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise UnsupportedError("pictures need matplotlib: pip install 'kubesched[plots]'") from None
    tables, summary = read_saved(source)
    found = figures(tables, summary, prices)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    drawn: list[tuple[str, Any]] = []

    def canvas(title: str) -> Any:
        figure = Figure(figsize=_SIZE_INCHES, dpi=_DPI, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        axes.set_title(title, loc="left", fontsize=11)
        axes.spines[["top", "right"]].set_visible(False)
        drawn.append((title, figure))
        return axes

    for chart in found["charts"]:
        if chart["lines"] and chart["times"]:
            _draw_lines(canvas(chart["title"]), chart)
    _draw_bars(canvas("Time in the queue"), found["waits"]["bars"])
    if found["reasons"]:
        _draw_bars(canvas("Why pods were never placed"), found["reasons"])
    paths = []
    for title, figure in drawn:
        path = target / (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") + ".png")
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        try:
            figure.savefig(part, format="png", metadata={"Software": "kubesched"})
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        paths.append(path)
    return paths


def _draw_lines(axes: Any, chart: dict[str, Any]) -> None:
    times = chart["times"]
    span = times[-1] - times[0]
    seconds, unit = next((entry for entry in _UNITS if span >= 3 * entry[0]), _UNITS[-1])
    for line in chart["lines"]:
        axes.step([time / seconds for time in times], line["values"], where="post", label=line["name"], linewidth=1.4)
    axes.set_xlabel(unit)
    axes.set_ylabel(chart["unit"])
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False, fontsize=8)


def _draw_bars(axes: Any, rows: list[list[Any]]) -> None:
    names = [str(name) if len(str(name)) <= 60 else f"{str(name)[:59]}…" for name, _ in rows]
    axes.barh(range(len(rows)), [count for _, count in rows])
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("pods")
