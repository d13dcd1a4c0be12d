"""Kubernetes objects as users write them, turned into the records that the core reads."""
