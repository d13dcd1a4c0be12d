"""Objects of cluster events to records (csrc/queue/pod_object.cpp and event_object.cpp read them).

Only what queueing hints and gates ask of an object is written. Parts that are only compared become canonical JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kubesched.api.fields import boolean, entries, fault, integer, items, mapping, text, texts
from kubesched.api.node_codec import encode_node
from kubesched.api.pod_codec import encode_pod
from kubesched.api.pod_fields import pod_key
from kubesched.api.quantity import parse_quantity, whole_units
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

# Positions in EventPayload (csrc/queue/event_object.h).
_OTHER, _CLAIM, _VOLUME, _CLASS, _CSI_NODE, _CSI_DRIVER, _CAPACITY, _ATTACHMENT, _RESOURCE_CLAIM = (
    0,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
)
_GCE, _EBS, _ISCSI, _RBD = 1, 2, 3, 4
_NAMED, _GENERATED, _NOT_GENERATED, _NOT_NEEDED, _NONE = range(5)

# In-tree volumes that a CSI driver serves (csi-translation-lib/plugins, v1.34).
_MIGRATED_DRIVERS = {
    "gcePersistentDisk": "pd.csi.storage.gke.io",
    "awsElasticBlockStore": "ebs.csi.aws.com",
    "cinder": "cinder.csi.openstack.org",
    "azureDisk": "disk.csi.azure.com",
    "azureFile": "file.csi.azure.com",
    "vsphereVolume": "csi.vsphere.vmware.com",
    "portworxVolume": "pxd.portworx.com",
}
_ZONE_LABELS = (
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
)
_MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins"


def canonical(value: object) -> str:
    """Return text that is equal for values that the API would hold as equal: absent, null and empty are the same."""
    return json.dumps(_pruned(value), sort_keys=True, default=str)


def _pruned(value: object) -> object:
    if isinstance(value, Mapping):
        pruned = {str(key): _pruned(entry) for key, entry in value.items()}
        return {key: entry for key, entry in pruned.items() if entry not in (None, {}, [])}
    if isinstance(value, list):
        return [_pruned(entry) for entry in value]
    return value


def object_uid(metadata: Mapping[str, Any], path: str, key: str) -> str:
    """Return metadata.uid; the key where there is none."""
    return text(metadata, "uid", path) or key


def encode_pod_object(pod: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return a pod's shape record and the record of what the queue needs beside it.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names pod, field and value.
    """
    shape = encode_pod(pod, bound=True)
    key = pod_key(pod)
    try:
        return shape, _pod_record(pod, key)
    except ObjectError as error:
        raise ObjectError(f"pod {key}: {error}") from None


def _pod_record(pod: Mapping[str, Any], key: str) -> bytes:
    metadata = mapping(pod, "metadata", "pod")
    spec = mapping(pod, "spec", "pod")
    status = mapping(pod, "status", "pod")
    out = Writer()
    out.text(key)
    out.text(object_uid(metadata, "metadata", key))
    out.text(text(spec, "nodeName", "spec"))
    out.text(text(status, "nominatedNodeName", "status"))
    gates = entries(spec, "schedulingGates", "spec")
    out.texts(_name(gate, f"spec.schedulingGates[{i}]") for i, gate in enumerate(gates))
    volumes = entries(spec, "volumes", "spec")
    out.u32(len(volumes))
    for i, volume in enumerate(volumes):
        _write_volume(out, volume, f"spec.volumes[{i}]", str(metadata["name"]))
    _write_claims(out, spec, status)
    return out.done()


def _name(entry: Mapping[str, Any], path: str) -> str:
    name = text(entry, "name", path)
    if not name:
        fault(f"{path}.name", "be given", name)
    return name


def _write_name(out: Writer, name: str | None) -> None:
    out.u8(0 if name is None else 1)
    out.text(name or "")


