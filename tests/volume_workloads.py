"""Random clusters with storage, and pods with volumes. Equal seeds give equal ones."""

from __future__ import annotations

from typing import Any

from tests.workloads import ZONE, Workload

Manifest = dict[str, Any]

DRIVERS = ("csi.example.com", "disk.example.org", "ebs.csi.aws.com", "pd.csi.storage.gke.io", "pxd.portworx.com")
CLASSES = {
    "immediate": ("csi.example.com", "Immediate"),
    "wait": ("csi.example.com", "WaitForFirstConsumer"),
    "zonal": ("disk.example.org", "WaitForFirstConsumer"),
    "local": ("kubernetes.io/no-provisioner", "WaitForFirstConsumer"),
    "ebs": ("kubernetes.io/aws-ebs", "WaitForFirstConsumer"),
    "px": ("kubernetes.io/portworx-volume", "WaitForFirstConsumer"),
}
PLUGINS = ("kubernetes.io/aws-ebs", "kubernetes.io/gce-pd", "kubernetes.io/portworx-volume")
MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany", "ReadWriteOncePod")
SIZES = ("1Gi", "5Gi", "10Gi", "20G")
NUM_CLAIMS, NUM_VOLUMES = 8, 12
BETA_ZONE = "failure-domain.beta.kubernetes.io/zone"


def storage_object(kind: str, name: str, api: str = "storage.k8s.io/v1", **fields: Any) -> Manifest:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **fields}


