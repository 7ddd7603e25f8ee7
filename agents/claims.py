"""Claims: of all records in the log that carry one identity, the first wins.

``winner(identity)``, seen from a record, is the lowest offset of its partition that carries the same identity and is
at most a horizon older. That is a fact of the log alone, so it needs no agreement: whoever reads the log finds the
same winner, in whatever order records come, go and come again. What is stored here is an index of the log, and only
an accelerator. It covers each partition without a gap up to ``next_offset``; what it has lost, the topic still has.

There is one SQLite file for each partition, so that damage to one costs the reading of one partition. New claims are
gathered in memory and written together with ``next_offset`` in one transaction: a SIGKILL loses both or neither.
WAL with ``synchronous=NORMAL`` calls fsync at checkpoints only: a power cut may take the last transactions, which
catching up brings back, and cannot tear a page, which would lose a claim without a trace. ``OFF`` saves next to
nothing and could.

Two workers that have the same file open for a moment, as in a rebalance, can only write the same facts.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterable, Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from agents.stage import Position
from schemas.errors import FatalError

log = logging.getLogger(__name__)


class Claimant(NamedTuple):
    """What a record claims, and for whom."""

    identity: bytes
    """What at most one record may have, within its partition."""
    origin: str = ""
    """``topic/partition@offset`` of the request behind it; tells a redelivery from a second publish."""
    answer_id: str = ""
    """Of the outcome; tells a copy of the same outcome from another one."""


class Claim(NamedTuple):
    """The record that won an identity."""

    offset: int
    origin: str
    answer_id: str
    told: bool = False
    """Whether some earlier record, the winner or not, carries the answer id of the one that asked."""


class Past(NamedTuple):
    """A record of the log that is read again for its claim."""

    offset: int
    at: int
    """Kafka's timestamp, UTC epoch milliseconds."""
    claimant: Claimant


