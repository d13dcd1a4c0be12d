"""Reads the arguments of kubesched's own plugins: GPUShare, FGD and Random."""

from __future__ import annotations

from kubesched.config.decoding import Section
from kubesched.config.plugin_args import CARD_CHOICES, FgdArgs, GpuShareArgs, RandomArgs, TypicalPod

_CARD_MILLI = 1000


def read_gpu_share(section: Section) -> GpuShareArgs:
    """Read GPUShareArgs."""
    choice = section.text("cardChoice")
    if choice and choice not in CARD_CHOICES:
        section.fault("cardChoice", "must be one of " + ", ".join(CARD_CHOICES), choice)
    return GpuShareArgs(choice)


def read_random(section: Section) -> RandomArgs:
    """Read RandomArgs."""
    seed = section.integer("seed", bits=64)
    if seed < 0:
        section.fault("seed", "must not be negative", seed)
    return RandomArgs(seed)


def read_fgd(section: Section) -> FgdArgs:
    """Read FGDArgs; `numPods` defaults to the sum of the counts."""
    entries = section.sections("typicalPods")
    pods = tuple(_read_typical_pod(entry) for entry in entries)
    known = sum(pod.count for pod in pods)
    num_pods = section.integer("numPods", known, bits=64)
    if num_pods < known:
        section.fault("numPods", f"must be at least the sum of the counts, {known}", num_pods)
    return FgdArgs(pods if section.has("typicalPods") else None, num_pods)


def _read_typical_pod(entry: Section) -> TypicalPod:
    pod = TypicalPod(
        entry.integer("count", 1, bits=64),
        entry.integer("milliCpu", bits=64),
        entry.integer("numGpu", 1 if entry.has("milliGpu") else 0),
        entry.integer("milliGpu", _CARD_MILLI if entry.has("numGpu") else 0),
        tuple(entry.texts("models")),
    )
    for key, value, least in (("count", pod.count, 1), ("milliCpu", pod.milli_cpu, 0), ("numGpu", pod.num_gpu, 0)):
        if value < least:
            entry.fault(key, f"must be >= {least}", value)
    if not 0 <= pod.milli_gpu <= _CARD_MILLI:
        entry.fault("milliGpu", f"must be in 0..{_CARD_MILLI}", pod.milli_gpu)
    if (pod.num_gpu == 0) != (pod.milli_gpu == 0):
        entry.fault("numGpu", "must be 0 where milliGpu is, and not elsewhere", pod.num_gpu)
    entry.finish()
    return pod
