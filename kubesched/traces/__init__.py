"""Readers of traces and of workloads made up for a try, all giving one `Trace`."""

from kubesched.traces.detect import open_trace
from kubesched.traces.example import example_trace
from kubesched.traces.synthetic import synthesize
from kubesched.traces.trace import Note, Trace

__all__ = ["Note", "Trace", "example_trace", "open_trace", "synthesize"]
