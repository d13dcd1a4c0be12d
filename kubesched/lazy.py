"""Names of the package that are imported when they are first asked for, so that a command loads only what it uses."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


def export(package: str, exports: Mapping[str, str]) -> None:
    """Let a package's names come from modules that are imported on the first use of one of them.

    A name may be that of a subpackage, too (`replay`): the package's attribute is what `exports` says, never the
    subpackage, which is reached by `from kubesched.replay import ...`.

    Args:
        package: a package that is being imported.
        exports: name -> the module that has it.
    """

    class LazyPackage(ModuleType):
        def __getattr__(self, name: str) -> Any:
            if name not in exports:
                raise AttributeError(f"module {package!r} has no attribute {name!r}")
            value = getattr(import_module(exports[name]), name)
            setattr(self, name, value)
            return value

        def __setattr__(self, name: str, value: object) -> None:
            if not (name in exports and isinstance(value, ModuleType)):
                super().__setattr__(name, value)

        def __dir__(self) -> list[str]:
            return sorted({*super().__dir__(), *exports})

    sys.modules[package].__class__ = LazyPackage
