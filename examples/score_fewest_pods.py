"""A score with normalize: the fewer pods a node has, the better."""

import kubesched as ks


class FewestPods:
    def score(self, pod, nodes):
        return nodes.pod_count

    def normalize(self, pod, scores):
        return 100 - 100 * scores // max(1, scores.max())


def make_scheduler(objects):
    config = {"profiles": [{"plugins": {"score": {"enabled": [{"name": "FewestPods", "weight": 10}]}}}]}
    return ks.Scheduler(objects, config, plugins={"FewestPods": FewestPods()})


if __name__ == "__main__":
    allocatable = {"cpu": "4", "pods": "10"}
    nodes = [{"kind": "Node", "metadata": {"name": name}, "status": {"allocatable": allocatable}} for name in "ab"]
    scheduler = make_scheduler(nodes)
    for name in ("first", "second", "third"):
        pod = {"metadata": {"name": name}, "spec": {"containers": [{"name": "main", "image": "app"}]}}
        print(scheduler.explain(pod))
        scheduler.schedule(pod)
