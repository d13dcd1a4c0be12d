"""Opens files as whatever trace they hold, by their content."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubesched.api.manifests import load
from kubesched.errors import ConfigError, ManifestError, TraceFormatError
from kubesched.traces.formats import detect, read_format
from kubesched.traces.manifests import read_manifests
from kubesched.traces.openb import NODE_COLUMNS, POD_COLUMNS, read_openb, read_openb_pods
from kubesched.traces.rows import read_header
from kubesched.traces.trace import Trace

_YAML_STARTS = ("{", "[", "#", "-", "%")


def open_trace(
    nodes: str | os.PathLike[str],
    pods: str | os.PathLike[str] | None = None,
    *,
    form: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> Trace:
    """Read a trace, or a cluster and its arriving pods.

    Args:
        nodes: a trace in any format, a file or a folder; with `pods`, an openb node list or Kubernetes manifests.
        pods: an openb pod list, or Kubernetes manifests.
        form: the format of a trace, a name of `kubesched.traces.formats.NAMES`; None: by its content.
        options: of the format's reader (docs/traces.md).

    Raises:
        ConfigError: there is no such format or option.
        TraceFormatError: a file is no trace of a known format, or a broken one; path, line and column are named.
        ManifestError: a file of manifests cannot be read.
        ObjectError: an object breaks a rule of its type.
    """
    if pods is None:
        path = Path(nodes)
        return read_format(form or detect(path), path, options or {})
    if form is not None or options:
        raise ConfigError("format and options must be left out where nodes and pods are two files")
    node_path, pod_path = Path(nodes), Path(pods)
    nodes_are_csv = _is_list(node_path, NODE_COLUMNS, POD_COLUMNS, "node")
    pods_are_csv = _is_list(pod_path, POD_COLUMNS, NODE_COLUMNS, "pod")
    if nodes_are_csv and pods_are_csv:
        return read_openb(node_path, pod_path)
    if nodes_are_csv:
        raise TraceFormatError(f"{pod_path}: must be an openb pod list like the nodes, got manifests")
    if pods_are_csv:
        return read_openb_pods(pod_path, load(node_path), f"openb {pod_path.name}")
    return read_manifests(node_path, pod_path)


def _is_list(path: Path, columns: tuple[str, ...], others: tuple[str, ...], what: str) -> bool:
    """Tell an openb list from manifests; a CSV file of another kind is refused."""
    if path.is_dir():
        return False
    if not path.exists():
        raise ManifestError(f"{path}: must be a readable file, got 'No such file or directory'")
    if path.name.removesuffix(".gz").endswith((".yaml", ".yml", ".json")):
        return False
    header = read_header(path)
    if header is None or ":" in header[0] or header[0].lstrip()[:1] in _YAML_STARTS:
        return path.name.removesuffix(".gz").endswith(".csv")
    if set(others) <= set(header) and not set(columns) <= set(header):
        raise TraceFormatError(f"{path}:1: must be a {what} list, got the columns {','.join(header)[:80]!r}")
    return True
