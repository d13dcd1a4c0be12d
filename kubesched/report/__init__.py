"""Results as people read them."""

from kubesched.report.replay_tables import print_replay

__all__ = ["print_replay"]
