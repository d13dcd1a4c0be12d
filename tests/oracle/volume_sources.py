"""In-tree volumes as the CSI volumes that stand for them."""

from __future__ import annotations

import copy
from typing import Any

Manifest = dict[str, Any]
ZONE, BETA_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
# source -> plugin, driver, field of the id, topology key
IN_TREE = {
    "gcePersistentDisk": ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io", "pdName", "topology.gke.io/zone"),
    "awsElasticBlockStore": ("kubernetes.io/aws-ebs", "ebs.csi.aws.com", "volumeID", "topology.ebs.csi.aws.com/zone"),
    "cinder": (
        "kubernetes.io/cinder",
        "cinder.csi.openstack.org",
        "volumeID",
        "topology.cinder.csi.openstack.org/zone",
    ),
    "azureDisk": ("kubernetes.io/azure-disk", "disk.csi.azure.com", "diskURI", None),
    "portworxVolume": ("kubernetes.io/portworx-volume", "pxd.portworx.com", "volumeID", None),
}


def names_plugin(csi_node: Manifest | None, plugin: str) -> bool:
    annotations = ((csi_node or {}).get("metadata") or {}).get("annotations") or {}
    return plugin in annotations.get("storage.alpha.kubernetes.io/migrated-plugins", "").split(",")


def migrated(provisioner: str, csi_node: Manifest) -> str:
    """The driver that counts the volumes of a class; empty where none does."""
    for plugin, driver, _, _ in IN_TREE.values():
        if provisioner == plugin:
            return driver if plugin != "kubernetes.io/portworx-volume" or names_plugin(csi_node, plugin) else ""
    return "" if provisioner in ("kubernetes.io/azure-file", "kubernetes.io/vsphere-volume") else provisioner


def csi_volume(volume: Manifest, csi_node: Manifest) -> tuple[str, str]:
    spec = volume["spec"]
    if "csi" in spec:
        return spec["csi"]["driver"], spec["csi"]["volumeHandle"]
    for source, (plugin, _, field, _) in IN_TREE.items():
        if source in spec:
            handle = spec[source][field]
            if source == "gcePersistentDisk":
                labels = volume["metadata"].get("labels") or {}
                zone = labels.get(BETA_ZONE) or labels.get(ZONE) or "UNSPECIFIED"
                handle = f"projects/UNSPECIFIED/zones/{zone}/disks/{handle}"
            return migrated(plugin, csi_node), handle
    return "", ""


def inline_volume(volume: Manifest, csi_node: Manifest) -> tuple[str, str]:
    if "persistentVolumeClaim" in volume or "ephemeral" in volume:
        return "", ""
    return csi_volume({"metadata": {}, "spec": {k: v for k, v in volume.items() if k != "csi"}}, csi_node)


def csi_affinity(volume: Manifest, csi_node: Manifest | None) -> Manifest | None:
    """A volume's node affinity as it is on the node."""
    affinity: Manifest | None = copy.deepcopy(volume["spec"].get("nodeAffinity"))
    for source, (plugin, _, _, topology_key) in IN_TREE.items():
        if source not in volume["spec"] or not names_plugin(csi_node, plugin) or topology_key is None:
            continue
        terms = ((affinity or {}).get("required") or {}).get("nodeSelectorTerms") or []
        keys = [e["key"] for term in terms for e in term.get("matchExpressions") or []]
        labels = volume["metadata"].get("labels") or {}
        key = next(
            (k for k in (ZONE, BETA_ZONE) if k in keys), next((k for k in (ZONE, BETA_ZONE) if k in labels), ZONE)
        )
        found = [e for term in terms for e in term.get("matchExpressions") or [] if e["key"] == key]
        if any(e.get("values") for e in found):
            for expression in found:
                expression["key"] = topology_key
        elif key in labels:
            wanted = {"key": topology_key, "operator": "In", "values": labels[key].split("__")}
            for term in terms:
                term["matchExpressions"] = [*(term.get("matchExpressions") or []), wanted]
            if not terms:
                affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [wanted]}]}}
    return affinity
