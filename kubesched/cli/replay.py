"""`kubesched replay`: a trace against a cluster, in virtual time."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kubesched.cli.report import write_views
from kubesched.cli.trace import open_traces, parse_options, reader_options
from kubesched.traces.durations import parse_duration_ns

if TYPE_CHECKING:
    from kubesched.replay import Progress, ReplayResult
    from kubesched.replay.inputs import Inputs
    from kubesched.traces import Trace

_SECOND_NS = 10**9
_BYTES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


class Duration(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A time such as 90s, 1.5h or 1h30m, as nanoseconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return nanoseconds."""
        if not isinstance(value, str):
            return value
        found = parse_duration_ns(value)
        if found is None:
            self.fail(f"must be a time such as 90s, 1.5h or 1h30m, got {value!r}", param, ctx)
        return found


class Until(Duration):
    """A duration, or `end`."""

    name = "time|end"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return nanoseconds or "end"."""
        return value if value == "end" else super().convert(value, param, ctx)


class Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    """A number of bytes such as 300Mi or 1G."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return bytes."""
        if not isinstance(value, str):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(|K|M|G|Ki|Mi|Gi)B?", value)
        if not match:
            self.fail(f"must be a number of bytes such as 300Mi or 1G, got {value!r}", param, ctx)
        return round(float(match[1]) * _BYTES[match[2]])


_DURATION = Duration()


@click.command(name="run")
@click.argument("traces", nargs=-1, metavar="[TRACE]...")
@click.option("--nodes", metavar="FILE", help="openb node list (CSV), or Kubernetes manifests: YAML, JSON, .gz, folder")
@click.option("--pods", metavar="FILE", help="openb pod list (CSV), or Kubernetes manifests")
@click.option("--example", is_flag=True, help="a made-up cluster and workload instead of files")
@reader_options
@click.option("--config", metavar="FILE", help="a KubeSchedulerConfiguration (v1)")
@click.option("--policy", metavar="NAME", help="a GPU policy instead of a configuration: fgd, bestfit, dotprod, ...")
@click.option(
    "--until", type=Until(), help="stop then; `end`: when the trace ends. Default: when nothing can happen any more"
)
@click.option(
    "--placements",
    type=click.Choice(["ours", "recorded"]),
    default="ours",
    show_default=True,
    help="recorded: pods go where the trace had them",
)
@click.option(
    "--arrivals", type=click.Choice(["trace", "shuffled", "sorted", "scaled"]), default="trace", show_default=True
)
@click.option(
    "--arrival-scale", type=float, default=1.0, show_default=True, help="of --arrivals scaled: all times by this"
)
@click.option("--inflate", type=float, help="repeat or drop pods until they ask for this many times the capacity")
@click.option("--no-departures", is_flag=True, help="pods stay where they land")
@click.option(
    "--preempt",
    type=click.Choice(["never", "graceful", "immediate"]),
    default="graceful",
    show_default=True,
    help="whether pods that fit nowhere push others out, and whether those keep their grace period",
)
@click.option("--cycle-time", type=_DURATION, default=0, help="of one scheduling cycle; 0: infinitely fast")
@click.option("--binding-delay", type=_DURATION, default=0, help="from decision to binding")
@click.option("--startup-delay", type=_DURATION, default=0, help="from images there to running")
@click.option(
    "--pull-rate", type=Size(), default=0, help="bytes a second at which a node pulls images it lacks; 0: at once"
)
@click.option("--image-size", type=Size(), default=0, help="of images whose size no node tells")
@click.option("--sample-interval", type=_DURATION, help="between rows of the series; default: a 400th of the trace")
@click.option("--sample-at", type=_DURATION, multiple=True, help="further times for a row of the series")
@click.option("--events", is_flag=True, help="keep the table of all events")
@click.option("--out", metavar="DIR", help="write pods, nodes, series and events as Parquet and summary.json there")
@click.option("--report", "page", metavar="FILE", help="write one self-contained HTML page with the curves")
@click.option("--plots", metavar="DIR", help="write the curves as PNG pictures there (needs matplotlib)")
@click.option("--prices", metavar="FILE", help="of --report and --plots: what an hour of each resource costs")
@click.option("--tie-break", type=click.Choice(["first", "random"]), default="first", show_default=True)
@click.option("--seed", type=click.IntRange(0, 2**64 - 1), default=0, show_default=True, help="of every draw")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def run(
    *,
    traces: tuple[str, ...],
    nodes: str | None,
    pods: str | None,
    example: bool,
    form: str | None,
    read: tuple[str, ...],
    out: str | None,
    output: str,
    page: str | None,
    plots: str | None,
    prices: str | None,
    **given: Any,
) -> None:
    """Play the pods of a trace in virtual time and print what became of them."""
    num_ways = example + bool(traces) + (nodes is not None or pods is not None)
    if num_ways != 1 or (nodes is None) != (pods is None):
        raise click.UsageError("give --nodes and --pods, or --example alone, or TRACE files")
    if prices is not None and page is None and plots is None:
        raise click.UsageError("--prices goes with --report or --plots")
    paths = traces or tuple(path for path in (nodes, pods) if path is not None)
    options = _options(given)
    result, seconds = _run(_open(paths, form, read), options)
    if result.settings.interrupted:
        done = f"{result.end_ns / _SECOND_NS:,.0f} s of the trace"
        print(f"interrupted: what follows was simulated up to then, {done}", file=sys.stderr)
    if out is not None:
        from kubesched.replay.output import write_result

        files = write_result(result, out, _inputs(paths, form, read, options))
        print("wrote " + ", ".join(str(file) for file in files), file=sys.stderr)
    if page is not None or plots is not None:
        write_views(result, page, plots, prices)
    if output == "json":
        print(json.dumps({**result.summary(), "seconds": round(seconds, 6)}, indent=2))
    else:
        from rich.console import Console

        from kubesched.report import print_replay

        print_replay(result, Console(), seconds)
    if result.settings.interrupted:
        sys.exit(130)


