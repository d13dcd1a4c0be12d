"""The SQLite file of the durable backend, and the thread that writes it.

    version  position, key, value, create_revision, version, lease, crc     one row for each version of a key
    lease    id, ttl_s
    meta     name, value                                                    revision, compact_revision

A row's position is its revision and its place in that revision, so rows are appended in order. The checksum is of the
whole row: SQLite checks the structure of its pages, not what is in them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cluster.errors import CorruptStoreError, StoreUnavailableError
from cluster.store.records import Event, KeyValue

APPLICATION_ID = 0x6B737374
SCHEMA_VERSION = 1
PLACES = 1 << 24  # changes that one revision can hold
COMPACT_ROWS = 2000  # rows that go between two commits

_SCHEMA = """
CREATE TABLE version (position INTEGER PRIMARY KEY, key BLOB NOT NULL, value BLOB NOT NULL,
  create_revision INTEGER NOT NULL, version INTEGER NOT NULL, lease INTEGER NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE lease (id INTEGER PRIMARY KEY, ttl_s INTEGER NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('revision', 1), ('compact_revision', 0);
"""
_ADD_VERSION = "INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?)"
_DROP_VERSION = "DELETE FROM version WHERE position BETWEEN ? AND ? AND key = ?"
_SET_META = "UPDATE meta SET value = ? WHERE name = ?"

_Row: TypeAlias = tuple[int, bytes, bytes, int, int, int, int]
_Statement: TypeAlias = tuple[str, list[tuple[object, ...]]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds. `versions` is read once, in order of revision."""

    versions: Iterator[KeyValue]
    revision: int
    compact_revision: int
    leases: dict[int, int]


class Journal:
    """Queues changes and writes all that has gathered in one transaction.

    `on_commit(written, revision)` tells from the thread how many changes are on the disk, and up to which revision;
    `on_failure(message)` that no more will be.
    """

    def __init__(self, path: Path, on_commit: Callable[[int, int], None], on_failure: Callable[[str], None]) -> None:
        self.written = 0
        self.durable = 0
        self._path = path
        self._on_commit = on_commit
        self._on_failure = on_failure
        self._revision = 1
        self._queue: list[_Statement] = []
        self._dropped: list[KeyValue] = []
        self._is_closing = False
        self._wakeup = threading.Condition()
        self._thread: threading.Thread | None = None
        self._connection = self._connect()

    def load(self) -> Kept:
        """Check the file and read it.

        Raises:
            CorruptStoreError: the file is damaged.
        """
        try:
            problem = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if problem != "ok":
                raise CorruptStoreError(f"{self._path} must be an undamaged store: {problem}")
            meta = dict(self._connection.execute("SELECT name, value FROM meta"))
            leases = dict(self._connection.execute("SELECT id, ttl_s FROM lease"))
        except sqlite3.DatabaseError as error:
            raise CorruptStoreError(f"{self._path} must be an undamaged store: {error}") from error
        self._revision = meta["revision"]
        return Kept(self._versions(), meta["revision"], meta["compact_revision"], leases)

    def start(self) -> None:
        """Begin to write."""
        self._thread = threading.Thread(target=self._run, name=f"journal {self._path.name}", daemon=True)
        self._thread.start()

    def write(self, events: list[Event]) -> None:
        """Queue the events of one revision."""
        revision = events[0].kv.mod_revision
        rows: list[tuple[object, ...]] = [_row(event.kv, place) for place, event in enumerate(events)]
        self._put((_ADD_VERSION, rows), revision)

    def grant(self, lease: int, ttl_s: int) -> None:
        """Queue a lease."""
        self._put(("INSERT INTO lease VALUES (?, ?)", [(lease, ttl_s)]))

    def revoke(self, lease: int) -> None:
        """Queue the end of a lease."""
        self._put(("DELETE FROM lease WHERE id = ?", [(lease,)]))

    def compact(self, revision: int, dropped: list[KeyValue]) -> None:
        """Queue a compaction. The rows go oldest first, so that no key comes back when the process dies midway."""
        self._put((_SET_META, [(revision, "compact_revision")]))
        with self._wakeup:
            self._dropped = sorted(self._dropped + dropped, key=lambda kv: -kv.mod_revision)

    def close(self) -> None:
        """Write what is queued, and let go of the file."""
        with self._wakeup:
            self._is_closing = True
            self._wakeup.notify()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None
        self._connection.close()

    def _put(self, statement: _Statement, revision: int = 0) -> None:
        with self._wakeup:
            self._queue.append(statement)
            self._revision = revision or self._revision
            self.written += 1
            self._wakeup.notify()

    def _run(self) -> None:
        try:
            while self._write_gathered():
                pass
        except sqlite3.Error as error:
            self._on_failure(f"{self._path} must be writable: {error}")

    def _write_gathered(self) -> bool:
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._queue or self._dropped or self._is_closing)
            statements, self._queue = self._queue, []
            written, revision = self.written, self._revision
            dropped = [self._dropped.pop() for _ in range(min(COMPACT_ROWS, len(self._dropped)))]
            is_last = self._is_closing and not self._dropped
        if statements or dropped:
            self._commit(statements, revision, dropped)
            self._on_commit(written, revision)
        return not is_last

    def _commit(self, statements: list[_Statement], revision: int, dropped: list[KeyValue]) -> None:
        execute, execute_many = self._connection.execute, self._connection.executemany
        execute("BEGIN IMMEDIATE")
        for sql, rows in statements:
            execute_many(sql, rows)
        execute(_SET_META, (revision, "revision"))
        first = (kv.mod_revision * PLACES for kv in dropped)
        execute_many(_DROP_VERSION, [(at, at + PLACES - 1, kv.key) for at, kv in zip(first, dropped, strict=True)])
        execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailableError(f"{self._path} must be writable: {error}") from error
        try:
            self._prepare(connection)
        except sqlite3.OperationalError as error:
            connection.close()
            where = "open nowhere else" if "locked" in str(error) else "readable and writable"
            raise StoreUnavailableError(f"{self._path} must be {where}: {error}") from error
        except sqlite3.DatabaseError as error:
            connection.close()
            raise CorruptStoreError(f"{self._path} must be an undamaged store: {error}") from error
        except CorruptStoreError:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        is_new = not application and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not is_new and application != APPLICATION_ID:
            raise CorruptStoreError(f"{self._path} must be a store, got another program's database")
        if not is_new and schema != SCHEMA_VERSION:
            raise CorruptStoreError(f"{self._path} must be a store of version {SCHEMA_VERSION}, got {schema}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        if is_new:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _versions(self) -> Iterator[KeyValue]:
        try:
            for row in self._connection.execute("SELECT * FROM version ORDER BY position"):
                position, key, value, create_revision, version, lease, crc = row
                kv = KeyValue(key, value, create_revision, position // PLACES, version, lease)
                if crc != _checksum(kv):
                    raise CorruptStoreError(
                        f"{self._path} must be an undamaged store: checksum of {key!r} at revision {kv.mod_revision}"
                    )
                yield kv
        except sqlite3.DatabaseError as error:
            raise CorruptStoreError(f"{self._path} must be an undamaged store: {error}") from error


def _row(kv: KeyValue, place: int) -> _Row:
    position = kv.mod_revision * PLACES + place
    return (position, kv.key, kv.value, kv.create_revision, kv.version, kv.lease, _checksum(kv))


def _checksum(kv: KeyValue) -> int:
    numbers = b"%d %d %d %d %d " % (len(kv.key), kv.create_revision, kv.mod_revision, kv.version, kv.lease)
    return zlib.crc32(kv.value, zlib.crc32(kv.key, zlib.crc32(numbers)))
