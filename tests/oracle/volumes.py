"""VolumeRestrictions, NodeVolumeLimits, VolumeBinding and VolumeZone."""

from __future__ import annotations

from typing import Any

from tests.oracle.basics import UNRESOLVABLE, Verdict
from tests.oracle.cluster import Cluster, Manifest, key_of
from tests.oracle.quantities import parse
from tests.oracle.selectors import requirement_holds, selector_matches
from tests.oracle.volume_sources import csi_affinity, csi_volume, inline_volume, migrated

ZONE_LABELS = {
    "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone": "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region": "topology.kubernetes.io/region",
}
SELECTED = "volume.kubernetes.io/selected-node"
COMPLETED = "pv.kubernetes.io/bind-completed"
BETA_CLASS = "volume.beta.kubernetes.io/storage-class"


def find(cluster: Cluster, kind: str, name: str) -> Manifest | None:
    return cluster.storage.get((kind, name))


def annotations_of(obj: Manifest) -> dict[str, str]:
    return obj["metadata"].get("annotations") or {}


def class_of(obj: Manifest) -> str:
    return str(annotations_of(obj).get(BETA_CLASS, obj["spec"].get("storageClassName") or ""))


def claims_of(pod: Manifest, *, ephemeral: bool = True) -> list[tuple[str, bool]]:
    """The keys of a pod's claims, and whether they are of ephemeral volumes."""
    namespace = key_of(pod).partition("/")[0]
    found = []
    for volume in pod["spec"].get("volumes") or []:
        if volume.get("persistentVolumeClaim"):
            found.append((f"{namespace}/{volume['persistentVolumeClaim']['claimName']}", False))
        elif volume.get("ephemeral") is not None and ephemeral:
            found.append((f"{namespace}/{pod['metadata']['name']}-{volume['name']}", True))
    return found


def is_owned(claim: Manifest, pod: Manifest) -> bool:
    uid = pod["metadata"].get("uid")
    owners = [owner for owner in claim["metadata"].get("ownerReferences") or [] if owner.get("controller")]
    if uid:
        return any(owner.get("uid") == uid for owner in owners)
    return any((owner.get("kind"), owner.get("name")) == ("Pod", pod["metadata"]["name"]) for owner in owners)


def pre_filter(cluster: Cluster, pod: Manifest) -> tuple[str, str] | None:
    for key, ephemeral in claims_of(pod):
        if not ephemeral and find(cluster, "PersistentVolumeClaim", key) is None:
            return "VolumeRestrictions", f'persistentvolumeclaim "{key.partition("/")[2]}" not found'
    for key, ephemeral in claims_of(pod):
        problem = claim_problem(cluster, pod, key, ephemeral)
        if problem:
            return "VolumeBinding", problem
    claims = [cluster.storage["PersistentVolumeClaim", key] for key, _ in claims_of(pod)]
    if any(not is_bound(claim) and not waits(cluster, claim) for claim in claims):
        return "VolumeBinding", "pod has unbound immediate PersistentVolumeClaims"
    for key, _ in claims_of(pod, ephemeral=False):
        volume_name = cluster.storage["PersistentVolumeClaim", key]["spec"].get("volumeName")
        if volume_name and find(cluster, "PersistentVolume", volume_name) is None:
            return "VolumeZone", f'persistentvolume "{volume_name}" not found'
    return None


def claim_problem(cluster: Cluster, pod: Manifest, key: str, ephemeral: bool) -> str | None:
    claim = find(cluster, "PersistentVolumeClaim", key)
    quoted = f'persistentvolumeclaim "{key.partition("/")[2]}"'
    if claim is None:
        return f"waiting for ephemeral volume controller to create the {quoted}"
    if (claim.get("status") or {}).get("phase") == "Lost":
        return f'{quoted} bound to non-existent persistentvolume "{claim["spec"].get("volumeName") or ""}"'
    if claim["metadata"].get("deletionTimestamp"):
        return f"{quoted} is being deleted"
    if ephemeral and not is_owned(claim, pod):
        return f"PVC {key} was not created for pod {key_of(pod)} (pod is not owner)"
    return None


