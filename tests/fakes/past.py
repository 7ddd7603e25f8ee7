"""A ledger with a past: a few real entries, dealt over many days, as a desk would ask in them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import msgspec
from sqlalchemy import Engine, select

from agents import policy as policies
from agents.ledger import tables
from agents.ledger.fold import HOUR_MS, apply
from agents.ledger.store import Store
from agents.rollup_key import key_of
from agents.waterfall import NOTHING, Pricing, avoided, with_spending
from schemas.enums import EntryKind, Lane, Source, Verdict
from schemas.ledger import CostLine, Decision, LedgerEntry, RollUp, Usage, Waterfall
from streams.demo.workload import POLICY
from tests.fakes.records import entry

DAY_MS = 24 * HOUR_MS
_BUSY = (1, 1, 1, 1, 1, 1, 2, 5, 11, 16, 18, 17, 13, 15, 17, 16, 13, 8, 5, 4, 3, 2, 1, 1)
"""How the entries of a day fall to its hours."""
_DAYS = (0.35, 1, 1, 1, 1, 0.9, 0.4)
_MODEL = "smollm2-135m-instruct"
_ASKED = (
    (Source.ENGINE, None, "retail", "desk-faq", Lane.REALTIME),
    (Source.ENGINE, None, "research", "research-notes", Lane.REALTIME),
    (Source.ENGINE, None, "research", "research-notes", Lane.REALTIME),
    (Source.ENGINE, None, "research", "statement-lines", Lane.BATCH),
    (Source.EXACT_CACHE, "exact_cache", "retail", "statement-lines", Lane.BATCH),
    (Source.EXACT_CACHE, "exact_cache", "retail", "desk-faq", Lane.REALTIME),
    (Source.SEMANTIC_CACHE, "semantic_cache", "retail", "desk-faq", Lane.REALTIME),
    (Source.SINGLE_FLIGHT, "single_flight", "retail", "desk-faq", Lane.REALTIME),
)


def desk() -> list[LedgerEntry]:
    """What a bank's desks asked one morning, priced by the demo's policy."""
    pricing = Pricing(policies.load(POLICY).prices, at=1_790_000_000_000)
    drawn = random.Random(5)
    made = []
    for number, (source, strategy, tenant, task, lane) in enumerate(_ASKED * 4):
        prompt, completion = drawn.randrange(30, 400), drawn.randrange(20, 200)
        usage = Usage(published_tokens=prompt, prompt_tokens=prompt, completion_tokens=completion)
        waterfall = pricing.execution("large-hosted", _MODEL, usage, lane)
        if strategy is not None:
            waterfall = avoided(waterfall, strategy)
        if tenant == "retail":
            waterfall = with_spending(waterfall, [pricing.embedding("semantic_cache", "all-MiniLM-L6-v2", prompt // 2)])
        made.append(
            entry(
                f"e-{number}",
                tenant=tenant,
                cost_center=f"{'customer' if tenant == 'retail' else 'research'}-desk",
                task=task,
                model=_MODEL,
                lane=lane,
                source=source,
                usage=usage,
                waterfall=waterfall,
            )
        )
    return made


def entries_of(engine: Engine) -> list[LedgerEntry]:
    """The raw entries of a ledger, in the order of their ids."""
    with engine.connect() as connection:
        rows = connection.execute(select(tables.entries).order_by(tables.entries.c.entry_id)).mappings()
        return [_entry(dict(row)) for row in rows]


def dealt(
    entries: Sequence[LedgerEntry], until: int, days: int = 60, a_day: int = 400, check_share: float = 0.02
) -> Iterator[LedgerEntry]:
    """The entries again and again, in the hours of the days before ``until``: fewer at night and on Sundays, more from
    week to week. Of the semantic hits a share is checked, and found right, as the demo's labels have it. The last full
    day of the first tenant has an hour that is far off its pattern. The same at every call.
    """
    drawn = random.Random(7)
    number = 0
    first = until - until % DAY_MS - days * DAY_MS
    odd = until - until % DAY_MS - 10 * HOUR_MS
    for hour in range(first, until, HOUR_MS):
        week, day = divmod((hour - first) // DAY_MS, 7)
        size = (
            a_day * _BUSY[hour % DAY_MS // HOUR_MS] / sum(_BUSY) * (1 + week / 15) * (0.35, 1, 1, 1, 1, 0.9, 0.4)[day]
        )
        for _ in range(round(size * drawn.uniform(0.9, 1.1) * (6 if hour == odd else 1))):
            number += 1
            one = drawn.choice(entries)
            at = min(hour + drawn.randrange(HOUR_MS), until - 1)
            ids = {"entry_id": f"{number:06}-{one.entry_id}", "request_id": f"{one.request_id}-{number:06}"}
            yield msgspec.structs.replace(one, occurred_at=at, **ids)
            if one.source is Source.SEMANTIC_CACHE and drawn.random() < check_share:
                spent = CostLine(
                    kind="output",
                    strategy="semantic_cache",
                    model=one.model,
                    tokens=one.usage.completion_tokens,
                    cost=one.waterfall.list_cost // 10,
                    price_version="example-1",
                )
                yield msgspec.structs.replace(
                    one,
                    entry_id=f"{number:06}-check",
                    request_id=ids["request_id"],
                    kind=EntryKind.CHECK,
                    occurred_at=at,
                    waterfall=with_spending(NOTHING, [spent]),
                    verdict=Verdict.SAME,
                )


def keep(store: Store, entries: Sequence[LedgerEntry]) -> None:
    """Keep entries, and what they fold into."""
    rows: dict[bytes, RollUp] = {}
    for offset, one in enumerate(entries):
        rows[key_of(one)] = apply(rows.get(key_of(one)), one, offset)
    store.write(entries, rows.values())


def _entry(row: dict[str, object]) -> LedgerEntry:
    usage = {name: row.pop(name) for name in tables.TOKENS}
    waterfall = msgspec.json.decode(str(row.pop("waterfall")), type=Waterfall)
    decisions = msgspec.json.decode(str(row.pop("decisions")), type=list[Decision])
    known = {name: row[name] for name in LedgerEntry.__struct_fields__ if name in row}
    return msgspec.convert(
        {**known, "usage": msgspec.convert(usage, Usage), "waterfall": waterfall, "decisions": decisions}, LedgerEntry
    )
