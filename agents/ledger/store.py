"""The ledger in SQL: SQLite in a file, PostgreSQL beyond. Writing anything twice changes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from sqlite3 import OperationalError
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex, CreateTable

from agents.ledger import tables, views
from agents.ledger.fold import HOUR_MS
from agents.rollup_key import key_of
from schemas.errors import ServiceError, SetupError
from schemas.ledger import LedgerEntry, RollUp, SavingTotal

_ALONE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(5282739)"}
"""Begins what no other worker may do at the same time, until the transaction's end. The number is any: our own."""
_INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_VIEW = {"sqlite": "CREATE VIEW IF NOT EXISTS", "postgresql": "CREATE OR REPLACE VIEW"}
_PATIENCE_S = 30
"""How long to wait for another worker that has SQLite's file."""
_CACHE_KIB = 65_536
"""Of SQLite's pages, for each connection that needs as many: ten weeks' savings took half the time of its own 2 MiB."""
_AT_ONCE = 10_000
"""Entries that one transaction removes: writers wait for no longer than that takes."""
# SQLAlchemy's names are a kind of string that msgspec does not take for a field's.
_TOTALS = [str(column.name) for column in tables.rollups.columns if column.name != "rollup_key"]


class Store:
    """Raw entries under their ids, and roll-ups that only ever move to a larger version.

    A ledger that an older release laid out is brought up to date when it is opened.

    Calls block; they are safe from any thread, and from several workers at once.

    Args:
        url: SQLAlchemy's, for example ``sqlite:////var/lib/headrace/ledger.db``.

    Raises:
        ServiceError: the database cannot be reached.
        SetupError: the URL is none, or the database holds a ledger of a newer release.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        make = _INSERT[self.engine.dialect.name]
        entries = make(tables.entries).on_conflict_do_nothing(index_elements=["entry_id"])
        self._entries = _Many(self.engine, tables.entries, entries)
        self._rollups = _Many(self.engine, tables.rollups, _newer(make, tables.rollups))
        self._savings = _Many(self.engine, tables.rollup_savings, _newer(make, tables.rollup_savings))
        with _transaction(self.engine) as connection:
            connection.exec_driver_sql(_ALONE[self.engine.dialect.name])
            self._lay_out(connection, make)

    def _lay_out(self, connection: Connection, make: Callable[[Table], Any]) -> None:
        """Make what is not there, and of an older layout the present one: all of it, or nothing."""
        for table in tables.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        for index in (tables.entries_by_time, tables.rollups_by_hour):
            connection.execute(CreateIndex(index, if_not_exists=True))
        known = tables.schema_version
        first = make(known).values(id=1, version=tables.VERSION)
        connection.execute(first.on_conflict_do_nothing(index_elements=["id"]))
        found = connection.scalars(select(known.c.version)).one()
        if found != tables.VERSION and found not in tables.UPGRADES:
            raise SetupError(
                f"the ledger at {self.engine.url!r} has layout {found}, this release knows layouts "
                f"{min(tables.UPGRADES)} to {tables.VERSION}: use the release that wrote it, or name another ledger"
            )
        for version in range(found, tables.VERSION):
            for statement in tables.UPGRADES[version]:
                connection.exec_driver_sql(statement)
        if found != tables.VERSION:
            connection.execute(known.update().values(version=tables.VERSION))
        self._lay_out_views(connection, anew=found != tables.VERSION)

    def _lay_out_views(self, connection: Connection, *, anew: bool) -> None:
        dialect = self.engine.dialect.name
        connection.execution_options(no_parameters=True)  # or psycopg would take a % for the beginning of one
        for name in views.NAMES:
            if dialect == "sqlite" and anew:
                connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")  # it can be made, and not replaced
            connection.exec_driver_sql(f"{_VIEW[dialect]} {name} AS {views.query(name, dialect)}")

    def bind(self, log: str, *, formerly: str | None = None) -> None:
        """Tie the ledger to the log that its entries come from.

        Roll-ups are versioned by offsets. Those of another log start again at 0, and would be taken for old ones.

        Args:
            log: what no other log is called, such as the id of the topic.
            formerly: what older releases called the same log: a ledger that they tied is tied anew.

        Raises:
            SetupError: the ledger holds the entries of another log.
        """
        table = tables.schema_version
        with _transaction(self.engine) as connection:
            ours = table.c.log.is_(None) | (table.c.log == formerly)
            connection.execute(table.update().where(ours).values(log=log))
            bound = connection.scalar(select(table.c.log))
        if bound != log:
            raise SetupError(
                f"the ledger at {self.engine.url!r} was made from log {bound!r}, and this is {log!r}, whose offsets "
                f"begin again: name another ledger, or bring that log back"
            )

    def write(self, entries: Iterable[LedgerEntry], rollups: Iterable[RollUp]) -> None:
        """Keep entries that are new and roll-ups that are newer, in one transaction.

        Raises:
            ServiceError: the database cannot be reached or is in trouble; nothing was written.
        """
        rows = list(rollups)
        keys = [key_of(row).decode() for row in rows]
        savings = [
            (key, strategy, total.tokens, total.gross, total.cost, row.version)
            for key, row in zip(keys, rows, strict=True)
            for strategy, total in row.savings.items()
        ]
        with _transaction(self.engine) as connection:
            self._entries(connection, [_entry(entry) for entry in entries])
            self._rollups(connection, [_rollup(key, row) for key, row in zip(keys, rows, strict=True)])
            self._savings(connection, savings)

    def forget(self, before: int) -> int:
        """Remove the raw entries of the hours before that of ``before`` (UTC epoch milliseconds); return how many.

        Roll-ups stay as they are. An entry of such an hour that comes late is folded like any other, and kept until
        the next time.

        Raises:
            ServiceError: the database cannot be reached; what was removed by then stays removed.
        """
        limit, known, raw = before - before % HOUR_MS, tables.schema_version, tables.entries
        older = select(raw.c.entry_id).where(raw.c.occurred_at < limit).limit(_AT_ONCE)
        removed = 0
        while True:
            # Who reconciles must not miss an entry that is gone: the two change together.
            with _transaction(self.engine) as connection:
                later = (known.c.whole_since.is_(None)) | (known.c.whole_since < limit)
                connection.execute(known.update().where(later).values(whole_since=limit))
                count = connection.execute(raw.delete().where(raw.c.entry_id.in_(older))).rowcount
            removed += count
            if count < _AT_ONCE:
                return removed

    def rollup(self, key: bytes) -> RollUp | None:
        """The roll-up under that key (see :func:`agents.ledger.fold.key_of`).

        Raises:
            ServiceError: the database cannot be reached.
        """
        totals, savings = tables.rollups, tables.rollup_savings
        with _transaction(self.engine) as connection:
            found = connection.execute(select(totals).where(totals.c.rollup_key == key.decode())).mappings().first()
            lines = connection.execute(select(savings).where(savings.c.rollup_key == key.decode())).all()
        if found is None:
            return None
        named = dict(zip(tables.DIMENSIONS, msgspec.json.decode(key), strict=True))
        fields: dict[str, Any] = {name: found[name] for name in _TOTALS} | named
        saved = {line.strategy: SavingTotal(tokens=line.tokens, gross=line.gross, cost=line.cost) for line in lines}
        return msgspec.convert({**fields, "savings": saved}, RollUp)

    def occurred_at(self, entry_id: str) -> int | None:
        """When the raw entry of that id occurred, in UTC epoch milliseconds; None where there is none.

        Raises:
            ServiceError: the database cannot be reached.
        """
        raw = tables.entries
        with _transaction(self.engine) as connection:
            found: int | None = connection.scalar(select(raw.c.occurred_at).where(raw.c.entry_id == _text(entry_id)))
        return found

    def close(self) -> None:
        """Let go of the connections."""
        self.engine.dispose()


class _Many:
    """A statement for many rows at once, written by SQLAlchemy and handed to the driver with plain tuples.

    Through ``connection.execute`` each row would become a dictionary first, at three times the price.
    """

    def __init__(self, engine: Engine, table: Table, statement: Insert) -> None:
        compiled = statement.compile(dialect=engine.dialect)
        self._sql = str(compiled)
        self._names = [column.name for column in table.columns]
        self._positional = bool(compiled.positional)

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        if self._positional:
            connection.exec_driver_sql(self._sql, list(rows))
        else:
            connection.exec_driver_sql(self._sql, [dict(zip(self._names, row, strict=True)) for row in rows])


@contextmanager
def _transaction(engine: Engine) -> Iterator[Connection]:
    """A transaction, whose failure says which database it is of."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise ServiceError(f"the ledger at {engine.url!r} cannot be used: {cause}") from error


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise SetupError(f"{url!r} is no database that can be used here: {error}") from error
    if engine.dialect.name not in _INSERT:
        raise SetupError(f"the ledger can be kept in SQLite or PostgreSQL, not in {engine.dialect.name!r}")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _careful)
    return engine