def is_bound(claim: Manifest) -> bool:
    return bool(claim["spec"].get("volumeName")) and COMPLETED in annotations_of(claim)


def waits(cluster: Cluster, claim: Manifest) -> bool:
    storage_class = find(cluster, "StorageClass", class_of(claim))
    mode = (storage_class or {}).get("volumeBindingMode")
    return mode == "WaitForFirstConsumer" and not claim["spec"].get("volumeName")


def restrictions(cluster: Cluster, pod: Manifest, node: Manifest) -> Verdict:
    own = pod["spec"].get("volumes") or []
    for other in cluster.pods_on(node):
        for used in other["spec"].get("volumes") or []:
            if any(disks_clash(volume, used) for volume in own):
                return "Unschedulable", ["node(s) had no available disk"]
    taken = {key for other in cluster.pods.values() for key, _ in claims_of(other, ephemeral=False)}
    for key, _ in claims_of(pod, ephemeral=False):
        modes = cluster.storage["PersistentVolumeClaim", key]["spec"].get("accessModes") or []
        if "ReadWriteOncePod" in modes and key in taken:
            reason = "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already"
            return "Unschedulable", [reason + " in-use by another pod"]
    return None


def disks_clash(a: Manifest, b: Manifest) -> bool:
    for source, same in (
        ("gcePersistentDisk", lambda x, y: x["pdName"] == y["pdName"]),
        ("awsElasticBlockStore", lambda x, y: x["volumeID"] == y["volumeID"]),
        ("iscsi", lambda x, y: x["iqn"] == y["iqn"]),
        ("rbd", same_image),
    ):
        if source in a and source in b and same(a[source], b[source]):
            both_read = a[source].get("readOnly") and b[source].get("readOnly")
            if source == "awsElasticBlockStore" or not both_read:
                return True
    return False


def same_image(x: Manifest, y: Manifest) -> bool:
    pools = x.get("pool") or "rbd", y.get("pool") or "rbd"
    return pools[0] == pools[1] and x["image"] == y["image"] and bool(set(x["monitors"]) & set(y["monitors"]))


def attached(cluster: Cluster, pod: Manifest, csi_node: Manifest) -> dict[str, str]:
    """The pod's volumes that count on the node, unique name to driver."""
    found = {}
    for key, ephemeral in claims_of(pod):
        claim = find(cluster, "PersistentVolumeClaim", key)
        if claim is None or (ephemeral and not is_owned(claim, pod)):
            continue
        volume = find(cluster, "PersistentVolume", claim["spec"].get("volumeName") or "")
        if volume is not None:
            driver, handle = csi_volume(volume, csi_node)
        else:
            storage_class = find(cluster, "StorageClass", class_of(claim)) or {"provisioner": ""}
            driver, handle = migrated(storage_class["provisioner"], csi_node), f"claim {key}"
        if driver and handle:
            found[f"{driver}/{handle}"] = driver
    for volume in pod["spec"].get("volumes") or []:
        driver, handle = inline_volume(volume, csi_node)
        if driver:
            found[f"{driver}/{handle}"] = driver
    return found


def limits(cluster: Cluster, pod: Manifest, node: Manifest) -> Verdict:
    name = node["metadata"]["name"]
    csi_node = find(cluster, "CSINode", name)
    if csi_node is None:
        return None
    most = {
        driver["name"]: driver["allocatable"]["count"]
        for driver in csi_node["spec"]["drivers"]
        if (driver.get("allocatable") or {}).get("count") is not None
    }
    there: dict[str, str] = {}
    for other in cluster.pods_on(node):
        there |= attached(cluster, other, csi_node)
    new = {name: driver for name, driver in attached(cluster, pod, csi_node).items() if name not in there}
    for (kind, _), attachment in cluster.storage.items():
        if kind == "VolumeAttachment" and attachment["spec"]["nodeName"] == name:
            volume = find(cluster, "PersistentVolume", attachment["spec"]["source"].get("persistentVolumeName") or "")
            if volume is not None and "csi" in volume["spec"]:
                attacher = attachment["spec"]["attacher"]
                there[f"{attacher}/{volume['spec']['csi']['volumeHandle']}"] = attacher
    for driver in set(new.values()):
        count = [*new.values(), *there.values()].count(driver)
        if driver in most and count > most[driver]:
            return "Unschedulable", ["node(s) exceed max volume count"]
    return None


