"""`kubesched trace`: what traces hold, and traces in kubesched's own format."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from kubesched.cli.fetch import fetch
from kubesched.cli.synth import synth

if TYPE_CHECKING:
    from kubesched.traces import Trace


def reader_options(command: Any) -> Any:
    """Add --format and --read to a command that opens traces."""
    given = click.option(
        "--read", "read", metavar="OPTION=VALUE", multiple=True, help="an option of the format's reader; may come again"
    )
    named = click.option("--format", "form", metavar="NAME", help="the trace's format; default: by its content")
    return named(given(command))


def parse_options(read: tuple[str, ...]) -> dict[str, str]:
    """Return OPTION=VALUE pairs as a mapping."""
    found = {}
    for pair in read:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.UsageError(f"--read must be OPTION=VALUE, got {pair!r}")
        found[name] = value
    return found


def open_traces(traces: tuple[str, ...], form: str | None, read: tuple[str, ...]) -> Trace:
    """Open one file or folder, or nodes and pods."""
    from kubesched.traces import open_trace

    if len(traces) not in (1, 2):
        raise click.UsageError("TRACE must be one file or folder, or two files: nodes and pods")
    return open_trace(traces[0], traces[1] if len(traces) == 2 else None, form=form, options=parse_options(read))


@click.group()
def trace() -> None:
    """Look at traces, convert, make and fetch them."""


trace.add_command(synth)
trace.add_command(fetch)


@trace.command()
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@reader_options
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def info(*, traces: tuple[str, ...], form: str | None, read: tuple[str, ...], output: str) -> None:
    """Print what a trace holds: rows, span, resources, peak load against capacity, and what was left out or assumed."""
    from kubesched.traces.summary import summarize

    start = time.perf_counter()
    found = summarize(open_traces(traces, form, read))
    found["seconds"] = round(time.perf_counter() - start, 3)
    if output == "json":
        print(json.dumps(found, indent=2))
        return
    from rich.console import Console

    from kubesched.report.trace_tables import print_trace

    print_trace(found, Console())


@trace.command()
@click.argument("traces", nargs=-1, required=True, metavar="TRACE...")
@click.option("--out", required=True, metavar="FILE", help="the file to write, usually .parquet")
@reader_options
def convert(*, traces: tuple[str, ...], out: str, form: str | None, read: tuple[str, ...]) -> None:
    """Write a trace as kubesched's own Parquet, which `replay` and `info` read at once."""
    from kubesched.errors import TraceFormatError
    from kubesched.traces.parquet import write_trace

    found = open_traces(traces, form, read)
    try:
        write_trace(found, out)
    except OSError as error:
        raise TraceFormatError(f"{out}: must be writable, got {error.strerror!r}") from None
    print(f"wrote {out}: {found.num_pods:,} pods, {len(found.node_names):,} nodes", file=sys.stderr)


@trace.command()
@click.argument("form", required=False, metavar="[FORMAT]")
def formats(*, form: str | None) -> None:
    """List the formats, or the options of one."""
    from kubesched.traces.formats import NAMES, load_format

    for name in NAMES if form is None else (form,):
        module = load_format(name)
        summary = (module.__doc__ or "").strip().partition("\n")[0]
        print(f"{name:20} {summary}")
        if form is not None:
            for option, spec in module.OPTIONS.items():
                choices = f" ({', '.join(spec.choices)})" if spec.choices else ""
                print(f"  {option}={spec.default}: {spec.help}{choices}")
