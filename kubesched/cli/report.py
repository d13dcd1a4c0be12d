"""`kubesched report`: the page and the pictures of a replay that was kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kubesched.replay import ReplayResult


def write_views(source: ReplayResult | str, page: str | None, plots: str | None, prices: str | None) -> None:
    """Write what is asked for of a result or a folder, and say so."""
    from kubesched.report.page.prices import read_prices
    from kubesched.report.plots import write_plots
    from kubesched.report.write_report import write_report

    if page is not None:
        write_report(source, page, prices)
        print(f"wrote {page}", file=sys.stderr)
    if plots is not None:
        files = write_plots(source, plots, None if prices is None else read_prices(prices))
        print("wrote " + ", ".join(str(file) for file in files), file=sys.stderr)


@click.command()
@click.argument("folder", metavar="DIR")
@click.option("--out", "page", metavar="FILE", help="the page; default: report.html in DIR")
@click.option("--plots", metavar="DIR", help="PNG pictures, too (needs matplotlib)")
@click.option("--prices", metavar="FILE", help="what an hour of each resource costs (docs/replay.md)")
def report(*, folder: str, page: str | None, plots: str | None, prices: str | None) -> None:
    """Write the HTML page of a result that `replay --out DIR` wrote."""
    write_views(folder, f"{folder.rstrip('/')}/report.html" if page is None else page, plots, prices)
