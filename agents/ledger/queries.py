"""What finance asks of the ledger, and the sums that check it. Every sum is made by the database, in integers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Engine, Select, Table, cast, func, select, tuple_
from sqlalchemy.exc import SQLAlchemyError

from agents.ledger.focus import Booked
from agents.ledger.fold import COMPARED, HOUR_MS
from agents.ledger.recorded import Recorded, of_row
from agents.ledger.tables import (
    COSTS,
    DIMENSIONS,
    TOKENS,
    WHO_AND_WHERE_FROM,
    entries,
    rollup_savings,
    rollups,
    schema_version,
)
from agents.wilson import interval, share
from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.errors import ServiceError, SetupError, UnknownNameError
from schemas.ledger import Waterfall

DAY_MS = 24 * HOUR_MS
SEMANTIC = "semantic_cache"
"""The strategy whose answers are checked."""
SERVICE = (EntryKind.CHECK.value, EntryKind.SUMMARY.value, EntryKind.INGESTION.value)
"""Kinds of entries that bill what a strategy did beside any request."""
GROUPINGS = (*DIMENSIONS, "day")
"""What spend can be grouped by. Hours and days are their first millisecond, UTC."""

_AT_ONCE = 5_000
"""Entries that are read from the database together."""
Where = Mapping[str, Collection[str]]
"""Which rows: of each dimension named, any of these values. The names are those of a roll-up but for its hour."""
EVERYWHERE: Where = {}


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over some of the ledger. Money is in nano-USD."""

    entries: int = 0
    requests: int = 0
    """Entries of kind RESPONSE."""
    checks: int = 0
    """Entries of kind CHECK that have a verdict."""
    wrong: int = 0
    """Of those, the ones whose verdict is DIFFERENT."""
    list_cost: int = 0
    effective_cost: int = 0
    """What is billed."""
    unbilled_cost: int = 0
    """What was spent and is billed to nobody."""

    @property
    def saved(self) -> int:
        """List cost less effective cost: what all strategies saved, net of what they spent on themselves."""
        return self.list_cost - self.effective_cost


class Spend(Totals, frozen=True, kw_only=True):
    """The totals of one group."""

    by: dict[str, str | int]
    """The dimensions of the group, in the order asked for."""
    published_tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class StrategySaving(msgspec.Struct, frozen=True, kw_only=True):
    """What one strategy did. Money is in nano-USD."""

    strategy: str
    tokens: int
    gross: int
    cost: int
    """What it spent on itself."""
    net: int


class CheckedTask(msgspec.Struct, frozen=True, kw_only=True):
    """How often the semantic cache answers one task of one tenant, and how often it is wrong, as far as was checked."""

    tenant: str
    task: str
    requests: int
    """All that had a response, whatever it came from."""
    semantic_hits: int
    """Of those, the ones that the semantic cache answered."""
    checks: int
    """Such answers that were compared with the model's own, and had a verdict, in the period."""
    wrong: int
    wrong_rate: float | None
    """``wrong / checks``; null where nothing was checked."""
    low: float
    high: float
    """The true share lies between the two in 95 of 100 cases (see :func:`agents.wilson.interval`)."""


class Savings(msgspec.Struct, frozen=True, kw_only=True):
    """The waterfall: ``list_cost − Σ strategy.net = effective_cost``. Money is in nano-USD."""

    list_cost: int
    strategies: list[StrategySaving]
    """The largest net saving first."""
    effective_cost: int
    unbilled_cost: int
    checked: list[CheckedTask] = []
    """Every task of every tenant that the semantic cache was tried for."""


