"""`kubesched compare`: policies and configurations side by side."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from kubesched.cli.replay import Until
from kubesched.cli.trace import open_traces, reader_options

if TYPE_CHECKING:
    from kubesched.compare import Comparison

_REPLAY_ONLY = ("until", "arrivals", "preempt", "no_departures")


@click.command()
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@reader_options
@click.option("--policy", "policies", multiple=True, metavar="NAME", help="a GPU policy, or `default`; may come again")
@click.option("--config", "configs", multiple=True, metavar="FILE", help="a KubeSchedulerConfiguration; may come again")
@click.option("--seeds", type=click.IntRange(1, 100_000), default=10, show_default=True, help="runs of each")
@click.option("--seed", type=click.IntRange(0, 2**62), default=42, show_default=True, help="the first of them")
@click.option("--replay", "is_replay", is_flag=True, help="whole replays in virtual time instead of packing")
@click.option("--inflate", type=float, help="repeat or drop pods up to this load; packing: 1.3 unless given")
@click.option("--until", type=Until(), help="of --replay: stop then; `end`: when the trace ends")
@click.option("--arrivals", type=click.Choice(["trace", "shuffled", "sorted"]), help="of --replay")
@click.option("--preempt", type=click.Choice(["never", "graceful", "immediate"]), help="of --replay")
@click.option("--no-departures", is_flag=True, default=None, help="of --replay: pods stay where they land")
@click.option("--workers", type=click.IntRange(1), help="processes; default: one for each processor")
@click.option("--out", metavar="DIR", help="write runs and curves as Parquet and summary.json there")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def compare(
    *,
    traces: tuple[str, ...],
    form: str | None,
    read: tuple[str, ...],
    policies: tuple[str, ...],
    configs: tuple[str, ...],
    is_replay: bool,
    out: str | None,
    output: str,
    **given: Any,
) -> None:
    """Run policies and configurations on the pods of a trace, once for each seed, and print means and deviations.

    Packing, unless --replay is given: pods and nodes are shuffled, each pod is tried once, none leaves, until pods have
    asked for 1.3 times what the cluster has.
    """
    if not policies and not configs:
        raise click.UsageError("give at least one --policy or --config")
    options = {name: given[name] for name in _REPLAY_ONLY if given[name] is not None}
    if options and not is_replay:
        raise click.UsageError(f"--{next(iter(options)).replace('_', '-')} goes with --replay only")
    if "no_departures" in options:
        options["departures"] = not options.pop("no_departures")
    from kubesched.compare import compare as run

    trace = open_traces(traces, form, read)
    start = time.perf_counter()

    def go(progress: Callable[[int, int], None]) -> Comparison:
        return run(
            trace,
            policies=policies,
            configs=configs,
            seeds=given["seeds"],
            seed=given["seed"],
            mode="replay" if is_replay else "packing",
            inflate=given["inflate"],
            workers=given["workers"],
            replay_options=options,
            progress=progress,
            keep_interrupted=True,
        )

    found = _watched(go)
    if found.interrupted:
        print("interrupted: what follows is of the runs that had ended", file=sys.stderr)
    if out is not None:
        print("wrote " + ", ".join(str(file) for file in found.write(out)), file=sys.stderr)
    seconds = time.perf_counter() - start
    if output == "json":
        print(json.dumps({**found.summary(), "seconds": round(seconds, 3)}, indent=2))
    else:
        from rich.console import Console

        from kubesched.report.compare_tables import print_comparison

        print_comparison(found, Console(), seconds)
    if found.interrupted:
        sys.exit(130)


def _watched(go: Callable[[Callable[[int, int], None]], Comparison]) -> Comparison:
    """Run with a progress bar on a terminal, a line for every tenth in a pipe."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("compare", total=None)
            return go(lambda done, total: bar.update(task, completed=done, total=total))
    last = 0

    def show(done: int, total: int) -> None:
        nonlocal last
        tenth = 10 * done // total
        if tenth > last:
            last = tenth
            print(f"{done:,} of {total:,} runs", file=sys.stderr, flush=True)

    return go(show)
