"""A filter: leave every node a quarter of its CPU free."""

import kubesched as ks


class KeepQuarterFree:
    reason = "node(s) would have less than a quarter of their CPU free"

    def filter(self, pod, nodes):
        return nodes.requested["cpu"] * 4 < nodes.allocatable["cpu"] * 3


def make_scheduler(objects):
    config = {"profiles": [{"plugins": {"filter": {"enabled": [{"name": "KeepQuarterFree"}]}}}]}
    return ks.Scheduler(objects, config, plugins={"KeepQuarterFree": KeepQuarterFree()})


if __name__ == "__main__":
    nodes = [{"kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "4", "pods": "10"}}}]
    container = {"name": "main", "image": "app", "resources": {"requests": {"cpu": "750m"}}}
    scheduler = make_scheduler(nodes)
    for name in ("a", "b", "c", "d", "e"):
        print(scheduler.schedule({"metadata": {"name": name}, "spec": {"containers": [container]}}))
