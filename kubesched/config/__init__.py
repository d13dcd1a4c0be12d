"""KubeSchedulerConfiguration v1: read, defaulted and validated as kube-scheduler 1.34 does."""

from kubesched.config.configuration import SchedulerConfiguration, load_config
from kubesched.config.profile import Profile

__all__ = ["Profile", "SchedulerConfiguration", "load_config"]