def volume_allows(affinity: Manifest | None, node: Manifest) -> bool:
    required = (affinity or {}).get("required")
    if required is None:
        return True
    labels = node["metadata"].get("labels") or {}
    return any(
        (term.get("matchExpressions") or term.get("matchFields"))
        and all(requirement_holds(r, labels) for r in term.get("matchExpressions") or [])
        for term in required["nodeSelectorTerms"]
    )


def binding(cluster: Cluster, pod: Manifest, node: Manifest) -> Verdict:
    claims = [cluster.storage["PersistentVolumeClaim", key] for key, _ in claims_of(pod)]
    reasons = []
    csi_node = find(cluster, "CSINode", node["metadata"]["name"])
    missing = False
    for claim in claims:
        if not is_bound(claim):
            continue
        volume = find(cluster, "PersistentVolume", claim["spec"]["volumeName"])
        if volume is None:
            missing = True
            break
        if not volume_allows(csi_affinity(volume, csi_node), node):
            reasons.append("node(s) didn't match PersistentVolume's node affinity")
            break
    unbound = [claim for claim in claims if not is_bound(claim)]
    reasons += decide_unbound(cluster, unbound, node)[1] if unbound else []
    if missing:
        reasons.append("node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)")
    return (UNRESOLVABLE, reasons) if reasons else None


def decide_unbound(
    cluster: Cluster, claims: list[Manifest], node: Manifest
) -> tuple[list[tuple[Manifest, Manifest | None]], list[str]]:
    """What each claim would get on the node (None: a new volume), or why there is nothing for it."""
    name = node["metadata"]["name"]
    no_volume = ["node(s) didn't find available persistent volumes to bind"]
    if any(annotations_of(claim).get(SELECTED, name) != name for claim in claims):
        return [], no_volume
    got: list[tuple[Manifest, Manifest | None]] = [
        (claim, None) for claim in claims if SELECTED in annotations_of(claim)
    ]
    to_match = [claim for claim in claims if SELECTED not in annotations_of(claim)]
    for claim in sorted(to_match, key=request_of):
        taken = [volume["metadata"]["name"] for _, volume in got if volume is not None]
        got.append((claim, best_volume(cluster, claim, node, taken)))
    for claim, volume in got:
        if volume is None:
            storage_class = cluster.storage["StorageClass", class_of(claim)]
            if storage_class["provisioner"] == "kubernetes.io/no-provisioner" or not topology_allows(
                storage_class, node
            ):
                return [], no_volume
            if not has_capacity(cluster, storage_class, claim, node):
                return [], ["node(s) did not have enough free storage"]
    return got, []


