"""The volumes of a pod that a scheduling decision can depend on, as a section of its record.

csrc/model/pod_volumes.cpp reads it. Called by pod_codec.py for pods that have volumes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.csi_migration import read_in_tree_source
from kubesched.api.fields import boolean, entries, fault, mapping, text, texts
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.wire import Writer

_GCE, _EBS, _ISCSI, _RBD = range(4)
_DISKS = (
    ("gcePersistentDisk", _GCE, "pdName"),
    ("awsElasticBlockStore", _EBS, "volumeID"),
    ("iscsi", _ISCSI, "iqn"),
    ("rbd", _RBD, "image"),
)


def has_ephemeral_volume(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod has a generic ephemeral volume: its claim, and with it the record, depends on the name."""
    volumes = entries(mapping(pod, "spec", "pod"), "volumes", "spec")
    return any(volume.get("ephemeral") is not None for volume in volumes)


def volumes_record(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> bytes:
    """Return the record of a pod's claims, disks that pods may not share, and in-tree volumes.

    Claims of ephemeral volumes are named `pod-volume` and must belong to the pod, so that the pod's name and uid are
    part of the record where there are any.

    Raises:
        ObjectError: a volume has no name, or its source names nothing.
    """
    volumes = entries(spec, "volumes", "spec")
    for i, volume in enumerate(volumes):
        name = text(volume, "name", f"spec.volumes[{i}]")
        if not is_dns_label(name):
            fault(f"spec.volumes[{i}].name", "be a DNS label", name)
    out = Writer()
    ephemeral = _write_claims(out, volumes, metadata)
    _write_disks(out, volumes)
    _write_in_tree_sources(out, volumes)
    out.text(text(metadata, "name", "metadata") if ephemeral else "")
    out.text(text(metadata, "uid", "metadata") if ephemeral else "")
    return out.done()


def _write_claims(out: Writer, volumes: list[Mapping[str, Any]], metadata: Mapping[str, Any]) -> bool:
    claims = []
    for i, volume in enumerate(volumes):
        if volume.get("persistentVolumeClaim") is not None:
            path = f"spec.volumes[{i}].persistentVolumeClaim"
            name = text(mapping(volume, "persistentVolumeClaim", f"spec.volumes[{i}]"), "claimName", path)
            if not is_dns_subdomain(name):
                fault(f"{path}.claimName", "be a DNS subdomain name", name)
            claims.append((name, 0))
        elif volume.get("ephemeral") is not None:
            mapping(volume, "ephemeral", f"spec.volumes[{i}]")
            claims.append((f"{text(metadata, 'name', 'metadata')}-{text(volume, 'name', 'spec')}", 1))
    out.u32(len(claims))
    for name, is_ephemeral in claims:
        out.text(name)
        out.u8(is_ephemeral)
    return any(is_ephemeral for _, is_ephemeral in claims)


def _write_disks(out: Writer, volumes: list[Mapping[str, Any]]) -> None:
    disks = [
        (field, kind, id_field, volume, f"spec.volumes[{i}]")
        for i, volume in enumerate(volumes)
        for field, kind, id_field in _DISKS
        if volume.get(field) is not None
    ]
    out.u32(len(disks))
    for field, kind, id_field, volume, at in disks:
        source, path = mapping(volume, field, at), f"{at}.{field}"
        name = text(source, id_field, path)
        if not name:
            fault(f"{path}.{id_field}", "name a volume", source.get(id_field))
        out.u8(kind)
        out.u8(1 if boolean(source, "readOnly", path) else 0)
        out.text(name)
        out.text((text(source, "pool", path) or "rbd") if kind == _RBD else "")
        out.texts(texts(source, "monitors", path) if kind == _RBD else ())


def _write_in_tree_sources(out: Writer, volumes: list[Mapping[str, Any]]) -> None:
    sources = []
    for i, volume in enumerate(volumes):
        # As upstream: a volume with a claim is looked at through its claim alone.
        if volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            source = read_in_tree_source(volume, f"spec.volumes[{i}]")
            if source is not None:
                sources.append((str(volume["name"]), source))
    out.u32(len(sources))
    for name, source in sources:
        out.text(name)
        out.text(source.plugin.name)
        out.text(source.plugin.driver)
        out.text(source.handle)
        out.text(source.error)