def _write_volume(out: Writer, volume: Mapping[str, Any], path: str, pod_name: str) -> None:
    name = _name(volume, path)
    claim = mapping(volume, "persistentVolumeClaim", path)
    _write_name(out, text(claim, "claimName", f"{path}.persistentVolumeClaim") if claim else None)
    _write_name(out, f"{pod_name}-{name}" if volume.get("ephemeral") is not None else None)
    _write_name(out, next((driver for kind, driver in _MIGRATED_DRIVERS.items() if volume.get(kind) is not None), None))
    csi = mapping(volume, "csi", path)
    _write_name(out, text(csi, "driver", f"{path}.csi") if csi else None)
    _write_disk(out, volume, path)


def _write_disk(out: Writer, volume: Mapping[str, Any], path: str) -> None:
    """Append the disk that VolumeRestrictions compares: kind, name, pool, monitors, whether it is read-only."""
    for kind, field, key in (
        (_GCE, "gcePersistentDisk", "pdName"),
        (_EBS, "awsElasticBlockStore", "volumeID"),
        (_ISCSI, "iscsi", "iqn"),
        (_RBD, "rbd", "image"),
    ):
        disk = mapping(volume, field, path)
        if disk:
            at = f"{path}.{field}"
            out.u8(kind)
            out.text(text(disk, key, at))
            out.text((text(disk, "pool", at) or "rbd") if kind == _RBD else "")
            out.texts(texts(disk, "monitors", at) if kind == _RBD else [])
            out.u8(1 if boolean(disk, "readOnly", at) else 0)
            return
    out.u8(0)
    out.text("")
    out.text("")
    out.texts([])
    out.u8(0)


def _write_claims(out: Writer, spec: Mapping[str, Any], status: Mapping[str, Any]) -> None:
    statuses: list[tuple[str, str | None]] = []
    for i, entry in enumerate(entries(status, "resourceClaimStatuses", "status")):
        path = f"status.resourceClaimStatuses[{i}]"
        given = entry.get("resourceClaimName") is not None
        statuses.append((text(entry, "name", path), text(entry, "resourceClaimName", path) if given else None))
    claims = entries(spec, "resourceClaims", "spec")
    out.u32(len(claims))
    for i, claim in enumerate(claims):
        path = f"spec.resourceClaims[{i}]"
        out.text(_name(claim, path))
        name, source = _claim_name(claim, path, statuses)
        out.text(name)
        out.u8(source)
    extended = mapping(status, "extendedResourceClaimStatus", "status")
    out.text(canonical([statuses, extended]))


def _claim_name(claim: Mapping[str, Any], path: str, statuses: list[tuple[str, str | None]]) -> tuple[str, int]:
    """Return the claim's name and how it is known (dynamic-resource-allocation resourceclaim.Name, v1.34)."""
    if claim.get("resourceClaimName") is not None:
        return text(claim, "resourceClaimName", path), _NAMED
    if claim.get("resourceClaimTemplateName") is None:
        return "", _NONE
    for entry_name, generated in statuses:
        if entry_name == claim["name"]:
            return ("", _NOT_NEEDED) if generated is None else (generated, _GENERATED)
    return "", _NOT_GENERATED


