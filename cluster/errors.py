"""Every error that the cluster raises on purpose.

KubeschedError                        kubesched/errors.py
  StoreError
    CompactedError                    the revision asked for has been compacted
    FutureRevisionError               the revision asked for is not there yet
    LeaseNotFoundError                no lease of that id
    LeaseExistsError                  a lease of that id is there already
    InvalidRequestError               a request that no store takes: an empty key, a key twice in one transaction
    StoreUnavailableError             the backend does not answer, or was closed
    CorruptStoreError                 what lies on the disk is not what was written
  APIStatusError                      what the API refuses: carries the fields of a metav1.Status
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubesched.errors import KubeschedError

__all__ = [
    "APIStatusError",
    "CompactedError",
    "CorruptStoreError",
    "FutureRevisionError",
    "InvalidRequestError",
    "LeaseExistsError",
    "LeaseNotFoundError",
    "StoreError",
    "StoreUnavailableError",
]


class StoreError(KubeschedError):
    """Base of what a store raises; nothing was changed unless the class says otherwise."""


class CompactedError(StoreError):
    """A revision below the compacted one was asked for.

    Attributes:
        compact_revision: the oldest revision that can still be read.
    """

    def __init__(self, compact_revision: int) -> None:
        super().__init__(f"revision must be >= {compact_revision}, the compacted revision")
        self.compact_revision = compact_revision


class FutureRevisionError(StoreError):
    """A revision above the current one was asked for."""

    def __init__(self, revision: int, current: int) -> None:
        super().__init__(f"revision must be <= {current}, got {revision}")


class LeaseNotFoundError(StoreError):
    """There is no lease of that id; it may have expired."""

    def __init__(self, lease: int) -> None:
        super().__init__(f"lease must be one that is granted, got {lease}")


class LeaseExistsError(StoreError):
    """A lease of that id is there already."""

    def __init__(self, lease: int) -> None:
        super().__init__(f"lease must be a new id, got {lease}")


class InvalidRequestError(StoreError):
    """A request breaks a rule that holds for every store."""


class StoreUnavailableError(StoreError):
    """The backend cannot be reached, or was closed; a write may or may not have happened."""


class CorruptStoreError(StoreError):
    """A file of the store is damaged or not one of its own; the message names it and says what is wrong."""


class APIStatusError(KubeschedError):
    """The API refuses a request; the message is the Status's.

    Attributes:
        code: the HTTP status.
        reason: such as `NotFound`.
        details: as in the Status; empty for none.
    """

    def __init__(self, code: int, reason: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = dict(details or {})