class Claims:
    """Who was first, for every partition of one topic's stage.

    Args:
        folder: where the files are; made where it is missing. One for each stage.
        horizon_ms: how much older than a record a claim may be and still stand against it.
        now: the time in UTC epoch milliseconds. A timestamp from the future counts as now, so that a producer's
            wrong clock cannot make everything else look old.
        gather: how many claims one transaction holds at most.
        gather_ms: how long the first of them waits, at most until the next claim.
        reach: how many records may come again. Of those before, claims of two horizons ago are forgotten.
    """

    def __init__(
        self,
        folder: Path,
        *,
        horizon_ms: int,
        now: Callable[[], int],
        gather: int = 1000,
        gather_ms: int = 500,
        reach: int = 65_536,
    ) -> None:
        self._folder = folder
        self._horizon_ms = horizon_ms
        self._now = now
        self._gather = gather
        self._gather_ms = gather_ms
        self._reach = reach
        self._books: dict[tuple[str, int], _Book] = {}

    def next_offset(self, topic: str, partition: int) -> int | None:
        """Every claim below it is known; None where nothing of the partition is.

        Raises:
            FatalError: the file can neither be opened nor made anew.
        """
        return self._book(topic, partition).next_offset

    def claim(self, position: Position, claimant: Claimant, at: int) -> Claim:
        """The winner of the identity, as ``position`` sees it: ``position`` itself, or an earlier record.

        To be called in the order of receipt, with the record's own timestamp ``at``; called again, it answers the same
        and costs little. About 10 µs where identities grow with time, as sequences and UUIDv7 do, and two to three
        times that where they are random.

        Raises:
            FatalError: an earlier part of the partition is not covered (see :meth:`catch_up`), or the file is
                damaged; it has then been removed, and is rebuilt from the topic after a restart.
        """
        book = self._book(position.topic, position.partition)
        offset = position.offset
        if book.next_offset is None or offset > book.next_offset:
            raise FatalError(f"{position}: claims are known only up to {book.next_offset}: catch up first")
        now = self._now()
        at = min(at, now)
        try:
            winner = book.winner(claimant.identity, offset, at - self._horizon_ms)
            if winner is not None and winner.offset < offset and book.told(claimant, offset):
                winner = winner._replace(told=True)
            if winner is None or offset == book.next_offset:
                winner = winner or Claim(offset, claimant.origin, claimant.answer_id)
                book.add(_Pending(offset, at, claimant, winner), now)
                if len(book.pending) >= self._gather or now - book.pending_since >= self._gather_ms:
                    book.write(forget=(at - 2 * self._horizon_ms, offset - self._reach))
        except sqlite3.Error as error:
            raise self._broken(position.topic, position.partition, error) from error
        return winner

    def catch_up(self, topic: str, partition: int, past: Iterable[Past], up_to: int | None = None) -> None:
        """Learn the claims of older records, in offset order; with ``up_to``, all below it counts as known then.

        The records are those of ``[next_offset, up_to)``, or where that is None those of at least one horizon before
        ``up_to``. What is known already is skipped, so claims may be made while the past is being read.

        Raises:
            FatalError: the file is damaged; see :meth:`claim`.
        """
        book = self._book(topic, partition)
        now = self._now()
        try:
            for offset, at, claimant in past:
                if book.next_offset is None or offset >= book.next_offset:
                    book.add(_Pending(offset, min(at, now), claimant, None), now)
                    if len(book.pending) >= self._gather:
                        book.write()
            if up_to is not None:
                book.next_offset = max(up_to, book.next_offset or 0)
                book.write()
        except sqlite3.Error as error:
            raise self._broken(topic, partition, error) from error

    def since(self, at: int) -> int:
        """From which timestamp on the past has to be known, where ``at`` is the first record to be claimed.

        An eighth of a horizon more than that record needs: a later one may carry an earlier timestamp.
        """
        return min(at, self._now()) - self._horizon_ms - self._horizon_ms // 8

    def close(self) -> None:
        """Write what was gathered and let go of the files."""
        for book in self._books.values():
            book.write()
            book.close()
        self._books.clear()

    def _book(self, topic: str, partition: int) -> _Book:
        book = self._books.get((topic, partition))
        if book is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                book = _Book(self._folder / f"{topic}-{partition}.sqlite")
            except (OSError, sqlite3.Error) as error:
                raise FatalError(f"claims cannot be kept in {self._folder}: {error}") from error
            self._books[topic, partition] = book
        return book

    def _broken(self, topic: str, partition: int, error: sqlite3.Error) -> FatalError:
        book = self._books.pop((topic, partition))
        book.close()
        if isinstance(error, sqlite3.OperationalError):  # a full disk, a lock: the file itself is sound
            return FatalError(f"claims cannot be written to {book.path}: {error}")
        _remove(book.path)
        return FatalError(f"{book.path} was damaged and removed; a restart rebuilds it from its topic: {error}")


History = Callable[[str, int, int | None, int, int], AsyncIterable[Iterable[Past]]]
"""Reads a part of the log again: ``history(topic, partition, start, since, end)`` yields, in offset order and in
batches of any size, the records of offsets ``[start, end)``, or where ``start`` is None those before ``end`` whose
timestamps are ``since`` or later. Records that cannot be decoded are left out."""


async def cover(claims: Claims, position: Position, at: int, history: History) -> None:
    """Read what is not known of the partition before ``position``, so that it can be claimed.

    To be awaited for each record in the order of receipt, and followed by its claim: else the next one finds a gap.

    Raises:
        FatalError: the claims cannot be kept.
    """
    topic, partition, offset = position
    known = claims.next_offset(topic, partition)
    if known is not None and offset <= known:
        return
    if offset > (known or 0):
        async for past in history(topic, partition, known, claims.since(at), offset):
            claims.catch_up(topic, partition, past)
    claims.catch_up(topic, partition, (), offset)


class _Pending(NamedTuple):
    """A claim that is not on disk yet."""

    offset: int
    at: int
    claimant: Claimant
    winner: Claim | None
    """As it was found when the claim was made; None where nobody has asked yet."""


