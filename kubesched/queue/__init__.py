"""The scheduling queue of kube-scheduler 1.34, driven tick by tick by the caller's clock."""

from kubesched.queue.cluster_event import ActionType, ClusterEvent
from kubesched.queue.queue_snapshot import QueueCounts, QueueSnapshot
from kubesched.queue.queued_pod import QueuedPod
from kubesched.queue.scheduling_queue import SchedulingQueue

__all__ = ["ActionType", "ClusterEvent", "QueueCounts", "QueueSnapshot", "QueuedPod", "SchedulingQueue"]
