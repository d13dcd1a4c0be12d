"""Traces made from a described mix: arrivals, classes of pods, lifetimes and pools of nodes."""

from kubesched.traces.synthetic.synthesize import synthesize

__all__ = ["synthesize"]
