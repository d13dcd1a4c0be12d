"""A replay's page, from a result or a folder."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kubesched.replay.result import ReplayResult
from kubesched.report.page.page import render_page, write_page
from kubesched.report.page.prices import read_prices
from kubesched.report.saved import read_saved


def write_report(
    source: ReplayResult | str | os.PathLike[str],
    path: str | os.PathLike[str],
    prices: Mapping[str, Any] | str | os.PathLike[str] | None = None,
) -> None:
    """Write one self-contained HTML file with what people want to see of a replay; no request leaves it.

    Args:
        source: a result, or a folder that one was written to.
        path: of the file, which is there whole or not at all.
        prices: see `kubesched.report.page.prices.read_prices`; None for no costs.

    Raises:
        ConfigError: the prices are not what they must be.
        TraceFormatError: the folder holds no result.
        OSError: the file cannot be written.
    """
    known = None if prices is None else read_prices(prices)
    tables, summary = read_saved(source)
    write_page(render_page(tables, summary, known), path)
