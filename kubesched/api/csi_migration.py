"""In-tree volume sources and the CSI volumes that stand for them (csi-translation-lib, v1.34).

Called by pod_volumes.py for volumes in a pod and by volume_codec.py for PersistentVolumes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubesched.api.fields import fault, mapping, text
from kubesched.api.selectors import IN, NodeTerm

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
BETA_ZONE, BETA_REGION = "failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"
_ZONE_DELIMITER = "__"
_UNSPECIFIED = "UNSPECIFIED"


@dataclass(frozen=True, slots=True)
class InTreePlugin:
    """One in-tree volume plugin.

    Attributes:
        name: as storage classes and CSINode annotations have it.
        driver: the CSI driver that it was moved to.
        id_field: the field of its source that names the volume.
        topology_key: the driver's own label for zones; empty where node affinity is left as it is.
    """

    name: str
    driver: str
    id_field: str
    topology_key: str = ""


# By the field of a volume source. azureFile and vsphereVolume are not here: the scheduler never takes them for moved.
PLUGINS = {
    "gcePersistentDisk": InTreePlugin(
        "kubernetes.io/gce-pd", "pd.csi.storage.gke.io", "pdName", "topology.gke.io/zone"
    ),
    "awsElasticBlockStore": InTreePlugin(
        "kubernetes.io/aws-ebs", "ebs.csi.aws.com", "volumeID", "topology.ebs.csi.aws.com/zone"
    ),
    "azureDisk": InTreePlugin("kubernetes.io/azure-disk", "disk.csi.azure.com", "diskURI"),
    "cinder": InTreePlugin(
        "kubernetes.io/cinder", "cinder.csi.openstack.org", "volumeID", "topology.cinder.csi.openstack.org/zone"
    ),
    "portworxVolume": InTreePlugin("kubernetes.io/portworx-volume", "pxd.portworx.com", "volumeID"),
}
DRIVERS = {plugin.name: plugin.driver for plugin in PLUGINS.values()}
# Names of plugins that upstream can translate, but never finds moved: their volumes are not counted.
NOT_COUNTED = frozenset({"kubernetes.io/azure-file", "kubernetes.io/vsphere-volume"})


@dataclass(frozen=True, slots=True)
class InTreeSource:
    """An in-tree source as its CSI volume; `error` is upstream's text where there is none."""

    plugin: InTreePlugin
    handle: str
    error: str = ""


def read_in_tree_source(
    parent: Mapping[str, Any], path: str, labels: Mapping[str, str] | None = None
) -> InTreeSource | None:
    """Return the in-tree source of a pod's volume or a PersistentVolume's spec; None where it has none of them.

    Args:
        parent: the mapping that holds the source.
        path: of the parent.
        labels: of the PersistentVolume; None for a volume in a pod.

    Raises:
        ObjectError: the source names no volume.
    """
    for field, plugin in PLUGINS.items():
        if parent.get(field) is None:
            continue
        source = mapping(parent, field, path)
        name = text(source, plugin.id_field, f"{path}.{field}")
        if not name:
            fault(f"{path}.{field}.{plugin.id_field}", "name a volume", source.get(plugin.id_field))
        if field == "gcePersistentDisk":
            return _gce_source(plugin, name, labels or {})
        if field == "awsElasticBlockStore":
            return _ebs_source(plugin, name)
        if field == "azureDisk":
            kind = text(source, "kind", f"{path}.azureDisk") or "Shared"
            error = "" if kind.lower() == "managed" else f"kind({kind}) is not supported in csi migration"
            return InTreeSource(plugin, name, error)
        return InTreeSource(plugin, name)
    return None


def _gce_source(plugin: InTreePlugin, name: str, labels: Mapping[str, str]) -> InTreeSource:
    zones = (labels.get(BETA_ZONE) or labels.get(ZONE, "")).split(_ZONE_DELIMITER)
    if len(zones) == 1:
        return InTreeSource(plugin, f"projects/{_UNSPECIFIED}/zones/{zones[0] or _UNSPECIFIED}/disks/{name}")
    regions = set()
    for zone in zones:
        parts = zone.split("-")
        if len(parts) != 3:
            reason = f"zone in unexpected format, expected: {{locale}}-{{region}}-{{zone}}, got: {zone}"
            return InTreeSource(plugin, "", f"failed to get region from zones: {reason}")
        regions.add("-".join(parts[:2]))
    if len(regions) != 1:
        reason = f"multiple or no regions gotten from zones, got: map[{' '.join(f'{r}:{{}}' for r in sorted(regions))}]"
        return InTreeSource(plugin, "", f"failed to get region from zones: {reason}")
    return InTreeSource(plugin, f"projects/{_UNSPECIFIED}/regions/{regions.pop()}/disks/{name}")


def _ebs_source(plugin: InTreePlugin, volume_id: str) -> InTreeSource:
    if not volume_id.startswith("aws://"):
        return InTreeSource(plugin, volume_id)
    path = re.split(r"[?#]", volume_id[len("aws://") :])[0].partition("/")[2].strip("/")
    if re.fullmatch(r"vol-[^/]*", path):
        return InTreeSource(plugin, path)
    error = f"failed to translate Kubernetes ID to EBS Volume ID Invalid format for AWS volume ({volume_id})"
    return InTreeSource(plugin, "", error)


def translate_topology(plugin: InTreePlugin, terms: list[NodeTerm] | None, labels: Mapping[str, str]) -> Any:
    """Return a PersistentVolume's node selector terms as its CSI volume has them; None for any node.

    Zones become the driver's own label: from the terms, else from the volume's labels (in_tree_volume.go
    translateTopologyFromInTreeToCSI, v1.34).
    """
    if not plugin.topology_key:
        return terms
    used = {requirement[0] for term in terms or [] for requirement in term[0]}
    beta = ZONE not in used and (BETA_ZONE in used or (ZONE not in labels and BETA_ZONE in labels))
    zone = BETA_ZONE if beta else ZONE
    if _has_values(terms, zone):
        terms = _with_key(terms, zone, plugin.topology_key)
    elif zone in labels:
        names = sorted({part.strip() for part in labels[zone].split(_ZONE_DELIMITER)} - {""})
        if names:
            terms = [([*term[0], (plugin.topology_key, IN, names)], term[1]) for term in terms or [([], [])]]
    if beta and _has_values(terms, BETA_REGION):
        terms = _with_key(terms, BETA_REGION, REGION)
    return terms


def _has_values(terms: list[NodeTerm] | None, key: str) -> bool:
    return any(found == key and values for term in terms or [] for found, _, values in term[0])


def _with_key(terms: list[NodeTerm] | None, old: str, new: str) -> list[NodeTerm]:
    return [
        ([(new if key == old else key, op, values) for key, op, values in term[0]], term[1]) for term in terms or []
    ]