class VolumeWorkload(Workload):
    """Draws storage objects besides; names repeat, so that they meet and replace each other."""

    def storage_objects(self, num_nodes: int) -> list[Manifest]:
        objects = [self.storage_class(name) for name in CLASSES if self.maybe(0.9)]
        objects += [self.csi_node(f"node-{i}") for i in range(num_nodes) if self.maybe(0.7)]
        objects += [self.volume(i) for i in range(NUM_VOLUMES) if self.maybe(0.8)]
        objects += [self.claim(i) for i in range(NUM_CLAIMS) if self.maybe(0.9)]
        objects += [self.driver(), *(self.capacity(i) for i in range(3)), *(self.attachment(i) for i in range(2))]
        return objects

    def storage_class(self, name: str) -> Manifest:
        provisioner, mode = CLASSES[name]
        obj = storage_object("StorageClass", name, provisioner=provisioner, volumeBindingMode=mode)
        if name == "zonal" or self.maybe(0.1):
            expression = {"key": ZONE, "values": [self.pick("a", "b"), "c"]}
            obj["allowedTopologies"] = [{"matchLabelExpressions": [expression]}]
        return obj

    def csi_node(self, name: str) -> Manifest:
        drivers: list[Manifest] = []
        for driver in DRIVERS:
            if self.maybe(0.6):
                drivers.append({"name": driver, "nodeID": name})
                if self.maybe(0.8):
                    drivers[-1]["allocatable"] = {"count": self.pick(0, 1, 2, 3)}
        obj = storage_object("CSINode", name, spec={"drivers": drivers})
        if self.maybe(0.5):
            migrated = ",".join(plugin for plugin in PLUGINS if self.maybe(0.6))
            obj["metadata"]["annotations"] = {"storage.alpha.kubernetes.io/migrated-plugins": migrated}
        return obj

    def traits(self) -> Manifest:
        traits: Manifest = {"storageClassName": self.pick("wait", "wait", "local", "local", *CLASSES)}
        traits["accessModes"] = [self.pick(*MODES[:1] * 6, *MODES)]
        if self.maybe(0.1):
            traits["volumeMode"] = self.pick("Block", "Filesystem")
        if self.maybe(0.05):
            traits["volumeAttributesClassName"] = "gold"
        return traits

    def volume(self, i: int) -> Manifest:
        obj = storage_object("PersistentVolume", f"pv-{i}", "v1", spec=self.traits())
        spec = obj["spec"]
        spec["accessModes"] += [mode for mode in MODES if mode not in spec["accessModes"] and self.maybe(0.4)]
        spec["capacity"] = {"storage": self.pick(*SIZES)}
        source = self.pick("csi", "csi", "local", "gcePersistentDisk", "awsElasticBlockStore", "portworxVolume")
        spec[source] = {
            "csi": {"driver": self.pick(*DRIVERS[:3]), "volumeHandle": f"handle-{i}"},
            "local": {"path": "/mnt"},
            "gcePersistentDisk": {"pdName": self.pick("d1", f"pd-{i}")},
            "awsElasticBlockStore": {"volumeID": self.pick("vol-1", f"vol-{i}")},
            "portworxVolume": {"volumeID": f"px-{i}"},
        }[source]
        if self.maybe(0.4):
            term = {"matchExpressions": [self.node_requirement()]} if self.maybe(0.9) else self.node_term()
            spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [term]}}
        labels = {"app": self.pick("web", "db")} if self.maybe(0.3) else {}
        if self.maybe(0.3):
            labels[self.pick(ZONE, ZONE, BETA_ZONE)] = self.pick("a", "b", "c")
        obj["metadata"]["labels"] = labels
        obj["status"] = {"phase": self.pick(*["Available"] * 6, "Bound", "Released")}
        if self.maybe(0.3):
            spec["claimRef"] = {
                "namespace": self.pick("default", "team-a"),
                "name": f"c-{self.rng.randrange(NUM_CLAIMS)}",
            }
            if self.maybe(0.5):
                spec["claimRef"]["uid"] = f"uid-{spec['claimRef']['name']}"
        if self.maybe(0.05):
            obj["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return obj

    def claim(self, i: int) -> Manifest:
        obj = storage_object("PersistentVolumeClaim", f"c-{i}", "v1", spec=self.traits())
        metadata, spec = obj["metadata"], obj["spec"]
        metadata |= {"namespace": self.pick(*["default"] * 8, "team-a"), "uid": f"uid-c-{i}", "annotations": {}}
        if self.maybe(0.95):
            spec["resources"] = {"requests": {"storage": self.pick(*SIZES)}}
        if self.maybe(0.25):
            spec["volumeName"] = f"pv-{self.rng.randrange(NUM_VOLUMES)}"
            if self.maybe(0.9):
                metadata["annotations"]["pv.kubernetes.io/bind-completed"] = "yes"
        if self.maybe(0.1):
            metadata["annotations"]["volume.kubernetes.io/selected-node"] = f"node-{self.rng.randrange(4)}"
        if self.maybe(0.1):
            metadata["annotations"]["volume.beta.kubernetes.io/storage-class"] = self.pick(*CLASSES)
        if self.maybe(0.1):
            spec["selector"] = self.selector()
        if self.maybe(0.03):
            metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        obj["status"] = {"phase": self.pick(*["Pending"] * 12, "Bound", "Lost")}
        return obj

    def ephemeral_claim(self, pod: Manifest, volume: str) -> Manifest:
        obj = self.claim(0)
        name = pod["metadata"]["name"]
        obj["metadata"] |= {"name": f"{name}-{volume}", "namespace": pod["metadata"].get("namespace") or "default"}
        owner = {"apiVersion": "v1", "kind": "Pod", "name": name, "controller": self.maybe(0.95)}
        obj["metadata"]["ownerReferences"] = [owner | {"uid": pod["metadata"].get("uid", "")}]
        return obj

    def driver(self) -> Manifest:
        return storage_object("CSIDriver", "csi.example.com", spec={"storageCapacity": self.maybe(0.6)})

    def capacity(self, i: int) -> Manifest:
        obj = storage_object("CSIStorageCapacity", f"cap-{i}", storageClassName=self.pick("wait", "wait", "zonal"))
        obj["metadata"]["namespace"] = "kube-system"
        if self.maybe(0.9):
            obj["nodeTopology"] = self.pick({"matchLabels": {ZONE: self.pick("a", "b", "c")}}, {}, self.selector())
        if self.maybe(0.9):
            obj["capacity"] = self.pick(*SIZES)
        if self.maybe(0.2):
            obj["maximumVolumeSize"] = self.pick(*SIZES)
        return obj

    def attachment(self, i: int) -> Manifest:
        source = {"persistentVolumeName": f"pv-{self.rng.randrange(NUM_VOLUMES)}"}
        spec = {"attacher": self.pick(*DRIVERS[:3]), "nodeName": f"node-{self.rng.randrange(4)}", "source": source}
        return storage_object("VolumeAttachment", f"va-{i}", spec=spec)

    def storage_change(self) -> Manifest:
        kind = self.pick("volume", "claim", "claim", "csi_node", "capacity", "attachment", "class")
        i = self.rng.randrange(NUM_VOLUMES)
        if kind == "csi_node":
            return self.csi_node(f"node-{i % 5}")
        if kind == "class":
            return self.storage_class(self.pick(*CLASSES))
        changed: Manifest = getattr(self, kind)(i % 3 if kind in ("capacity", "attachment") else i)
        return changed

    def pod(self) -> Manifest:
        """A pod that mostly asks for little else than volumes."""
        pod = super().pod()
        if self.maybe(0.8):
            pod["metadata"]["namespace"] = "default"
            requests = {"requests": {"cpu": "100m"}}
            pod["spec"] = {"containers": [{"name": "c", "image": "app", "resources": requests}]}
        return pod

    def with_volumes(self, pod: Manifest) -> list[Manifest]:
        """Give a pod volumes; return the claims that come with it."""
        volumes: list[Manifest] = []
        claims = []
        for i in range(self.pick(0, 1, 1, 2, 3)):
            name = f"v{i}"
            kind = self.pick("claim", "claim", "claim", "disk", "ephemeral", "other")
            if kind == "claim":
                index = self.rng.randrange(NUM_CLAIMS) if self.maybe(0.97) else 99
                volumes.append({"name": name, "persistentVolumeClaim": {"claimName": f"c-{index}"}})
            elif kind == "ephemeral":
                volumes.append({"name": name, "ephemeral": {}})
                if self.maybe(0.9):
                    claims.append(self.ephemeral_claim(pod, name))
            else:
                volumes.append({"name": name, **(self.disk() if kind == "disk" else {"csi": {"driver": DRIVERS[0]}})})
        if self.maybe(0.3):
            pod["metadata"]["uid"] = f"uid-{pod['metadata']['name']}"
            for claim in claims:
                claim["metadata"]["ownerReferences"][0]["uid"] = pod["metadata"]["uid"]
        pod["spec"]["volumes"] = volumes
        return claims

    def disk(self) -> Manifest:
        read_only = {"readOnly": self.maybe(0.5)}
        rbd = {"monitors": [self.pick("m1", "m2"), "m3"][: self.pick(1, 2)], "image": "i"}
        if self.maybe(0.3):
            rbd["pool"] = self.pick("rbd", "p")
        disk: Manifest = self.pick(
            {"gcePersistentDisk": {"pdName": self.pick("d1", "d2"), **read_only}},
            {"awsElasticBlockStore": {"volumeID": self.pick("vol-1", "vol-2"), **read_only}},
            {"iscsi": {"iqn": self.pick("iqn-1", "iqn-2"), "targetPortal": "x", "lun": 0, **read_only}},
            {"rbd": {**rbd, **read_only}},
            {"cinder": {"volumeID": "cinder-1"}},
            {"portworxVolume": {"volumeID": self.pick("px-1", "px-2")}},
        )
        return disk
