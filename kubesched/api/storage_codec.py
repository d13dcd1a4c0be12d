"""Storage objects to records (csrc/model/storage_objects.cpp reads them); volumes and claims are in volume_codec.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.api.csi_migration import DRIVERS, NOT_COUNTED
from kubesched.api.fields import boolean, choice, entries, fault, integer, mapping, string_map, text, texts
from kubesched.api.label_rules import is_dns_label, is_dns_subdomain
from kubesched.api.quantity import parse_quantity, whole_units
from kubesched.api.selectors import IN, NodeTerm, check_label_key, read_label_selector
from kubesched.api.storage_rules import NO_RULE, terms_rule
from kubesched.api.volume_codec import write_claim, write_volume
from kubesched.api.wire import Writer
from kubesched.errors import ObjectError

_KINDS = (
    "v1/PersistentVolume",
    "v1/PersistentVolumeClaim",
    "storage.k8s.io/v1/StorageClass",
    "storage.k8s.io/v1/CSINode",
    "storage.k8s.io/v1/CSIDriver",
    "storage.k8s.io/v1/CSIStorageCapacity",
    "storage.k8s.io/v1/VolumeAttachment",
)
STORAGE_KINDS = tuple(kind.rpartition("/")[2] for kind in _KINDS)  # in the order of their codes in records
_VOLUME, _CLAIM, _CLASS, _CSI_NODE, _CSI_DRIVER, _CAPACITY, _ATTACHMENT = range(7)
_BINDING_MODES = ("Immediate", "WaitForFirstConsumer")
_MIGRATED_PLUGINS = "storage.alpha.kubernetes.io/migrated-plugins"


def is_storage(obj: Mapping[str, Any]) -> bool:
    """Tell whether the volume plugins read objects of this kind."""
    return _kind_name(obj) in _KINDS


def _kind_name(obj: Mapping[str, Any]) -> str:
    return f"{obj.get('apiVersion')}/{obj.get('kind')}"


def encode_storage(obj: Mapping[str, Any]) -> bytes:
    """Return the record of a storage object.

    PersistentVolume, PersistentVolumeClaim, StorageClass, CSINode, CSIDriver, CSIStorageCapacity, VolumeAttachment.
    A phase that the manifest lacks is Pending, as the API server has it: such a volume is not there to be bound.

    Raises:
        ObjectError: it is no object of these kinds, or a field breaks a rule of its type; the message names object,
            field and value.
    """
    if not isinstance(obj, Mapping):
        raise ObjectError(f"object must be a mapping, got {type(obj).__name__}")
    if not is_storage(obj):
        fault("object", "be one of " + ", ".join(_KINDS), _kind_name(obj))
    kind = _KINDS.index(_kind_name(obj))
    word = str(obj["kind"]).lower()
    metadata = mapping(obj, "metadata", f"{word} ")
    name = text(metadata, "name", f"{word} metadata")
    if not is_dns_subdomain(name):
        fault(f"{word} metadata.name", "be a DNS subdomain name", name)
    namespace = ""
    if kind in (_CLAIM, _CAPACITY):
        namespace = text(metadata, "namespace", f"{word} metadata") or "default"
        if not is_dns_label(namespace):
            fault(f"{word} {name}: metadata.namespace", "be a DNS label", namespace)
    out = Writer()
    out.u8(kind)
    try:
        _write(out, kind, obj, namespace, name)
    except ObjectError as error:
        raise ObjectError(f"{word} {namespace}/{name}: {error}" if namespace else f"{word} {name}: {error}") from None
    return out.done()


def _write(out: Writer, kind: int, obj: Mapping[str, Any], namespace: str, name: str) -> None:
    if kind == _VOLUME:
        write_volume(out, obj, name)
    elif kind == _CLAIM:
        write_claim(out, obj, namespace, name)
    elif kind == _CLASS:
        _write_class(out, obj, name)
    elif kind == _CSI_NODE:
        _write_csi_node(out, obj, name)
    elif kind == _CSI_DRIVER:
        out.text(name)
        out.u8(1 if boolean(mapping(obj, "spec", ""), "storageCapacity", "spec") else 0)
    elif kind == _CAPACITY:
        _write_capacity(out, obj, f"{namespace}/{name}")
    else:
        _write_attachment(out, obj, name)


def _write_class(out: Writer, obj: Mapping[str, Any], name: str) -> None:
    provisioner = text(obj, "provisioner", "")
    if not provisioner:
        fault("provisioner", "name a volume plugin", obj.get("provisioner"))
    out.text(name)
    out.text(provisioner)
    out.u8(choice(obj, "volumeBindingMode", "", _BINDING_MODES, "Immediate"))
    # What is counted against a node's limits: nothing, an in-tree plugin's driver, or the provisioner itself.
    in_tree = provisioner in DRIVERS or provisioner in NOT_COUNTED
    out.text(provisioner if in_tree else "")
    out.text(DRIVERS.get(provisioner, "") if in_tree else provisioner)
    terms = []
    for i, term in enumerate(entries(obj, "allowedTopologies", "")):
        terms.append(_topology_term(term, f"allowedTopologies[{i}]"))
    out.record(terms_rule(terms) if terms else NO_RULE)


def _topology_term(term: Mapping[str, Any], path: str) -> NodeTerm:
    requirements = []
    for i, expression in enumerate(entries(term, "matchLabelExpressions", path)):
        at = f"{path}.matchLabelExpressions[{i}]"
        key, values = text(expression, "key", at), texts(expression, "values", at)
        check_label_key(key, f"{at}.key")
        if not values:
            fault(f"{at}.values", "have at least one value", values)
        requirements.append((key, IN, values))
    return (requirements, [])


def _write_csi_node(out: Writer, obj: Mapping[str, Any], name: str) -> None:
    out.text(name)
    limits = []
    for i, driver in enumerate(entries(mapping(obj, "spec", ""), "drivers", "spec")):
        path = f"spec.drivers[{i}]"
        driver_name = text(driver, "name", path)
        if not driver_name:
            fault(f"{path}.name", "name a CSI driver", driver.get("name"))
        allocatable = mapping(driver, "allocatable", path)
        if allocatable.get("count") is not None:
            limits.append((driver_name, integer(allocatable, "count", f"{path}.allocatable", 0, 0, 2**31 - 1)))
    out.amounts(sorted(dict(limits).items()))
    annotations = string_map(mapping(obj, "metadata", ""), "annotations", "metadata")
    out.texts(sorted(set(annotations.get(_MIGRATED_PLUGINS, "").split(",")) - {""}))


def _write_capacity(out: Writer, obj: Mapping[str, Any], key: str) -> None:
    field = "maximumVolumeSize" if obj.get("maximumVolumeSize") is not None else "capacity"
    class_name = text(obj, "storageClassName", "")
    if not class_name:
        fault("storageClassName", "name a StorageClass", obj.get("storageClassName"))
    out.text(key)
    out.text(class_name)
    amount = obj.get(field)
    out.i64(-1 if amount is None else whole_units(parse_quantity(amount, field)))
    topology = read_label_selector(obj, "nodeTopology", "")
    if topology:
        out.record(terms_rule([(topology, [])]))
    else:  # an empty selector is every node, none at all no node
        out.record(terms_rule([]) if topology is None else NO_RULE)


def _write_attachment(out: Writer, obj: Mapping[str, Any], name: str) -> None:
    spec = mapping(obj, "spec", "")
    out.text(name)
    out.text(text(spec, "attacher", "spec"))
    out.text(text(spec, "nodeName", "spec"))
    out.text(text(mapping(spec, "source", "spec"), "persistentVolumeName", "spec.source"))
