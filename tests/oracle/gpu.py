"""GPU sharing and its policies, obvious and slow: nodes as lists of cards, every score anew for every pod."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Kind = tuple[int, int, int, str]  # milli-CPU, thousandths of each card, cards, models joined by |


@dataclass
class GpuNode:
    cpu: int
    memory: int
    model: str
    left: list[int]
    most_cpu: int = 0
    most_memory: int = 0
    kinds: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.most_cpu, self.most_memory = self.cpu, self.memory


@dataclass(frozen=True)
class GpuPod:
    cpu: int
    memory: int
    num: int
    milli: int
    models: str = ""

    @property
    def kind(self) -> str:
        return "" if self.num == 0 else "share" if self.milli < 1000 else f"{self.num}-gpu"


def typical(pods: list[GpuPod]) -> list[tuple[Kind, float]]:
    counts = Counter((pod.cpu, pod.milli, pod.num, pod.models) for pod in pods)
    taken: list[tuple[Kind, int]] = []
    for kind, count in sorted(counts.items(), key=lambda item: (item[1], item[0]), reverse=True):
        if sum(n for _, n in taken) >= 0.95 * len(pods):
            break
        taken.append((kind, count))
    known = sum(n for _, n in taken)
    return [(kind, (count / len(pods)) / (known / len(pods))) for kind, count in taken]


def fragments(node: GpuNode, kinds: list[tuple[Kind, float]]) -> list[float]:
    """Lack both, lack GPU, satisfied, lack CPU, no GPU wanted, that and lack CPU, no access."""
    cases = [0.0] * 7
    everything = sum(node.left)
    for (cpu, milli, num, models), weight in kinds:
        cpu_fits = node.cpu >= cpu
        gpu_fits = sum(1 for room in node.left if room >= milli) >= num
        if num == 0:
            cases[4 if cpu_fits else 5] += weight * everything
        elif models and node.model not in models.split("|"):
            cases[6] += weight * everything
        elif gpu_fits and cpu_fits:
            small = sum(room for room in node.left if room < milli)
            cases[1] += weight * small
            cases[2] += weight * (everything - small)
        elif gpu_fits:
            cases[3] += weight * everything
        elif cpu_fits:
            cases[1] += weight * everything
        else:
            cases[0] += weight * everything
    return cases


def fragmentation(node: GpuNode, kinds: list[tuple[Kind, float]]) -> float:
    cases = fragments(node, kinds)
    return cases[0] + cases[1] + cases[3] + cases[4] + cases[5] + cases[6]


def cards_for(pod: GpuPod, left: list[int]) -> list[int] | None:
    """The cards of a pod where the policy has no choice of its own; None where it does not fit."""
    if pod.num == 0:
        return []
    if pod.num == 1 and pod.milli < 1000:
        fitting = [card for card in range(len(left)) if left[card] >= pod.milli]
        return [min(fitting, key=lambda card: (left[card], card))] if fitting else None
    packed = []
    for card, room in enumerate(left):
        packed += [card] * (room // pod.milli)
    return packed[: pod.num] if len(packed) >= pod.num else None


def sigmoid_score(before: float, after: float) -> int:
    return int(100 * (1 / (1 + math.exp(-(before - after) / 1000))))


def with_pod(node: GpuNode, pod: GpuPod, cards: list[int]) -> GpuNode:
    left = list(node.left)
    for card in cards:
        left[card] -= pod.milli
    return GpuNode(node.cpu - pod.cpu, node.memory, node.model, left)


class GpuCluster:
    """Places pods one after another by one policy; the first of equal nodes wins."""

    def __init__(self, policy: str, nodes: list[GpuNode], workload: list[GpuPod]) -> None:
        self.policy, self.nodes, self.kinds = policy, nodes, typical(workload)

    def place(self, pod: GpuPod) -> tuple[int, list[int]] | None:
        fitting = [i for i in range(len(self.nodes)) if self.fits(pod, self.nodes[i])]
        if not fitting:
            return None
        scores = {i: self.score(pod, self.nodes[i]) for i in fitting}
        if self.policy == "bestfit":
            least, most = min(scores.values()), max(scores.values())
            scores = {i: (s - least) * 100 // (most - least) if most > least else 0 for i, s in scores.items()}
        chosen = max(fitting, key=lambda i: (scores[i], -i))
        return chosen, self.put(pod, chosen)

    def put(self, pod: GpuPod, index: int) -> list[int]:
        node = self.nodes[index]
        cards = self.choose(pod, node)
        node.cpu, node.memory, node.left = node.cpu - pod.cpu, node.memory - pod.memory, with_pod(node, pod, cards).left
        node.kinds.append(pod.kind)
        return cards

    def take(self, pod: GpuPod, index: int, cards: list[int]) -> None:
        node = self.nodes[index]
        node.cpu, node.memory = node.cpu + pod.cpu, node.memory + pod.memory
        for card in cards:
            node.left[card] += pod.milli
        node.kinds.remove(pod.kind)

    @staticmethod
    def fits(pod: GpuPod, node: GpuNode) -> bool:
        if pod.num and pod.models and node.model not in pod.models.split("|"):
            return False
        return pod.cpu <= node.cpu and pod.memory <= node.memory and cards_for(pod, node.left) is not None

    def choose(self, pod: GpuPod, node: GpuNode) -> list[int]:
        if self.policy == "fgd" and pod.num == 1 and pod.milli < 1000:
            scores = self.share_scores(pod, node)
            return [max(scores, key=lambda card: (scores[card], -card))]
        return cards_for(pod, node.left) or []

    def share_scores(self, pod: GpuPod, node: GpuNode) -> dict[int, int]:
        before = fragmentation(node, self.kinds)
        fitting = [card for card in range(len(node.left)) if node.left[card] >= pod.milli]
        return {card: sigmoid_score(before, fragmentation(with_pod(node, pod, [card]), self.kinds)) for card in fitting}

    def score(self, pod: GpuPod, node: GpuNode) -> int:
        score: int = getattr(self, f"_{self.policy}")(pod, node)
        return score

    def _fgd(self, pod: GpuPod, node: GpuNode) -> int:
        if pod.num == 1 and pod.milli < 1000:
            return max(self.share_scores(pod, node).values())
        after = with_pod(node, pod, cards_for(pod, node.left) or [])
        return sigmoid_score(fragmentation(node, self.kinds), fragmentation(after, self.kinds))

    @staticmethod
    def _dotprod(pod: GpuPod, node: GpuNode) -> int:
        cpu = (node.cpu / 128000) * (pod.cpu / 128000)
        gpu = (sum(node.left) / 8000) * (pod.num * pod.milli / 8000)
        return int(100 * (1 - (cpu + gpu) / 2))

    @staticmethod
    def _bestfit(pod: GpuPod, node: GpuNode) -> int:
        cpu = (node.cpu - pod.cpu) / 128000
        gpu = (sum(node.left) - pod.num * pod.milli) / 8000
        return int(100 * (1 - (0.5 * cpu + 0.5 * gpu)))

    @staticmethod
    def _gpuclustering(pod: GpuPod, node: GpuNode) -> int:
        if not pod.kind:
            return 0
        base = max(25 * (8000 - sum(node.left)) // 8000, 0)
        kinds = {kind for kind in node.kinds if kind}
        if not kinds:
            return base + 25
        if pod.kind not in kinds:
            return base
        return base + (75 if len(kinds) == 1 else 50)

    @staticmethod
    def _gpupacking(pod: GpuPod, node: GpuNode) -> int:
        if not pod.kind:
            return 0
        free = sum(1 for room in node.left if room == 1000)
        if free == len(node.left):
            return max(33 - free, free)
        taken = sorted(room for room in node.left if room >= pod.milli)[: pod.num]
        whole = sum(1 for room in taken if room == 1000)
        if whole:
            return max(50 - whole, 33)
        return max(100 - sum(room * 100 // 1000 for room in taken) // 10, 50)

    @staticmethod
    def _tetris(pod: GpuPod, node: GpuNode) -> int:
        dimensions = [
            (node.most_cpu, node.cpu, pod.cpu),
            (node.most_memory, node.memory, pod.memory),
            (1000 * len(node.left), sum(node.left), pod.num * pod.milli),
        ]
        product = 0.0
        for most, left, wanted in dimensions:
            if most:
                product += (left / most) * (wanted / most)
        return int(100 * (product / sum(1 for most, _, _ in dimensions if most)))


def node_manifest(name: str, node: GpuNode) -> dict[str, Any]:
    allocatable = {"cpu": f"{node.most_cpu}m", "memory": str(node.most_memory), "pods": "1001"}
    if node.left:
        allocatable["alibabacloud.com/gpu-count"] = str(len(node.left))
    labels = {"alibabacloud.com/gpu-card-model": node.model} if node.model else {}
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}, "status": {"allocatable": allocatable}}


def pod_manifest(name: str, pod: GpuPod) -> dict[str, Any]:
    annotations = {}
    if pod.num:
        annotations = {"alibabacloud.com/gpu-milli": str(pod.milli), "alibabacloud.com/gpu-count": str(pod.num)}
    if pod.models:
        annotations["alibabacloud.com/gpu-card-model"] = pod.models
    requests = {"cpu": f"{pod.cpu}m", "memory": str(pod.memory)}
    container = {"name": "main", "image": "app", "resources": {"requests": requests}}
    return {"metadata": {"name": name, "annotations": annotations}, "spec": {"containers": [container]}}
