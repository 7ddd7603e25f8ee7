"""The views that finance reads: one ``.sql`` file each, beside this one, in SQL that SQLite and PostgreSQL share.

What they do not share stands in the files as a function, and is written out here for each of the two:

- ``utc_hour(column)`` and ``utc_day(column)``: milliseconds as text;
- ``now_ms()``, ``month_ms()`` and ``next_month_ms()``: this instant, and the first of this month and of the next.

A released view only ever gains columns, at its end: PostgreSQL can replace it then, and who may read it still may.
"""

from __future__ import annotations

import re
from pathlib import Path

NAMES = ("spend", "trend", "forecast", "savings", "expensive", "unit_cost", "idle", "anomalies", "cache_quality")
"""The eight questions, and how good the cache is."""

_DIALECTS = {
    "sqlite": {
        "utc_hour": r"strftime('%Y-%m-%dT%H:00:00Z', (\1) / 1000, 'unixepoch')",
        "utc_day": r"strftime('%Y-%m-%d', (\1) / 1000, 'unixepoch')",
        "now_ms": "CAST(strftime('%s', 'now') AS BIGINT) * 1000",
        "month_ms": "CAST(strftime('%s', 'now', 'start of month') AS BIGINT) * 1000",
        "next_month_ms": "CAST(strftime('%s', 'now', 'start of month', '+1 month') AS BIGINT) * 1000",
    },
    "postgresql": {
        "utc_hour": r"""to_char(to_timestamp((\1) / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:00:00"Z"')""",
        "utc_day": r"to_char(to_timestamp((\1) / 1000) AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        "now_ms": "CAST(floor(extract(epoch FROM now())) AS BIGINT) * 1000",
        "month_ms": "CAST(extract(epoch FROM date_trunc('month', now(), 'UTC')) AS BIGINT) * 1000",
        "next_month_ms": "CAST(extract(epoch FROM date_trunc('month', now(), 'UTC') AT TIME ZONE 'UTC' "
        "+ interval '1 month') AS BIGINT) * 1000",
    },
}


def query(name: str, dialect: str) -> str:
    """What the view of that name selects, on ``sqlite`` or ``postgresql``."""
    written = (Path(__file__).parent / f"{name}.sql").read_text()
    for function, meaning in _DIALECTS[dialect].items():
        written = re.sub(rf"\b{function}\(([^()]*)\)", meaning, written)
    return written
