"""A comparison as one table: a row for each choice, means and standard deviations."""

from __future__ import annotations

from rich.console import Console

from kubesched.compare import Comparison
from kubesched.report.lines import print_line, print_table

_TITLES = {
    "allocated_at_100_percent": "allocated % at 100 % asked",
    "allocated_percent": "allocated %",
    "fragmentation_at_100_percent": "fragmented % at 100 %",
    "fragmentation_percent": "fragmented %",
    "cpu_percent": "cpu %",
    "memory_percent": "memory %",
    "nodes_used": "nodes used",
}
_WHOLE = 1000  # from there on no decimals


def print_comparison(found: Comparison, console: Console, seconds: float) -> None:
    """Print a comparison; tables are drawn on a terminal only."""
    num_runs = len(found.runs)
    what = f"packing by {found.resource} up to {found.inflate:g}" if found.mode == "packing" else "replay"
    print_line(f"{found.source}: {what}, seeds {found.seeds[0]}..{found.seeds[-1]}", console)
    rows = []
    measures = [name for name in found.measures if any(row[name] is not None for row in found.means())]
    for row in found.means():
        cells = [row["choice"], str(row["runs"])]
        for name in measures:
            cells.append(_cell(row[name], row[f"{name}_sd"]))
        rows.append(cells)
    header = ["", "runs", *(_TITLES.get(name, name.replace("_", " ").replace(" percent", " %")) for name in measures)]
    if console.is_terminal:
        print_table("means ± standard deviations", header, rows, console)
    else:
        print_table("means ± standard deviations", header, [header, *rows], console)
    print_line(f"{num_runs} runs in {seconds:.1f} s", console)


def _cell(mean: float | None, deviation: float | None) -> str:
    if mean is None:
        return "-"
    digits = 0 if abs(mean) >= _WHOLE else 2
    text = f"{mean:,.{digits}f}"
    return text if deviation is None else f"{text} ± {deviation:,.{digits}f}"
