"""Prints a bench run as one table, what is wanted beside what was measured: `python -m bench.table FILE.json`."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.results import RATE, SIZE, TIME, Results, Row

WIDTH = 44


def amount(value: float | None, unit: str) -> str:
    """Return a figure with its unit."""
    if value is None:
        return ""
    if unit == RATE:
        return f"{value:,.0f}/s"
    if unit == SIZE:
        return f"{value / 1e9:,.2f} GB" if value >= 1e8 else f"{value:,.0f} B"
    return f"{value:,.2f} s" if value >= 1 else f"{1e3 * value:,.2f} ms" if value >= 1e-4 else f"{1e6 * value:,.2f} µs"


def line(row: Row) -> str:
    upstream = "" if row.upstream is None else f"{row.measured / row.upstream:,.0f}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    cells = (amount(row.measured, row.unit), amount(row.wanted, row.unit), ratio, amount(row.upstream, RATE), upstream)
    return f"  {row.name:<{WIDTH}}" + "".join(f"{cell:>16}" for cell in cells)


def print_table(results: Results) -> None:
    print(f"{results.machine}\n")
    heads = ("measured", "wanted", "ratio", "kube-scheduler", "times it")
    print(f"{'':<{WIDTH + 2}}" + "".join(f"{head:>16}" for head in heads))
    for section in dict.fromkeys(row.section for row in results.rows):
        print(section)
        for row in results.rows:
            if row.section == section:
                print(line(row))
    print("growth: the cost of a pod goes with which power of the size")
    for curve in results.curves:
        span = f"{curve.sizes[0]:,} to {curve.sizes[-1]:,} {curve.against}"
        cells = (f"{curve.exponent:.2f}", amount(curve.seconds[0], TIME), amount(curve.seconds[-1], TIME))
        print(f"  {curve.name + ', ' + span:<{WIDTH}}" + "".join(f"{cell:>16}" for cell in cells))
    asked = [row for row in results.rows if row.ratio is not None]
    reached = sum(1 for row in asked if (row.ratio or 0) >= 1)
    print(f"{reached} of {len(asked)} figures reached; a ratio is better the larger it is")


def main() -> None:
    print_table(Results(Path(sys.argv[1])))


if __name__ == "__main__":
    main()
