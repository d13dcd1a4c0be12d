"""Writes a bench run into docs/performance.md, between its markers, and draws how the cost of a pod grows.

`python -m bench.document FILE.json`
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from bench.cases import NODE_SIZES, SHAPE_COUNTS
from bench.results import DEPARTURES, OTHERS, SCHEDULER_PERF, SHAPES, Curve, Results, Row
from bench.table import amount

DOCS = Path(__file__).resolve().parent.parent / "docs"
BEGIN, END = "<!-- measured: begin, written by make bench-docs -->", "<!-- measured: end -->"
PLOT = "images/growth.png"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(cells: list[str]) -> list[str]:
    return [_row(cells), "|" + "---|" * len(cells)]


def shapes_table(results: Results) -> Iterator[str]:
    found = {row.name: row for row in results.rows if row.section == SHAPES}
    yield from _head(["nodes", *(f"{n:,} shape{'s' if n > 1 else ''}" for n in SHAPE_COUNTS)])
    for nodes in NODE_SIZES:
        rows = [found.get(f"{nodes:,} nodes, {n:,} shape{'s' if n > 1 else ''}") for n in SHAPE_COUNTS]
        yield _row([f"{nodes:,}", *(_with_wanted(row) for row in rows)])


def _with_wanted(row: Row | None) -> str:
    if row is None:
        return "not measured"
    wanted = "" if row.wanted is None else f" ({row.wanted:,.0f})"
    return f"{row.measured:,.0f}{wanted}"


def upstream_table(results: Results) -> Iterator[str]:
    rows = [row for row in results.rows if row.upstream is not None]
    yield from _head(["workload", "pods/s here", "kube-scheduler 1.34.1", "times"])
    for row in rows:
        name = row.name if row.section == SCHEDULER_PERF else f"{row.section}: {row.name}"
        times = row.measured / (row.upstream or 1)
        yield _row([name, f"{row.measured:,.0f}", f"{row.upstream:,.0f}", f"{times:,.0f}"])


def other_table(results: Results) -> Iterator[str]:
    yield from _head(["", "measured", "wanted", "ratio"])
    for row in results.rows:
        if row.section not in (SHAPES, SCHEDULER_PERF, OTHERS):
            prefix = "70 % full, " if row.section == DEPARTURES else ""
            ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
            yield _row([prefix + row.name, amount(row.measured, row.unit), amount(row.wanted, row.unit), ratio])


def growth_table(curves: list[Curve]) -> Iterator[str]:
    yield from _head(["", "from", "to", "the cost of a pod grows with"])
    for curve in curves:
        ends = ((curve.sizes[i], curve.seconds[i]) for i in (0, -1))
        unit = curve.against[:-1]
        costs = [f"{size:,} {unit}{'s' if size > 1 else ''}: {1e6 * cost:.2f} µs" for size, cost in ends]
        yield _row([curve.name, *costs, f"{curve.against} ^ {curve.exponent:.2f}"])


def text(results: Results) -> str:
    """Return what stands between the markers."""
    parts = [
        f"One core of {results.machine}; medians of five rounds, each on a cluster that has seen no pod.",
        "Pods a second by nodes and by different requests, drawn by Zipf's law (in brackets what was aimed at):",
        "\n".join(shapes_table(results)),
        "Beside kube-scheduler's own code without API server (default node sampling, two cores, another run):",
        "\n".join(upstream_table(results)),
        "Everything else; a ratio above 1 is better than what was aimed at:",
        "\n".join(other_table(results)),
        f"![The cost of a pod against nodes and against shapes]({PLOT})",
        "\n".join(growth_table(results.curves)),
    ]
    return "\n\n".join(parts)


def between_markers(page: str, new: str) -> str:
    """Return a page with what stands between its markers replaced.

    Raises:
        ValueError: the page has not both markers, once and in order.
    """
    if page.count(BEGIN) != 1 or page.count(END) != 1 or page.index(BEGIN) > page.index(END):
        raise ValueError(f"page must have {BEGIN!r} and then {END!r} once each")
    before, after = page.partition(BEGIN)[0], page.partition(END)[2]
    return f"{before}{BEGIN}\n\n{new}\n\n{END}{after}"


def draw(curves: list[Curve], path: Path) -> None:
    """Draw the cost of a pod, one panel against nodes and one against shapes, on logarithmic axes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4), sharey=True, layout="constrained")
    for panel, against in zip(panels, ("nodes", "shapes"), strict=True):
        for curve in (curve for curve in curves if curve.against == against):
            label = f"{curve.name} (exponent {curve.exponent:.2f})"
            panel.loglog(curve.sizes, [1e6 * cost for cost in curve.seconds], marker="o", label=label)
        panel.set_xlabel(against)
        panel.grid(visible=True, which="major", alpha=0.3)
        panel.legend(fontsize="small")
    panels[0].set_ylabel("µs a pod")
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def main() -> None:
    results = Results(Path(sys.argv[1]))
    page = DOCS / "performance.md"
    page.write_text(between_markers(page.read_text(), text(results)))
    draw(results.curves, DOCS / PLOT)
    print(f"written: {page.name} and {PLOT}")


if __name__ == "__main__":
    main()
