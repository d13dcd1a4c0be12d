"""metav1.Status: the errors of the API with upstream's texts (apimachinery/pkg/api/errors, v1.34)."""

from __future__ import annotations

from typing import Any

from cluster.apiserver.resources import Resource
from cluster.errors import APIStatusError

_FORMAT = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = rf"{_FORMAT}(\.{_FORMAT})*"
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
    f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')"
)


def write_status(error: APIStatusError) -> dict[str, Any]:
    """Return the Status object that a client gets."""
    status: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    status["message"] = str(error)
    status["reason"] = error.reason
    if error.details:
        status["details"] = error.details
    return {**status, "code": error.code}


def success(resource: Resource, name: str, uid: str) -> dict[str, Any]:
    """Return the Status of an object that is gone."""
    details = {**_details(resource, name), "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def _details(resource: Resource, name: str) -> dict[str, Any]:
    group = {"group": resource.group} if resource.group else {}
    return {"name": name, **group, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> APIStatusError:
    """There is no such object."""
    return APIStatusError(404, "NotFound", f'{resource.qualified} "{name}" not found', _details(resource, name))


def unknown_path() -> APIStatusError:
    """There is no such path, or no such resource."""
    return APIStatusError(404, "NotFound", "the server could not find the requested resource")


def not_allowed() -> APIStatusError:
    """The path is there, the verb is not."""
    return APIStatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def already_exists(resource: Resource, name: str) -> APIStatusError:
    """An object of that name is there."""
    message = f'{resource.qualified} "{name}" already exists'
    return APIStatusError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: Resource, name: str, why: str) -> APIStatusError:
    """The object is not what the request supposes."""
    message = f'Operation cannot be fulfilled on {resource.qualified} "{name}": {why}'
    return APIStatusError(409, "Conflict", message, _details(resource, name))


def modified(resource: Resource, name: str) -> APIStatusError:
    """The object has another resourceVersion."""
    why = "the object has been modified; please apply your changes to the latest version and try again"
    return conflict(resource, name, why)


def forbidden(resource: Resource, name: str, why: str) -> APIStatusError:
    """A rule of admission forbids it."""
    message = f'{resource.qualified} "{name}" is forbidden: {why}'
    return APIStatusError(403, "Forbidden", message, _details(resource, name))


def invalid(resource: Resource, name: str, field: str, fault: str) -> APIStatusError:
    """A field has a value that it must not have; `fault` is such as `Required value: name is required`."""
    kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    reason = "FieldValueRequired" if fault.startswith("Required") else "FieldValueInvalid"
    causes = [{"reason": reason, "message": fault, "field": field}]
    details = {**_details(resource, name), "kind": resource.kind, "causes": causes}
    return APIStatusError(422, "Invalid", f'{kind} "{name}" is invalid: {field}: {fault}', details)


def invalid_name(resource: Resource, name: str) -> APIStatusError:
    """The name is no DNS subdomain."""
    return invalid(resource, name, "metadata.name", f'Invalid value: "{name}": {_SUBDOMAIN_RULE}')


def bad_request(message: str) -> APIStatusError:
    """The request cannot be understood."""
    return APIStatusError(400, "BadRequest", message)


def expired(message: str) -> APIStatusError:
    """What is asked for has been compacted."""
    return APIStatusError(410, "Expired", message)


def too_large_version(revision: int, current: int) -> APIStatusError:
    """A resourceVersion of the future."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Timeout: Too large resource version: {revision}, current: {current}"
    return APIStatusError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def too_large(limit_bytes: int) -> APIStatusError:
    """The body is more than the server reads."""
    return APIStatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {limit_bytes}")


def namespace_not_found(namespace: str) -> APIStatusError:
    """The namespace of a new object is not there."""
    details = {"name": namespace, "kind": "namespaces"}
    return APIStatusError(404, "NotFound", f'namespaces "{namespace}" not found', details)


def invalid_options(field: str, fault: str) -> APIStatusError:
    """A parameter of a list or a watch breaks a rule."""
    causes = [{"reason": "FieldValueForbidden", "message": fault, "field": field}]
    details = {"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes}
    return APIStatusError(422, "Invalid", f'ListOptions.meta.k8s.io "" is invalid: {field}: {fault}', details)


def unsupported_type(content_type: str) -> APIStatusError:
    """The body is in a form that is not read."""
    rule = "the body of the request was in an unknown format - accepted media types include: application/json"
    message = f"{rule}, got {content_type}"
    return APIStatusError(415, "UnsupportedMediaType", message)
