"""Readers of traces and of workloads made up for a try, all giving one `Trace`."""

from typing import TYPE_CHECKING

from kubesched.lazy import export

if TYPE_CHECKING:
    from kubesched.traces.detect import open_trace
    from kubesched.traces.example import example_trace
    from kubesched.traces.synthetic import synthesize
    from kubesched.traces.trace import Note, Trace

__all__ = ["Note", "Trace", "example_trace", "open_trace", "synthesize"]

export(
    __name__,
    {
        "Note": "kubesched.traces.trace",
        "Trace": "kubesched.traces.trace",
        "example_trace": "kubesched.traces.example",
        "open_trace": "kubesched.traces.detect",
        "synthesize": "kubesched.traces.synthetic",
    },
)