def request_of(claim: Manifest) -> Any:
    return parse(((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage", "0"))


def best_volume(cluster: Cluster, claim: Manifest, node: Manifest, taken: list[str]) -> Manifest | None:
    volumes = [obj for (kind, _), obj in cluster.storage.items() if kind == "PersistentVolume"]
    best = None
    for volume in sorted(volumes, key=lambda volume: parse(volume["spec"]["capacity"]["storage"])):
        spec, name = volume["spec"], volume["metadata"]["name"]
        ref = spec.get("claimRef")
        reserved = ref is not None and is_reserved(ref, claim)
        if name in taken or (ref is not None and not reserved) or class_of(volume) != class_of(claim):
            continue
        if parse(spec["capacity"]["storage"]) < request_of(claim) or volume["metadata"].get("deletionTimestamp"):
            continue
        own = claim["spec"]
        if (spec.get("volumeMode") or "Filesystem") != (own.get("volumeMode") or "Filesystem"):
            continue
        if (spec.get("volumeAttributesClassName") or "") != (own.get("volumeAttributesClassName") or ""):
            continue
        fits = volume_allows(spec.get("nodeAffinity"), node)
        if reserved:
            return volume if fits else None
        selected = own.get("selector") is None or selector_matches(
            own["selector"], volume["metadata"].get("labels") or {}
        )
        modes = set(own.get("accessModes") or []) <= set(spec.get("accessModes") or [])
        if best is None and fits and modes and selected and (volume.get("status") or {}).get("phase") == "Available":
            best = volume
    return best


def is_reserved(ref: Manifest, claim: Manifest) -> bool:
    metadata = claim["metadata"]
    if (ref.get("namespace"), ref.get("name")) != (metadata.get("namespace") or "default", metadata["name"]):
        return False
    return not ref.get("uid") or ref["uid"] == metadata.get("uid")


def topology_allows(storage_class: Manifest, node: Manifest) -> bool:
    labels = node["metadata"].get("labels") or {}
    terms = storage_class.get("allowedTopologies") or []
    return not terms or any(
        term.get("matchLabelExpressions")
        and all(labels.get(e["key"]) in e["values"] for e in term["matchLabelExpressions"])
        for term in terms
    )


def has_capacity(cluster: Cluster, storage_class: Manifest, claim: Manifest, node: Manifest) -> bool:
    driver = find(cluster, "CSIDriver", storage_class["provisioner"])
    asked = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
    if asked is None or driver is None or not (driver.get("spec") or {}).get("storageCapacity"):
        return True
    for (kind, _), capacity in cluster.storage.items():
        if kind == "CSIStorageCapacity" and capacity["storageClassName"] == storage_class["metadata"]["name"]:
            limit = capacity.get("maximumVolumeSize") or capacity.get("capacity")
            labels = node["metadata"].get("labels") or {}
            if limit and parse(limit) >= parse(asked) and selector_matches(capacity.get("nodeTopology"), labels):
                return True
    return False


def zone(cluster: Cluster, pod: Manifest, node: Manifest) -> Verdict:
    labels = node["metadata"].get("labels") or {}
    if not any(key in labels for key in ZONE_LABELS):
        return None
    for key, _ in claims_of(pod, ephemeral=False):
        claim = cluster.storage["PersistentVolumeClaim", key]
        volume = find(cluster, "PersistentVolume", claim["spec"].get("volumeName") or "")
        for label, value in ((volume or {"metadata": {}})["metadata"].get("labels") or {}).items():
            zones = [part.strip() for part in value.split("__")]
            if label in ZONE_LABELS and all(zones) and labels.get(label, labels.get(ZONE_LABELS[label])) not in zones:
                return UNRESOLVABLE, ["node(s) had no available volume zone"]
    return None


def reserve(cluster: Cluster, pod: Manifest, node_name: str) -> None:
    keys = [key for key, _ in claims_of(pod)]
    claims = [cluster.storage["PersistentVolumeClaim", key] for key in keys]
    got, _ = decide_unbound(cluster, [claim for claim in claims if not is_bound(claim)], cluster.node(node_name))
    for claim, volume in got:
        metadata = claim["metadata"]
        mine = metadata.setdefault("annotations", {})
        if volume is None:
            mine[SELECTED] = node_name
            continue
        claim["spec"]["volumeName"] = volume["metadata"]["name"]
        mine[COMPLETED] = "yes"
        ref = {
            "namespace": metadata.get("namespace") or "default",
            "name": metadata["name"],
            "uid": metadata.get("uid"),
        }
        volume["spec"]["claimRef"] = ref
        volume["status"] = {"phase": "Bound"}
