"""Writes a replay's page: one HTML file that asks nothing of anybody."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow as pa

from kubesched.report.page.figures import figures
from kubesched.report.page.prices import Prices
from kubesched.version import KUBERNETES_VERSION

_TEMPLATE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1><p>a replay with the decisions of kube-scheduler {kubernetes}, by kubesched</p></header>
<main id="main"></main>
<noscript>The charts of this page are drawn by a script that is part of it.</noscript>
<script type="application/json" id="figures">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def render_page(tables: Mapping[str, pa.Table], summary: Mapping[str, Any], prices: Prices | None = None) -> str:
    """Return the page; `tables` and `summary` are those of one replay."""
    here = files("kubesched.report.page")
    style = here.joinpath("page.css").read_text(encoding="utf-8")
    script = here.joinpath("page.js").read_text(encoding="utf-8")
    found = figures(tables, summary, prices)
    hashes = {name: _hash(text) for name, text in (("script", script), ("style", style))}
    policy = f"default-src 'none'; script-src {hashes['script']}; style-src {hashes['style']}; img-src data:"
    data = json.dumps(found, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
    return _TEMPLATE.format(
        policy=policy,
        title=html.escape(str(found["title"])),
        style=style,
        kubernetes=KUBERNETES_VERSION,
        data=data,
        script=script,
    )


def write_page(page: str, path: str | os.PathLike[str]) -> None:
    """Write a page; the file is there whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    target = Path(path)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        part.write_text(page, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