class Billed(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger bills for one response."""

    entry_id: str
    """The response's id as well."""
    tenant: str
    request_id: str
    occurred_at: int
    effective_cost: int


class BilledCheck(Billed, frozen=True, kw_only=True):
    """What the ledger bills for one check of the cache. Its id is no response's."""

    waterfall: Waterfall


class Kept(Billed, frozen=True, kw_only=True):
    """What a raw entry of any kind says was spent."""

    unbilled_cost: int


class EngineTokens(NamedTuple):
    """What engines did."""

    prompt: int
    completion: int


class Queries:
    """Questions to a ledger. Periods are ``[since, until)`` in UTC epoch milliseconds, widened to whole hours.

    Every method raises ServiceError where the database cannot be reached, and UnknownNameError where ``where`` names
    what the ledger does not know rows by.

    Args:
        engine: the ledger's database.
        tenants: the only ones whose rows are seen, whatever is asked; all where none are named.
    """

    def __init__(self, engine: Engine, tenants: Collection[str] | None = None) -> None:
        self._engine = engine
        self._tenants = tenants

    def spend(
        self, by: Sequence[str], since: int | None = None, until: int | None = None, where: Where = EVERYWHERE
    ) -> list[Spend]:
        """Totals by any of :data:`GROUPINGS`, the dearest group first; by none of them, one row of everything.

        Raises:
            UnknownNameError: something that cannot be grouped by.
        """
        groups = groups_of(by)
        tokens = [total(rollups.c[name]) for name in TOKENS]
        query = self._select(rollups, [*groups, *_rolled_up(), *tokens], since, until, where)
        if groups:
            query = query.group_by(*groups).order_by(func.sum(rollups.c.effective_cost).desc(), *groups)
        return [Spend(**grouped(row, by)) for row in self._rows(query)]

    def savings(self, since: int | None = None, until: int | None = None, where: Where = EVERYWHERE) -> Savings:
        """The waterfall of a period."""
        lines = rollup_savings.join(rollups, rollups.c.rollup_key == rollup_savings.c.rollup_key)
        sums = [total(rollup_savings.c[name]) for name in ("tokens", "gross", "cost")]
        query = self._select(rollups, [rollup_savings.c.strategy, *sums], since, until, where).select_from(lines)
        found = [dict(row) for row in self._rows(query.group_by(rollup_savings.c.strategy))]
        strategies = [StrategySaving(**line, net=line["gross"] - line["cost"]) for line in found]
        totals = self.rollup_totals(since, until, where)
        return Savings(
            list_cost=totals.list_cost,
            strategies=sorted(strategies, key=lambda line: (-line.net, line.strategy)),
            effective_cost=totals.effective_cost,
            unbilled_cost=totals.unbilled_cost,
            checked=self.checked(since, until, where),
        )

    def checked(
        self, since: int | None = None, until: int | None = None, where: Where = EVERYWHERE
    ) -> list[CheckedTask]:
        """The measured quality of the semantic cache, by tenant and task in their order, where it was tried."""
        line = rollup_savings.join(rollups, rollups.c.rollup_key == rollup_savings.c.rollup_key)
        groups = rollups.c.tenant, rollups.c.task
        tried = self._select(rollups, [*groups], since, until, where).select_from(line)
        tried = tried.where(rollup_savings.c.strategy == SEMANTIC)
        cached = rollups.c.source == Source.SEMANTIC_CACHE.value
        counts = [
            total(rollups.c.requests),
            total(rollups.c.requests, where=cached, name="semantic_hits"),
            total(rollups.c.checks, where=cached),
            total(rollups.c.wrong, where=cached),
        ]
        query = self._select(rollups, [*groups, *counts], since, until, where)
        found = []
        for row in self._rows(query.where(tuple_(*groups).in_(tried)).group_by(*groups).order_by(*groups)):
            low, high = interval(row["wrong"], row["checks"])
            found.append(CheckedTask(**row, wrong_rate=share(row["wrong"], row["checks"]), low=low, high=high))
        return found

    def rollup_totals(self, since: int | None = None, until: int | None = None, where: Where = EVERYWHERE) -> Totals:
        """The sum of the roll-ups."""
        (row,) = self._rows(self._select(rollups, _rolled_up(), since, until, where))
        return Totals(**row)

    def entry_totals(self, since: int | None = None, until: int | None = None, where: Where = EVERYWHERE) -> Totals:
        """The sum of the raw entries: another way to the same figures as :meth:`rollup_totals`."""
        kind, verdict = entries.c.kind, entries.c.verdict
        compared = (kind == EntryKind.CHECK.value) & verdict.in_([one.value for one in COMPARED])
        columns = [
            func.count().label("entries"),
            func.count().filter(kind == EntryKind.RESPONSE.value).label("requests"),
            func.count().filter(compared).label("checks"),
            func.count().filter(compared & (verdict == Verdict.DIFFERENT.value)).label("wrong"),
            *(total(entries.c[name]) for name in COSTS),
        ]
        (row,) = self._rows(self._select(entries, columns, since, until, where))
        return Totals(**row)

    def whole_since(self) -> int | None:
        """Since when all raw entries are there, in UTC epoch milliseconds; None where none was ever removed."""
        (row,) = self._rows(select(schema_version.c.whole_since))
        return None if row["whole_since"] is None else int(row["whole_since"])

    def billed(self, since: int | None = None, until: int | None = None) -> Iterator[Billed]:
        """Every response's bill, from the raw entries, in the order of their ids."""
        query = self._bills(Billed, (EntryKind.RESPONSE.value,), since, until)
        return (Billed(**row) for row in self._rows(query))

    def billed_checks(self, since: int | None = None, until: int | None = None) -> Iterator[BilledCheck]:
        """Every bill of what belongs to no response, from the raw entries, in the order of their ids."""
        query = self._bills(BilledCheck, SERVICE, since, until)
        return (
            BilledCheck(**{**row, "waterfall": msgspec.json.decode(row["waterfall"], type=Waterfall)})
            for row in self._rows(query)
        )

    def others_billed(self, since: int | None = None, until: int | None = None) -> int:
        """What the raw entries bill that belong to no request: idle GPUs, corrections."""
        kinds = [EntryKind.IDLE.value, EntryKind.CORRECTION.value]
        query = self._select(entries, [total(entries.c.effective_cost)], since, until)
        (row,) = self._rows(query.where(entries.c.kind.in_(kinds)))
        return int(row["effective_cost"])

    def kept(self, since: int | None = None, until: int | None = None) -> Iterator[Kept]:
        """Every raw entry, in no order."""
        query = self._select(entries, [entries.c[name] for name in Kept.__struct_fields__], since, until)
        return (Kept(**row) for row in self._rows(query))

    def engine_tokens(self, since: int | None = None, until: int | None = None) -> dict[str, EngineTokens]:
        """What engines did for the raw entries, by model. An answer that was served again did not reach an engine.

        A failure and a check have an answer's tokens only where an engine made them.
        """
        executed = (entries.c.source == Source.ENGINE.value) & (entries.c.kind != EntryKind.IDLE.value)
        other = (entries.c.status == Status.FAILED.value) | (entries.c.kind == EntryKind.CHECK.value)
        made = executed | (other & (entries.c.completion_tokens > 0))
        columns = [entries.c.model, total(entries.c.prompt_tokens), total(entries.c.completion_tokens)]
        query = self._select(entries, columns, since, until).where(made).group_by(entries.c.model)
        return {row["model"]: EngineTokens(row["prompt_tokens"], row["completion_tokens"]) for row in self._rows(query)}

    def booked(self, since: int | None = None, until: int | None = None) -> Iterator[Booked]:
        """Every entry, as an export needs it: read as it is asked for, so that a year of them takes no memory.

        Raises:
            SetupError: the period begins before all raw entries are there.
        """
        whole_since = self.whole_since()
        if whole_since is not None and (since is None or since < whole_since):
            first = datetime.fromtimestamp(whole_since // 1000, UTC)
            raise SetupError(f"raw entries before {first:%Y-%m-%dT%H:%MZ} are no longer kept: begin there or later")
        query = self._select(entries, [entries.c[name] for name in Booked.__struct_fields__], since, until)
        return self._booked(query)

    def _booked(self, query: Select[Any]) -> Iterator[Booked]:
        try:
            with self._engine.connect().execution_options(yield_per=_AT_ONCE) as connection:
                for row in connection.execute(query).mappings():
                    fields = {name: row[name] for name in Booked.__struct_fields__}
                    yield msgspec.convert(fields | {"waterfall": msgspec.json.decode(row["waterfall"])}, Booked)
        except SQLAlchemyError as error:
            raise ServiceError(f"the ledger at {self._engine.url!r} cannot be read: {error}") from error

    def recorded(self, request_id: str, tenant: str | None = None) -> list[Recorded]:
        """All entries of a request, of any tenant unless one is named: its response's first, then as they came.

        No index serves this, it reads the whole table: an index of request ids would cost every entry that is written.
        """
        columns = [entries.c[name] for name in Recorded.__struct_fields__]
        query = self._select(entries, columns).where(entries.c.request_id == request_id)
        if tenant is not None:
            query = query.where(entries.c.tenant == tenant)
        order = entries.c.tenant, entries.c.kind != EntryKind.RESPONSE.value, entries.c.occurred_at, entries.c.entry_id
        return [of_row(row) for row in self._rows(query.order_by(*order))]

    def _bills(self, kind: type[Billed], of: Sequence[str], since: int | None, until: int | None) -> Select[Any]:
        query = self._select(entries, [entries.c[name] for name in kind.__struct_fields__], since, until)
        return query.where(entries.c.kind.in_(of)).order_by(entries.c.entry_id)

    def _select(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        since: int | None = None,
        until: int | None = None,
        where: Where = EVERYWHERE,
    ) -> Select[Any]:
        """Columns of the roll-ups or of the entries. Every question begins here: none sees another tenant's rows."""
        query = select(*columns)
        at = table.c.hour if table is rollups else table.c.occurred_at
        if self._tenants is not None:
            query = query.where(table.c.tenant.in_(self._tenants))
        if since is not None:
            query = query.where(at >= since - since % HOUR_MS)
        if until is not None:
            query = query.where(at < until + -until % HOUR_MS)
        for name, values in where.items():
            if name not in WHO_AND_WHERE_FROM:
                raise UnknownNameError(f"rows have no {name!r}: use any of {', '.join(WHO_AND_WHERE_FROM)}")
            query = query.where(table.c[name].in_(values))
        return query

    def _rows(self, query: Select[Any]) -> list[Any]:
        try:
            with self._engine.connect() as connection:
                return list(connection.execute(query).mappings())
        except SQLAlchemyError as error:
            raise ServiceError(f"the ledger at {self._engine.url!r} cannot be read: {error}") from error


def groups_of(by: Sequence[str]) -> list[ColumnElement[Any]]:
    """The roll-ups' columns of those names.

    Raises:
        UnknownNameError: one is none of :data:`GROUPINGS`, or is named twice.
    """
    unknown = [name for name in by if name not in GROUPINGS]
    if unknown:
        raise UnknownNameError(f"spend cannot be grouped by {unknown[0]!r}: use any of {', '.join(GROUPINGS)}")
    if twice := [name for name in by if by.count(name) > 1]:
        raise UnknownNameError(f"spend cannot be grouped by {twice[0]!r} twice: name it once")
    hour = rollups.c.hour
    return [(hour - hour % DAY_MS).label("day") if name == "day" else rollups.c[name] for name in by]


def grouped(row: Mapping[str, Any], by: Sequence[str]) -> dict[str, Any]:
    """A row's fields, with those that it is grouped by under ``by``."""
    fields = dict(row)
    return {"by": {name: fields.pop(name) for name in by}, **fields}


def total(
    column: ColumnElement[Any], *, where: ColumnElement[bool] | None = None, name: str | None = None
) -> ColumnElement[Any]:
    """The sum of a column, 0 of no rows, as an integer."""
    added = func.sum(column) if where is None else func.sum(column).filter(where)
    # PostgreSQL sums BIGINT into NUMERIC, which would come back as a Decimal.
    return cast(func.coalesce(added, 0), BigInteger).label(name or column.key)


def _rolled_up() -> list[ColumnElement[Any]]:
    return [total(rollups.c[name]) for name in Totals.__struct_fields__]
