"""Which nodes a storage object allows, as records that the core interns (csrc/model/node_rule.cpp reads them)."""

from __future__ import annotations

from kubesched.api.selectors import NodeTerm, Requirement, write_node_terms, write_requirements
from kubesched.api.wire import Writer

_ANY, _TERMS, _ZONES = range(3)
NO_RULE = bytes([_ANY])


def terms_rule(terms: list[NodeTerm] | None) -> bytes:
    """Return a rule for nodes that meet at least one term; None is any node, an empty list none.

    Volumes are matched against a node's labels alone, so that a requirement on its name does not count
    (component-helpers/storage/volume CheckNodeAffinity, v1.34).
    """
    if terms is None or any(names and not expressions for expressions, names in terms):
        return NO_RULE
    out = Writer()
    out.u8(_TERMS)
    write_node_terms(out, [(expressions, []) for expressions, _ in terms])
    return out.done()


def zones_rule(requirements: list[Requirement]) -> bytes:
    """Return VolumeZone's rule: nodes without zones and regions, and those that meet all requirements."""
    if not requirements:
        return NO_RULE
    out = Writer()
    out.u8(_ZONES)
    write_requirements(out, requirements)
    return out.done()
