"""The ledger's tables, and the views that finance reads. Money is in nano-USD, time in UTC epoch milliseconds.

- ``entries``: every ledger entry, once. ``waterfall`` holds its lines as JSON.
- ``rollups``: the totals of all entries of one hour that share who, what and where from.
- ``rollup_savings``: of each roll-up, what each strategy saved (``gross``) and spent on itself (``cost``).
- ``spend``: a view of the roll-ups with the hour written out and what was saved in all.
- ``savings``: a view of the strategies with the roll-up's dimensions and their net saving.
- ``schema_version``: one row; the layout's version and the log that the ledger was made from.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String, Table

VERSION = 1

metadata = MetaData()

DIMENSIONS = ("tenant", "cost_center", "task", "model", "lane", "source", "hour")
"""What a roll-up is by."""

entries = Table(
    "entries",
    metadata,
    Column("entry_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("request_id", String, nullable=False),
    Column("tenant", String, nullable=False),
    Column("cost_center", String, nullable=False),
    Column("task", String, nullable=False),
    Column("model", String, nullable=False),
    Column("lane", String, nullable=False),
    Column("source", String, nullable=False),
    Column("status", String, nullable=False),
    Column("occurred_at", BigInteger, nullable=False),
    Column("list_cost", BigInteger, nullable=False),
    Column("effective_cost", BigInteger, nullable=False),
    Column("unbilled_cost", BigInteger, nullable=False),
    Column("published_tokens", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("policy_version", String, nullable=False),
    Column("waterfall", String, nullable=False),
)

rollups = Table(
    "rollups",
    metadata,
    Column("rollup_key", String, primary_key=True),
    *(Column(name, BigInteger if name == "hour" else String, nullable=False) for name in DIMENSIONS),
    Column("entries", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("list_cost", BigInteger, nullable=False),
    Column("effective_cost", BigInteger, nullable=False),
    Column("unbilled_cost", BigInteger, nullable=False),
    Column("published_tokens", BigInteger, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)

rollup_savings = Table(
    "rollup_savings",
    metadata,
    Column("rollup_key", String, ForeignKey("rollups.rollup_key"), primary_key=True),
    Column("strategy", String, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
)

schema_version = Table(
    "schema_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("log", String),
)

_HOUR = {
    "sqlite": "strftime('%Y-%m-%dT%H:00:00Z', r.hour / 1000, 'unixepoch')",
    "postgresql": "to_char(to_timestamp(r.hour / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:00:00\"Z\"')",
}


def views(dialect: str) -> list[str]:
    """The statements that make the views, on ``sqlite`` or ``postgresql``."""
    create = {"sqlite": "CREATE VIEW IF NOT EXISTS", "postgresql": "CREATE OR REPLACE VIEW"}[dialect]
    by = f"r.tenant, r.cost_center, r.task, r.model, r.lane, r.source, r.hour, {_HOUR[dialect]} AS hour_utc"
    totals = "r.entries, r.requests, r.list_cost, r.list_cost - r.effective_cost AS saved, r.effective_cost"
    tokens = "r.published_tokens, r.prompt_tokens, r.cached_tokens, r.completion_tokens"
    lines = "s.strategy, s.tokens, s.gross, s.cost, s.gross - s.cost AS net"
    joined = "rollup_savings s JOIN rollups r ON r.rollup_key = s.rollup_key"
    return [
        f"{create} spend AS SELECT {by}, {totals}, r.unbilled_cost, {tokens} FROM rollups r",  # noqa: S608
        f"{create} savings AS SELECT {by}, {lines} FROM {joined}",  # noqa: S608 - constants of this file
    ]
