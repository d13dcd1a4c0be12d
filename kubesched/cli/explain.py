"""`kubesched explain`: what every node and plugin says of one pod."""

from __future__ import annotations

import json

import click


@click.command()
@click.option("--cluster", metavar="FILE", required=True, help="Kubernetes manifests: YAML, JSON, .gz or a folder")
@click.option("--pod", metavar="FILE", required=True, help="manifests with the pod")
@click.option("--name", metavar="NAMESPACE/NAME", help="which pod of the file; needed where it has several")
@click.option("--config", metavar="FILE", help="a KubeSchedulerConfiguration (v1)")
@click.option("--output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain(*, cluster: str, pod: str, name: str | None, config: str | None, output: str) -> None:
    """Explain where a pod would go on a cluster, or why it fits nowhere."""
    from kubesched.api.manifests import load
    from kubesched.api.pod_fields import pod_key
    from kubesched.engine import KUBERNETES_VERSION, Scheduler
    from kubesched.errors import ObjectError

    pods = {pod_key(obj): obj for obj in load(pod) if obj["kind"] == "Pod"}
    if name is not None and name not in pods:
        raise ObjectError(f"--name must be a pod of {pod}, got {name!r}")
    if name is None and len(pods) != 1:
        raise ObjectError(f"{pod}: must hold one pod unless --name says which, got {len(pods)}")
    chosen = pods[name] if name is not None else next(iter(pods.values()))
    explanation = Scheduler(load(cluster), config).explain(chosen)
    if output == "json":
        print(json.dumps({"kubernetes": KUBERNETES_VERSION, **explanation.to_dict()}, indent=2))
    else:
        print(f"kubernetes {KUBERNETES_VERSION}\n{explanation}")
