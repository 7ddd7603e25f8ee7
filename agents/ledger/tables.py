"""The ledger's tables. Money is in nano-USD, time in UTC epoch milliseconds.

- ``entries``: every ledger entry, once. ``waterfall`` holds its lines as JSON, ``decisions`` why they came to be;
  ``verdict`` is what a check of the cache found, and null for everything else.
- ``rollups``: the totals of all entries of one hour that share who, what and where from.
- ``rollup_savings``: of each roll-up, what each strategy saved (``gross``) and spent on itself (``cost``).
- ``api_tokens``: who may ask the finance API, for which tenants. Of a token's secret there is a hash only.
- ``api_token_makers``: of a token that another one made, which; none of those that the command line made.
- ``schema_version``: one row; the layout's version, the log that the ledger was made from, and the instant since which
  ``entries`` holds all of them (null: since ever). What is older went by its retention; roll-ups stay.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, text

VERSION = 3
"""Of the layout below. What is added here stands in :data:`UPGRADES` too."""

UPGRADES = {
    1: (
        "ALTER TABLE entries ADD COLUMN verdict VARCHAR",
        "ALTER TABLE entries ADD COLUMN decisions VARCHAR DEFAULT '[]' NOT NULL",
        "ALTER TABLE rollups ADD COLUMN checks BIGINT DEFAULT 0 NOT NULL",
        "ALTER TABLE rollups ADD COLUMN wrong BIGINT DEFAULT 0 NOT NULL",
    ),
    2: (
        "ALTER TABLE rollups ADD COLUMN idle_cost BIGINT DEFAULT 0 NOT NULL",
        "ALTER TABLE schema_version ADD COLUMN whole_since BIGINT",
    ),
}
"""By an older version of the layout, the statements that make the next one of it.

What is new has a default: a worker of the older release may go on writing meanwhile.
"""

metadata = MetaData()

WHO_AND_WHERE_FROM = ("tenant", "cost_center", "task", "model", "lane", "source")
DIMENSIONS = (*WHO_AND_WHERE_FROM, "hour")
"""What a roll-up is by."""
COSTS = ("list_cost", "effective_cost", "unbilled_cost")
TOKENS = ("published_tokens", "prompt_tokens", "cached_tokens", "completion_tokens")


def _strings(*names: str) -> Iterable[Column[str]]:
    return (Column(name, String, nullable=False) for name in names)


def _integers(*names: str) -> Iterable[Column[int]]:
    return (Column(name, BigInteger, nullable=False) for name in names)


entries = Table(
    "entries",
    metadata,
    Column("entry_id", String, primary_key=True),
    *_strings("kind", "request_id", *WHO_AND_WHERE_FROM, "status"),
    *_integers("occurred_at", *COSTS, *TOKENS),
    *_strings("policy_version", "waterfall"),
    Column("verdict", String),
    Column("decisions", String, nullable=False, server_default="[]"),
)
entries_by_time = Index("entries_by_time", entries.c.occurred_at)
"""For periods of raw entries, and for their retention. Entries come nearly in its order, which keeps it cheap."""

rollups = Table(
    "rollups",
    metadata,
    Column("rollup_key", String, primary_key=True),
    *_strings(*WHO_AND_WHERE_FROM),
    *_integers("hour", "entries", "requests", *COSTS, *TOKENS, "version"),
    Column("checks", BigInteger, nullable=False, server_default=text("0")),
    Column("wrong", BigInteger, nullable=False, server_default=text("0")),
    Column("idle_cost", BigInteger, nullable=False, server_default=text("0")),
)

rollups_by_hour = Index("rollups_by_hour", rollups.c.hour)
"""For periods of roll-ups. An hour's rows come and stay: what is added to them does not touch it."""

rollup_savings = Table(
    "rollup_savings",
    metadata,
    Column("rollup_key", String, ForeignKey("rollups.rollup_key"), primary_key=True),
    Column("strategy", String, primary_key=True),
    *_integers("tokens", "gross", "cost", "version"),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("token_id", String, primary_key=True),
    *_strings("name", "secret_hash", "tenants", "scope"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

api_token_makers = Table(
    "api_token_makers",
    metadata,
    Column("token_id", String, ForeignKey("api_tokens.token_id"), primary_key=True),
    Column("made_by", String, ForeignKey("api_tokens.token_id"), nullable=False),
)

schema_version = Table(
    "schema_version",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("log", String),
    Column("whole_since", BigInteger),
)
