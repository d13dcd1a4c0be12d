"""`kubesched trace synth`: a trace from a described mix, or from a few options."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

_PARAMETERS = {
    "forever": (),
    "constant": ("mean",),
    "exponential": ("mean",),
    "lognormal": ("median", "sigma"),
    "pareto": ("minimum", "alpha"),
}
_NUMBERS = ("sigma", "alpha")


@click.command()
@click.argument("description", required=False, metavar="[FILE]")
@click.option("--out", required=True, metavar="FILE", help="the trace to write, usually .parquet")
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), help="of every draw; default: the description's, or 0")
@click.option("--span", metavar="TIME", help="arrivals come before this time: 90s, 6h, 2d")
@click.option("--count", type=click.IntRange(1), help="arrivals; with --span, what ends first")
@click.option("--rate", metavar="RATE", help="without FILE: arrivals, as 2/s, 30/m or 500/h; default 1/s")
@click.option(
    "--process",
    type=click.Choice(["poisson", "uniform", "interval"]),
    help="without FILE: of arrivals; default poisson",
)
@click.option("--nodes", type=click.IntRange(1), help="without FILE: number of nodes; default 100")
@click.option("--node-cpu", metavar="QUANTITY", help="without FILE: of a node; default 32")
@click.option("--node-memory", metavar="QUANTITY", help="without FILE: of a node; default 128Gi")
@click.option("--node-gpus", type=click.IntRange(0), help="without FILE: of a node; default 0")
@click.option("--cpu", metavar="QUANTITY", help="without FILE: of a pod; default 1")
@click.option("--memory", metavar="QUANTITY", help="without FILE: of a pod; default 2Gi")
@click.option("--gpus", type=click.IntRange(0), help="without FILE: of a pod; default 0")
@click.option("--gang", type=click.IntRange(1), help="without FILE: pods of one arrival; default 1")
@click.option(
    "--lifetime",
    metavar="NAME:VALUES",
    help="without FILE: forever, constant:1h, exponential:10m (default), lognormal:MEDIAN,SIGMA or pareto:LEAST,ALPHA",
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def synth(
    *,
    description: str | None,
    out: str,
    seed: int | None,
    span: str | None,
    count: int | None,
    output: str,
    **given: Any,
) -> None:
    """Make a trace from FILE, a description in YAML or JSON, or from the options.

    The same description and seed give the same bytes.
    """
    from kubesched.errors import TraceFormatError
    from kubesched.traces import synthesize
    from kubesched.traces.parquet import write_trace

    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    if description is not None and named:
        raise click.UsageError(f"{', '.join(named)} must be left out where a description says it, got {description}")
    trace = synthesize(_describe(given) if description is None else description, seed=seed, span=span, count=count)
    try:
        write_trace(trace, out)
    except OSError as error:
        raise TraceFormatError(f"{out}: must be writable, got {error.strerror!r}") from None
    if output == "json":
        classes = {note.text.rpartition(" ")[2]: note.count for note in trace.notes}
        print(json.dumps({"file": out, "pods": trace.num_pods, "nodes": len(trace.node_names), "classes": classes}))
        return
    print(f"wrote {out}: {trace.num_pods:,} pods, {len(trace.node_names):,} nodes", file=sys.stderr)
    for note in trace.notes:
        print(f"  {note}", file=sys.stderr)


def _describe(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options as a description; what is not given keeps the command's defaults."""
    chosen = {name: value for name, value in given.items() if value is not None}
    arrivals = {"process": chosen.get("process", "poisson"), "rate": chosen.get("rate", "1/s")}
    pool = {"name": "node", "count": chosen.get("nodes", 100)}
    pool |= {
        name.removeprefix("node_"): chosen[name] for name in ("node_cpu", "node_memory", "node_gpus") if name in chosen
    }
    pod = {"name": "pod", "cpu": chosen.get("cpu", "1"), "memory": chosen.get("memory", "2Gi")}
    pod |= {name: chosen[name] for name in ("gpus", "gang") if name in chosen}
    pod["lifetime"] = _lifetime(chosen.get("lifetime", "exponential:10m"))
    return {"arrivals": arrivals, "nodes": [pool], "pods": [pod]}


def _lifetime(text: str) -> dict[str, Any]:
    name, _, rest = text.partition(":")
    values = rest.split(",") if rest else []
    if name not in _PARAMETERS or len(values) != len(_PARAMETERS[name]):
        shapes = [":".join(filter(None, (key, ",".join(names).upper()))) for key, names in _PARAMETERS.items()]
        raise click.UsageError(f"--lifetime must be one of {', '.join(shapes)}, got {text!r}")
    found: dict[str, Any] = {"distribution": name}
    for parameter, value in zip(_PARAMETERS[name], values, strict=True):
        try:
            found[parameter] = float(value) if parameter in _NUMBERS else value
        except ValueError:
            raise click.UsageError(f"{parameter} of --lifetime must be a number, got {value!r}") from None
    return found
