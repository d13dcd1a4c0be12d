"""What a comparison gives: a row for each run, and one for each choice."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

_KEYS = ("choice", "seed", "curve", "digest")


class Comparison:
    """The runs of a comparison, in the order of the choices, then of the seeds.

    Attributes:
        mode: "packing" or "replay".
        source: the trace in words.
        resource: what a packing experiment is about; empty for replays.
        inflate: up to what load, in packing experiments.
        choices: the names, in the order in which they were given.
        seeds: those that were asked for.
        interrupted: Ctrl-C came; runs that had not ended are missing.
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        *,
        mode: str,
        source: str,
        resource: str,
        inflate: float | None,
        choices: Sequence[str],
        seeds: Sequence[int],
        interrupted: bool = False,
    ) -> None:
        self._rows = list(rows)
        self.mode = mode
        self.source = source
        self.resource = resource
        self.inflate = inflate
        self.choices = tuple(choices)
        self.seeds = tuple(seeds)
        self.interrupted = interrupted

    @property
    def measures(self) -> list[str]:
        """What is measured, in the order of the columns."""
        return list(dict.fromkeys(name for row in self._rows for name in row if name not in _KEYS))

    @property
    def runs(self) -> pa.Table:
        """One row a run: choice, seed and every measure; a replay's digest, too."""
        names = list(dict.fromkeys(name for row in self._rows for name in row if name != "curve"))
        return pa.table({name: [row.get(name) for row in self._rows] for name in names})

    @property
    def curve(self) -> pa.Table:
        """One row a run and percent arrived: choice, seed, arrived_percent, allocated_percent, fragmentation_percent.

        Empty for replays.
        """
        rows = [(row["choice"], row["seed"], *point) for row in self._rows for point in row.get("curve", ())]
        schema = pa.schema(
            {
                "choice": pa.string(),
                "seed": pa.int64(),
                "arrived_percent": pa.int64(),
                "allocated_percent": pa.float64(),
                "fragmentation_percent": pa.float64(),
            }
        )
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
        return pa.table([pa.array(c, t) for c, t in zip(columns, schema.types, strict=True)], schema=schema)

    def means(self) -> list[dict[str, Any]]:
        """Return a row for each choice: `choice`, `runs`, and for each measure its mean, `_sd` and `_se`.

        The standard deviation is that of a sample, the standard error that of the mean; both are None for one run.
        A measure that some run of the choice does not have is None.
        """
        found = []
        for choice in self.choices:
            rows = [row for row in self._rows if row["choice"] == choice]
            entry: dict[str, Any] = {"choice": choice, "runs": len(rows)}
            for name in self.measures:
                values = [float(row[name]) for row in rows if row.get(name) is not None]
                known = bool(values) and len(values) == len(rows)
                deviation = float(np.std(values, ddof=1)) if known and len(values) > 1 else None
                entry[name] = round(float(np.mean(values)), 6) if known else None
                entry[f"{name}_sd"] = None if deviation is None else round(deviation, 6)
                entry[f"{name}_se"] = None if deviation is None else round(deviation / len(values) ** 0.5, 6)
            found.append(entry)
        return found

    def to_arrow(self) -> pa.Table:
        """Return `means` as a table."""
        return pa.Table.from_pylist(self.means())

    def to_pandas(self) -> Any:
        """Return `means` as a DataFrame; pandas must be installed."""
        return self.to_arrow().to_pandas()

    def summary(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values."""
        return {
            "source": self.source,
            "mode": self.mode,
            "resource": self.resource or None,
            "inflate": self.inflate,
            "seeds": list(self.seeds),
            "interrupted": self.interrupted,
            "choices": self.means(),
            "runs": [{name: value for name, value in row.items() if name != "curve"} for row in self._rows],
        }

    def write(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write runs.parquet, curve.parquet and summary.json into a folder: whole files or none.

        Raises:
            OSError: the folder cannot be made, or a file cannot be written.
        """
        from kubesched.replay.output import write_tables

        return write_tables(folder, {"runs": self.runs, "curve": self.curve}, self.summary())

    def __repr__(self) -> str:
        """Say what was compared."""
        return f"Comparison({', '.join(self.choices)}; {len(self._rows)} runs)"

    def _repr_html_(self) -> str:
        measures = self.measures
        head = "".join(f"<th>{html.escape(name)}</th>" for name in ("choice", "runs", *measures))
        body = ""
        for row in self.means():
            cells = [html.escape(row["choice"]), f"{row['runs']}"]
            for name in measures:
                mean, deviation = row[name], row[f"{name}_sd"]
                cells.append(
                    "" if mean is None else f"{mean:,.2f}" + ("" if deviation is None else f" ± {deviation:,.2f}")
                )
            body += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