class _Book:
    """The claims of one partition: those on disk, and those to be written next."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pending: dict[bytes, list[_Pending]] = {}
        self.pending_since = 0
        self._forgotten_to = b""
        try:
            self._open()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            log.warning("%s is damaged (%s): it is rebuilt from its topic", path, error)
            self.close()
            _remove(path)
            self._open()

    def _open(self) -> None:
        # The event loop and whoever closes it at the end may be two threads, never at the same time.
        self._file = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        run = self._file.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA cache_size = -16384")  # KiB: identities are scattered over the whole file
        run("PRAGMA wal_autocheckpoint = 4000")
        if run("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("its pages contradict each other")
        run(
            "CREATE TABLE IF NOT EXISTS claims (identity BLOB, offset INTEGER, at INTEGER, origin TEXT, answer_id TEXT,"
            " PRIMARY KEY (identity, offset)) WITHOUT ROWID"
        )
        run("CREATE TABLE IF NOT EXISTS known (id INTEGER PRIMARY KEY CHECK (id = 1), next_offset INTEGER)")
        row = run("SELECT next_offset FROM known").fetchone()
        self.next_offset: int | None = row and row[0]
        self._cursor = self._file.cursor()

    def winner(self, identity: bytes, offset: int, since: int) -> Claim | None:
        """The lowest offset up to ``offset`` that carries the identity and is not older than ``since``."""
        pending = self.pending.get(identity, ())
        for mine in pending:
            if mine.offset == offset and mine.winner is not None:
                return mine.winner
        row = self._cursor.execute(_FIRST, (identity, offset, since)).fetchone()
        first = Claim(*row) if row is not None else None
        for other in pending:
            if since <= other.at and other.offset <= offset and (first is None or other.offset < first.offset):
                first = Claim(other.offset, other.claimant.origin, other.claimant.answer_id)
        return first

    def told(self, claimant: Claimant, offset: int) -> bool:
        """Whether a record before ``offset`` carries the claimant's identity and answer id."""
        for other in self.pending.get(claimant.identity, ()):
            if other.offset < offset and other.claimant.answer_id == claimant.answer_id:
                return True
        found = self._cursor.execute(_TOLD, (claimant.identity, offset, claimant.answer_id))
        return found.fetchone() is not None

    def add(self, claim: _Pending, now: int) -> None:
        """Take a record's claim. One that loses is kept too: it may stand against a still later one."""
        if not self.pending:
            self.pending_since = now
        self.pending.setdefault(claim.claimant.identity, []).append(claim)
        self.next_offset = max(self.next_offset or 0, claim.offset + 1)

    def write(self, forget: tuple[int, int] | None = None) -> None:
        """Write what was gathered, and forget some of what is older than a timestamp and before an offset."""
        rows = [
            (identity, claim.offset, claim.at, claim.claimant.origin, claim.claimant.answer_id)
            for identity, claims in self.pending.items()
            for claim in claims
        ]
        run = self._cursor.execute
        run("BEGIN IMMEDIATE")
        try:
            self._cursor.executemany("INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?, ?)", rows)
            if self.next_offset is not None:
                run(_KNOWN, (self.next_offset,))
            if forget is not None:
                self._forget(*forget, rows=2 * len(rows))
            run("COMMIT")
        except BaseException:
            run("ROLLBACK")
            raise
        self.pending.clear()

    def _forget(self, at: int, offset: int, *, rows: int) -> None:
        """Go round all claims, ``rows`` at a time: an index by time would cost more than the walk."""
        run = self._cursor.execute
        start = self._forgotten_to
        found = run("SELECT identity FROM claims WHERE identity > ? ORDER BY identity LIMIT 1 OFFSET ?", (start, rows))
        end = found.fetchone()
        run(_FORGET + (" AND identity <= ?" if end else ""), (at, offset, start, *(end or ())))
        self._forgotten_to = b"" if end is None else end[0]

    def close(self) -> None:
        """Let go of the file; what was not written is lost, and is learnt again from the topic."""
        self._file.close()


_FIRST = """
    SELECT offset, origin, answer_id FROM claims
    WHERE identity = ? AND offset <= ? AND at >= ? ORDER BY offset LIMIT 1
"""
_FORGET = "DELETE FROM claims WHERE at < ? AND offset < ? AND identity > ?"
_TOLD = "SELECT 1 FROM claims WHERE identity = ? AND offset < ? AND answer_id = ?"
_KNOWN = """
    INSERT INTO known VALUES (1, ?)
    ON CONFLICT DO UPDATE SET next_offset = max(next_offset, excluded.next_offset)
"""


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