def encode_node_object(node: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """Return a node's record and the record of what only the queue compares: conditions and annotations.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names node, field and value.
    """
    record = encode_node(node)
    conditions = entries(mapping(node, "status", "node"), "conditions", "status")
    out = Writer()
    out.text(canonical({str(entry.get("type")): entry.get("status") for entry in conditions}))
    out.text(canonical(mapping(node["metadata"], "annotations", "metadata")))
    return record, out.done()


def encode_event_object(obj: Mapping[str, Any]) -> tuple[int, bytes]:
    """Return the kind and record of an object that is neither Pod nor Node.

    Kinds that no hint looks into, such as DeviceClass and ResourceSlice, have an empty record.

    Raises:
        ObjectError: a field breaks a rule of its type; the message names object, field and value.
    """
    kind = str(obj.get("kind"))
    if kind not in _ENCODERS:
        return _OTHER, b""
    metadata = mapping(obj, "metadata", f"{kind} ")
    name = text(metadata, "name", f"{kind} metadata")
    if not name:
        fault(f"{kind} metadata.name", "be given", name)
    number, write = _ENCODERS[kind]
    out = Writer()
    try:
        write(out, obj)
    except ObjectError as error:
        raise ObjectError(f"{kind} {name}: {error}") from None
    return number, out.done()


def _namespace(metadata: Mapping[str, Any]) -> str:
    return text(metadata, "namespace", "metadata") or "default"


def _write_claim_reference(out: Writer, obj: Mapping[str, Any]) -> None:
    metadata = obj["metadata"]
    out.text(_namespace(metadata))
    out.text(metadata["name"])


def _write_persistent_volume(out: Writer, obj: Mapping[str, Any]) -> None:
    metadata = obj["metadata"]
    labels = mapping(metadata, "labels", "metadata")
    topology = []
    for key in _ZONE_LABELS:
        zones = {zone.strip() for zone in text(labels, key, "metadata.labels").split("__")}
        if "" not in zones:
            topology.append([metadata["name"], key, sorted(zones)])
    out.text(canonical(topology))


def _write_storage_class(out: Writer, obj: Mapping[str, Any]) -> None:
    out.text(canonical(items(obj, "allowedTopologies", "")))
    out.u8(1 if text(obj, "volumeBindingMode", "") == "WaitForFirstConsumer" else 0)


def _write_csi_node(out: Writer, obj: Mapping[str, Any]) -> None:
    metadata = obj["metadata"]
    drivers = entries(mapping(obj, "spec", ""), "drivers", "spec")
    out.u32(len(drivers))
    for i, driver in enumerate(drivers):
        path = f"spec.drivers[{i}]"
        out.text(_name(driver, path))
        out.i64(integer(mapping(driver, "allocatable", path), "count", f"{path}.allocatable", 0, -(2**31), 2**31 - 1))
    out.text(text(mapping(metadata, "annotations", "metadata"), _MIGRATED_PLUGINS, "metadata.annotations"))


def _write_csi_driver(out: Writer, obj: Mapping[str, Any]) -> None:
    out.text(obj["metadata"]["name"])
    out.u8(1 if boolean(mapping(obj, "spec", ""), "storageCapacity", "spec") else 0)


def _write_storage_capacity(out: Writer, obj: Mapping[str, Any]) -> None:
    field = "maximumVolumeSize" if obj.get("maximumVolumeSize") is not None else "capacity"
    given = obj.get(field) is not None
    out.u8(1 if given else 0)
    limit_bytes = whole_units(parse_quantity(obj[field], field)) if given else 0
    if not -(2**63) <= limit_bytes < 2**63:
        fault(field, "be below 2**63 bytes", obj[field])
    out.i64(limit_bytes)


def _write_attachment(out: Writer, obj: Mapping[str, Any]) -> None:
    out.text(text(mapping(obj, "spec", ""), "attacher", "spec"))


def _write_resource_claim(out: Writer, obj: Mapping[str, Any]) -> None:
    metadata = obj["metadata"]
    namespace, name = _namespace(metadata), metadata["name"]
    key = f"{namespace}/{name}"
    out.text(key)
    out.text(name)
    out.text(object_uid(metadata, "metadata", key))
    controller = ""
    for i, owner in enumerate(entries(metadata, "ownerReferences", "metadata")):
        path = f"metadata.ownerReferences[{i}]"
        if boolean(owner, "controller", path):
            controller = object_uid(owner, path, f"{namespace}/{text(owner, 'name', path)}")
    out.text(controller)
    out.u8(0 if metadata.get("deletionTimestamp") is None else 1)
    status = mapping(obj, "status", "")
    out.u8(0 if status.get("allocation") is None else 1)
    out.text(canonical(status))


_ENCODERS = {
    "PersistentVolumeClaim": (_CLAIM, _write_claim_reference),
    "PersistentVolume": (_VOLUME, _write_persistent_volume),
    "StorageClass": (_CLASS, _write_storage_class),
    "CSINode": (_CSI_NODE, _write_csi_node),
    "CSIDriver": (_CSI_DRIVER, _write_csi_driver),
    "CSIStorageCapacity": (_CAPACITY, _write_storage_capacity),
    "VolumeAttachment": (_ATTACHMENT, _write_attachment),
    "ResourceClaim": (_RESOURCE_CLAIM, _write_resource_claim),
}