class _ReplayGroup(click.Group):
    """`replay diff A B`, and all else is `replay run`, whose name is left out."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ("-h", "--help")):
            args = ["run", *args]
        elif args[0] in ("-h", "--help"):
            args = ["run", "--help"]
        return super().parse_args(ctx, args)


@click.group(cls=_ReplayGroup)
def replay() -> None:
    """Play a trace in virtual time; `replay diff A B` compares two results."""


replay.add_command(run)


@replay.command()
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@click.option("--why/--no-why", default=True, show_default=True, help="run both again and show the scores")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def diff(*, a: str, b: str, why: bool, output: str) -> None:
    """Name the first pod that two results (folders of --out) differ in, what each says of it, and why.

    Both are run again up to the attempt in which they part; what the plugins say of both nodes there is shown.

    Exit code 0: they are the same; 1: they differ.
    """
    from kubesched.replay.difference import first_difference
    from kubesched.replay.reasons import explain_difference
    from kubesched.report.difference_text import difference_lines

    found = first_difference(a, b)
    if found is not None and why:
        found["why"] = explain_difference(found, a, b)
    if output == "json":
        print(json.dumps(found, indent=2))
    else:
        for line in difference_lines(found):
            print(line)
    if found is not None:
        sys.exit(1)


def _open(traces: tuple[str, ...], form: str | None, read: tuple[str, ...]) -> Trace:
    from kubesched.traces import example_trace

    return open_traces(traces, form, read) if traces else example_trace()


def _options(given: dict[str, Any]) -> dict[str, Any]:
    """Return the command's options as the keyword arguments of a replay."""
    return {
        "config": given["config"],
        "policy": given["policy"],
        "until": given["until"],
        "placements": given["placements"],
        "arrivals": given["arrivals"],
        "arrival_scale": given["arrival_scale"],
        "inflate": given["inflate"],
        "departures": not given["no_departures"],
        "preempt": given["preempt"],
        "cycle_time_ns": given["cycle_time"],
        "binding_delay_ns": given["binding_delay"],
        "startup_delay_ns": given["startup_delay"],
        "pull_bytes_per_second": given["pull_rate"],
        "image_bytes": given["image_size"],
        "sample_interval_ns": given["sample_interval"],
        "sample_at_ns": given["sample_at"],
        "events": given["events"],
        "tie_break": given["tie_break"],
        "seed": given["seed"],
    }


def _inputs(paths: tuple[str, ...], form: str | None, read: tuple[str, ...], options: dict[str, Any]) -> Inputs:
    from kubesched.replay.inputs import Inputs

    config = options["config"]
    kept = {"sample_every_arrivals": 0, **options, "config": None if config is None else str(Path(config).absolute())}
    absolute = tuple(str(Path(path).absolute()) for path in paths)
    return Inputs(absolute, form, parse_options(read), {**kept, "sample_at_ns": list(kept["sample_at_ns"])})


def _run(trace: Trace, options: dict[str, Any]) -> tuple[ReplayResult, float]:
    """Replay with a progress bar if anyone watches; return the result and the seconds that it took."""
    from kubesched.replay import replay as play

    def go(progress: Callable[[Progress], None] | None) -> ReplayResult:
        return play(trace, **options, progress=progress, keep_interrupted=True)

    start = time.perf_counter()
    if not sys.stderr.isatty():
        return go(_plain_lines()), time.perf_counter() - start
    from kubesched.cli.progress import watched

    return watched(go), time.perf_counter() - start


def _plain_lines() -> Callable[[Progress], None]:
    """Return what prints a line every ten seconds."""
    last = time.perf_counter()

    def show(progress: Progress) -> None:
        nonlocal last
        if time.perf_counter() - last >= 10:
            last = time.perf_counter()
            simulated = progress.now_ns / _SECOND_NS
            print(f"{progress.arrived:,} of {progress.total:,} pods, {simulated:,.0f} s simulated", file=sys.stderr)

    return show
