"""PersistentVolumes and PersistentVolumeClaims to records (csrc/model/storage_objects.cpp reads them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.csi_migration import (
    BETA_REGION,
    BETA_ZONE,
    REGION,
    ZONE,
    InTreeSource,
    read_in_tree_source,
    translate_topology,
)
from kubesched.api.fields import boolean, choice, entries, fault, mapping, string_map, text, texts
from kubesched.api.pod_codec import read_labels
from kubesched.api.quantity import parse_quantity, whole_units
from kubesched.api.selectors import IN, NodeTerm, read_label_selector, read_node_terms, write_selector
from kubesched.api.storage_rules import NO_RULE, terms_rule, zones_rule
from kubesched.api.wire import Writer

_ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_VOLUME_MODES = ("Filesystem", "Block")
_CLAIM_PHASES = ("Pending", "Bound", "Lost")
_VOLUME_PHASES = ("Pending", "Available", "Bound", "Released", "Failed")
_CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
_BIND_COMPLETED = "pv.kubernetes.io/bind-completed"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_ZONE_LABELS = (BETA_ZONE, BETA_REGION, ZONE, REGION)


def write_volume(out: Writer, volume: Mapping[str, Any], name: str) -> None:
    """Append a PersistentVolume.

    Raises:
        ObjectError: a field breaks a rule of its type.
    """
    metadata, spec = mapping(volume, "metadata", ""), mapping(volume, "spec", "")
    labels = read_labels(metadata)
    capacity = mapping(spec, "capacity", "spec").get("storage")
    if capacity is None:
        fault("spec.capacity.storage", "be a quantity", capacity)
    terms = _read_affinity(spec)
    source = read_in_tree_source(spec, "spec", labels)
    out.text(name)
    out.text(_class_name(metadata, spec))
    out.i64(whole_units(parse_quantity(capacity, "spec.capacity.storage")))
    out.u8(_access_modes(spec))
    out.u8(choice(spec, "volumeMode", "spec", _VOLUME_MODES, "Filesystem"))
    out.text(text(spec, "volumeAttributesClassName", "spec"))
    _write_claim_ref(out, spec)
    phase = choice(mapping(volume, "status", ""), "phase", "status", _VOLUME_PHASES, "Pending")
    out.u8(1 if phase == 1 else 0)
    out.u8(1 if metadata.get("deletionTimestamp") is not None else 0)
    out.pairs(sorted(labels.items()))
    out.record(terms_rule(terms))
    out.record(zones_rule(_zone_requirements(labels)))
    _write_source(out, spec, source)
    out.record(terms_rule(translate_topology(source.plugin, terms, labels)) if source else NO_RULE)


def _read_affinity(spec: Mapping[str, Any]) -> list[NodeTerm] | None:
    affinity = mapping(spec, "nodeAffinity", "spec")
    if affinity.get("required") is None:
        return None
    return read_node_terms(mapping(affinity, "required", "spec.nodeAffinity"), "spec.nodeAffinity.required")


def _zone_requirements(labels: Mapping[str, str]) -> list[tuple[str, int, list[str]]]:
    """Return what VolumeZone asks of nodes; a label with an empty part is left out, as upstream does."""
    requirements = []
    for key in _ZONE_LABELS:
        zones = [zone.strip() for zone in labels[key].split("__")] if key in labels else [""]
        if all(zones):
            requirements.append((key, IN, sorted(set(zones))))
    return requirements


def _write_claim_ref(out: Writer, spec: Mapping[str, Any]) -> None:
    given = spec.get("claimRef") is not None
    claim = mapping(spec, "claimRef", "spec")
    out.u8(1 if given else 0)
    for field in ("namespace", "name", "uid"):
        out.text(text(claim, field, "spec.claimRef"))


def _write_source(out: Writer, spec: Mapping[str, Any], source: InTreeSource | None) -> None:
    """Append plugin, CSI driver, handle and error; all but driver and handle are empty for a CSI volume."""
    if source is not None:
        for value in (source.plugin.name, source.plugin.driver, source.handle, source.error):
            out.text(value)
        return
    csi = mapping(spec, "csi", "spec")
    out.text("")
    out.text(text(csi, "driver", "spec.csi"))
    out.text(text(csi, "volumeHandle", "spec.csi"))
    out.text("")


def write_claim(out: Writer, claim: Mapping[str, Any], namespace: str, name: str) -> None:
    """Append a PersistentVolumeClaim.

    Raises:
        ObjectError: a field breaks a rule of its type.
    """
    metadata, spec = mapping(claim, "metadata", ""), mapping(claim, "spec", "")
    annotations = string_map(metadata, "annotations", "metadata")
    out.text(namespace)
    out.text(name)
    out.text(text(metadata, "uid", "metadata"))
    out.text(_class_name(metadata, spec))
    out.text(text(spec, "volumeName", "spec"))
    out.u8(1 if _BIND_COMPLETED in annotations else 0)
    out.u8(1 if _SELECTED_NODE in annotations else 0)
    out.text(annotations.get(_SELECTED_NODE, ""))
    out.u8(_access_modes(spec))
    out.u8(choice(spec, "volumeMode", "spec", _VOLUME_MODES, "Filesystem"))
    out.text(text(spec, "volumeAttributesClassName", "spec"))
    requests = mapping(mapping(spec, "resources", "spec"), "requests", "spec.resources")
    request = requests.get("storage")
    out.u8(0 if request is None else 1)
    path = "spec.resources.requests.storage"
    out.i64(0 if request is None else whole_units(parse_quantity(request, path)))
    selector = read_label_selector(spec, "selector", "spec")
    write_selector(out, [] if selector is None else selector)
    phase = choice(mapping(claim, "status", ""), "phase", "status", _CLAIM_PHASES, "Pending")
    out.u8(1 if phase == 2 else 0)
    out.u8(1 if metadata.get("deletionTimestamp") is not None else 0)
    _write_controller(out, metadata)


def _write_controller(out: Writer, metadata: Mapping[str, Any]) -> None:
    """Append the uid of the object that controls the claim, and its name where it is a pod."""
    for i, owner in enumerate(entries(metadata, "ownerReferences", "metadata")):
        path = f"metadata.ownerReferences[{i}]"
        if boolean(owner, "controller", path):
            out.text(text(owner, "uid", path))
            out.text(text(owner, "name", path) if text(owner, "kind", path) == "Pod" else "")
            return
    out.text("")
    out.text("")


def _class_name(metadata: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    annotations = string_map(metadata, "annotations", "metadata")
    name = text(spec, "storageClassName", "spec")
    return annotations.get(_CLASS_ANNOTATION, name)


def _access_modes(spec: Mapping[str, Any]) -> int:
    """Return one bit for each access mode."""
    modes = 0
    for i, mode in enumerate(texts(spec, "accessModes", "spec")):
        if mode not in _ACCESS_MODES:
            fault(f"spec.accessModes[{i}]", "be one of " + ", ".join(_ACCESS_MODES), mode)
        modes |= 1 << _ACCESS_MODES.index(mode)
    return modes
