"""Reads NodeAffinityArgs.addedAffinity, which holds for every pod beside its own node affinity.

component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go (v1.34). Stricter than upstream in one point: a field
in matchFields must be metadata.name, as for pods.
"""

from __future__ import annotations

from typing import Any

from kubesched.api.selectors import NodeTerm, Requirement, read_node_term, read_requirement
from kubesched.config.decoding import Section
from kubesched.config.plugin_args import NodeAffinityArgs
from kubesched.errors import ObjectError

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"


def read_node_affinity(section: Section) -> NodeAffinityArgs:
    """Read NodeAffinityArgs; preferences without weight or requirement are left out."""
    added = section.section("addedAffinity")
    required: tuple[NodeTerm, ...] | None = None
    selector = added.section(_REQUIRED)
    if added.has(_REQUIRED):
        required = tuple(_read_term(term) for term in selector.sections("nodeSelectorTerms"))
    selector.finish()
    preferred = []
    for entry in added.sections(_PREFERRED):
        weight = entry.integer("weight")
        term = _read_term(entry.section("preference"), has_weight=weight != 0)
        if weight != 0 and term != ([], []):
            preferred.append((weight, term))
        entry.finish()
    added.finish()
    return NodeAffinityArgs(required, tuple(preferred))


def _read_term(section: Section, *, has_weight: bool = True) -> NodeTerm:
    """Read one nodeSelectorTerm; as upstream, the terms of a preference without weight are decoded but not checked."""
    expressions = [_decode_requirement(entry) for entry in section.sections("matchExpressions")]
    names = [_decode_requirement(entry) for entry in section.sections("matchFields")]
    section.finish()
    if not has_weight:
        return [], []
    checked: list[Requirement] = []
    for i, expression in enumerate(expressions):
        try:
            checked.append(read_requirement(expression, f"{section.path}.matchExpressions[{i}]", numeric=True))
        except ObjectError as error:
            _record(section, error)
    try:
        fields = read_node_term({"matchFields": names}, section.path)
    except ObjectError as error:  # names the first fault of the term's matchFields
        _record(section, error)
        fields = None
    return checked, fields[1] if fields is not None else []


def _decode_requirement(entry: Section) -> dict[str, Any]:
    requirement = {"key": entry.text("key"), "operator": entry.text("operator"), "values": entry.texts("values")}
    entry.finish()
    return requirement


def _record(section: Section, error: ObjectError) -> None:
    """Take over what a codec of objects found, `path must ...`, in the form of this package, `path: must ...`."""
    section.faults.append(str(error).replace(" must ", ": must ", 1))