def _careful(connection: Any, _: Any) -> None:
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_S * 1000}")
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    # What was acknowledged to Kafka must outlive a power cut too: FULL calls fsync at every commit.
    connection.execute("PRAGMA synchronous = FULL")
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            # Where two switch at the same time, SQLite fails one of them at once: its own patience is not for that.
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(1)


def _newer(make: Callable[[Table], Any], table: Table) -> Insert:
    """Insert a row, or replace it where the new one's version is larger."""
    statement = make(table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys}
    upsert: Insert = statement.on_conflict_do_update(
        index_elements=keys, set_=others, where=table.c.version < statement.excluded.version
    )
    return upsert


def _entry(entry: LedgerEntry) -> tuple[Any, ...]:
    usage, waterfall = entry.usage, entry.waterfall
    return (
        _text(entry.entry_id),
        entry.kind.value,
        _text(entry.request_id),
        _text(entry.tenant),
        _text(entry.cost_center),
        _text(entry.task),
        _text(entry.model),
        entry.lane.value,
        entry.source.value,
        entry.status.value,
        entry.occurred_at,
        waterfall.list_cost,
        waterfall.effective_cost,
        entry.unbilled_cost,
        usage.published_tokens,
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        _text(entry.policy_version),
        msgspec.json.encode(waterfall).decode(),
        entry.verdict.value if entry.verdict is not None else None,
        msgspec.json.encode(entry.decisions).decode() if entry.decisions else "[]",
    )


def _rollup(key: str, row: RollUp) -> tuple[Any, ...]:
    return (
        key,
        _text(row.tenant),
        _text(row.cost_center),
        _text(row.task),
        _text(row.model),
        row.lane.value,
        row.source.value,
        row.hour,
        row.entries,
        row.requests,
        row.list_cost,
        row.effective_cost,
        row.unbilled_cost,
        row.published_tokens,
        row.prompt_tokens,
        row.cached_tokens,
        row.completion_tokens,
        row.version,
        row.checks,
        row.wrong,
        row.idle_cost,
    )


def _text(value: str) -> str:
    """What a producer wrote, without the one character that PostgreSQL's text cannot hold."""
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in value else value
