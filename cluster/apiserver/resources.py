"""The built-in resources, as data: one row each. The registry, discovery and the routes read this table alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

# group/version, plural, kind, short names, flags: N namespaced, S has a status, G counts generations, A category all,
# D a deletion answers the object (upstream's ReturnDeletedObject).
_ROWS = """
v1 configmaps ConfigMap cm N
v1 endpoints Endpoints ep N
v1 events Event ev N
v1 limitranges LimitRange limits N
v1 namespaces Namespace ns S
v1 nodes Node no S
v1 persistentvolumeclaims PersistentVolumeClaim pvc NSD
v1 persistentvolumes PersistentVolume pv SD
v1 pods Pod po NSGAD
v1 podtemplates PodTemplate - NGD
v1 replicationcontrollers ReplicationController rc NSGA
v1 resourcequotas ResourceQuota quota NSD
v1 secrets Secret - N
v1 serviceaccounts ServiceAccount sa DN
v1 services Service svc NSAD
apps/v1 controllerrevisions ControllerRevision - N
apps/v1 daemonsets DaemonSet ds NSGA
apps/v1 deployments Deployment deploy NSGA
apps/v1 replicasets ReplicaSet rs NSGA
apps/v1 statefulsets StatefulSet sts NSGA
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler hpa NSA
batch/v1 cronjobs CronJob cj NSGA
batch/v1 jobs Job - NSGA
certificates.k8s.io/v1 certificatesigningrequests CertificateSigningRequest csr S
networking.k8s.io/v1 ingressclasses IngressClass - G
networking.k8s.io/v1 ingresses Ingress ing NSG
networking.k8s.io/v1 networkpolicies NetworkPolicy netpol NG
policy/v1 poddisruptionbudgets PodDisruptionBudget pdb NSG
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding - -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole - -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding - N
rbac.authorization.k8s.io/v1 roles Role - N
storage.k8s.io/v1 csidrivers CSIDriver - -
storage.k8s.io/v1 csinodes CSINode - D
storage.k8s.io/v1 csistoragecapacities CSIStorageCapacity - N
storage.k8s.io/v1 storageclasses StorageClass sc D
storage.k8s.io/v1 volumeattachments VolumeAttachment - SD
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration - G
admissionregistration.k8s.io/v1 validatingadmissionpolicies ValidatingAdmissionPolicy - SG
admissionregistration.k8s.io/v1 validatingadmissionpolicybindings ValidatingAdmissionPolicyBinding - G
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration - G
scheduling.k8s.io/v1 priorityclasses PriorityClass pc G
coordination.k8s.io/v1 leases Lease - N
discovery.k8s.io/v1 endpointslices EndpointSlice - NG
resource.k8s.io/v1 deviceclasses DeviceClass - G
resource.k8s.io/v1 resourceclaims ResourceClaim - NS
resource.k8s.io/v1 resourceclaimtemplates ResourceClaimTemplate - N
resource.k8s.io/v1 resourceslices ResourceSlice - G
"""

# Where upstream keeps a resource under another name than its plural (kubeapiserver/default_storage_factory_builder.go).
_STORED_AS = {
    "replicationcontrollers": "controllers",
    "endpoints": "services/endpoints",
    "services": "services/specs",
    "nodes": "minions",
    "ingresses": "ingress",
}

_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_EVENT_FIELDS = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
# The fields that a field selector may name, besides name and namespace.
_SELECTABLE = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (*(f"involvedObject.{field}" for field in _EVENT_FIELDS), "reason", "reportingComponent", "type"),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
    "certificatesigningrequests": ("spec.signerName",),
}


@dataclass(frozen=True)
class Resource:
    """A kind of object and how it is served. `group` is empty for the core."""

    group: str
    version: str
    plural: str
    kind: str
    short_names: tuple[str, ...]
    flags: str

    @property
    def is_namespaced(self) -> bool:
        """Tell whether its objects live in namespaces."""
        return "N" in self.flags

    @property
    def has_status(self) -> bool:
        """Tell whether it has the subresource status."""
        return "S" in self.flags

    @property
    def subresources(self) -> tuple[str, ...]:
        """The parts that are written on their own."""
        if self.plural == "namespaces":
            return ("finalize", "status")
        return ("status",) if self.has_status else ()

    @property
    def has_generation(self) -> bool:
        """Tell whether a change of the specification counts."""
        return "G" in self.flags

    @property
    def is_answered_when_deleted(self) -> bool:
        """Tell whether a deletion answers the object rather than a Status."""
        return "D" in self.flags

    @property
    def categories(self) -> tuple[str, ...]:
        """The names under which kubectl lists it with others."""
        return ("all",) if "A" in self.flags else ()

    @property
    def singular(self) -> str:
        """The kind as the command line has it."""
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        """The group and version as an object has them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """The plural with its group, as messages have it."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def prefix(self) -> str:
        """Where its objects lie in the store, with a slash at the end."""
        return f"/registry/{_STORED_AS.get(self.plural, self.plural)}/"

    @cached_property
    def selectable_fields(self) -> frozenset[str]:
        """What a field selector may name."""
        return frozenset(_COMMON_FIELDS + _SELECTABLE.get(self.plural, ()))


def builtin_resources() -> tuple[Resource, ...]:
    """Return every resource that is served, in the order of discovery."""
    resources = []
    for row in _ROWS.strip().splitlines():
        api_version, plural, kind, short, flags = row.split()
        group, _, version = api_version.rpartition("/")
        names = () if short == "-" else tuple(short.split(","))
        resources.append(Resource(group, version, plural, kind, names, flags))
    return tuple(resources)
