"""`kubesched replay`: a trace against a cluster."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kubesched.replay import ReplayResult
    from kubesched.traces import Trace


@click.command()
@click.option("--nodes", metavar="FILE", help="openb node list (CSV), or Kubernetes manifests: YAML, JSON, .gz, folder")
@click.option("--pods", metavar="FILE", help="openb pod list (CSV), or Kubernetes manifests")
@click.option("--example", is_flag=True, help="a made-up cluster and workload instead of files")
@click.option("--config", metavar="FILE", help="a KubeSchedulerConfiguration (v1)")
@click.option("--out", metavar="DIR", help="write placements.parquet, nodes.parquet and summary.json there")
@click.option("--tie-break", type=click.Choice(["first", "random"]), default="first", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="of --tie-break random")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def replay(
    *,
    nodes: str | None,
    pods: str | None,
    example: bool,
    config: str | None,
    out: str | None,
    tie_break: str,
    seed: int,
    output: str,
) -> None:
    """Schedule the pods of a trace in order of arrival and print what became of them."""
    if example == (nodes is not None or pods is not None) or (nodes is None) != (pods is None):
        raise click.UsageError("give --nodes and --pods, or --example alone")
    trace = _open(nodes, pods)
    result, seconds = _run(trace, config, tie_break, seed)
    if out is not None:
        from kubesched.replay.output import write_result

        files = write_result(result, out)
        print("wrote " + ", ".join(str(file) for file in files), file=sys.stderr)
    if output == "json":
        print(json.dumps({**result.summary(), "seconds": round(seconds, 6)}, indent=2))
    else:
        from rich.console import Console

        from kubesched.report import print_replay

        print_replay(result, Console(), seconds)


def _open(nodes: str | None, pods: str | None) -> Trace:
    from kubesched.traces import example_trace, open_trace

    return example_trace() if nodes is None or pods is None else open_trace(nodes, pods)


def _run(trace: Trace, config: str | None, tie_break: str, seed: int) -> tuple[ReplayResult, float]:
    """Replay with a progress bar if anyone watches; return the result and the seconds that scheduling took."""
    from kubesched.replay import replay as run

    start = time.perf_counter()
    if not sys.stderr.isatty():
        result = run(trace, config=config, tie_break=tie_break, seed=seed)
        return result, time.perf_counter() - start
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("pods"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task("pods", total=len(trace.pods))
        result = run(
            trace,
            config=config,
            tie_break=tie_break,
            seed=seed,
            progress=lambda done, _total: bar.update(task, completed=done),
        )
    return result, time.perf_counter() - start
