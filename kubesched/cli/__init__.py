"""The command `kubesched`."""

from kubesched.cli.main import main

__all__ = ["main"]
