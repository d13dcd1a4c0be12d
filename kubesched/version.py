"""Whose decisions these are."""

KUBERNETES_VERSION = "1.34"
"""The version of kube-scheduler that is followed."""
