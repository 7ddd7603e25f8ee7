"""Ledger entries of the cache to test with, and the ledgers they are kept in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from agents.ledger.fold import apply
from agents.ledger.store import Store
from agents.ledger.tables import metadata, schema_version
from agents.rollup_key import key_of
from agents.waterfall import NOTHING, avoided, with_spending
from schemas.enums import EntryKind, Source, Verdict
from schemas.ledger import LedgerEntry, RollUp
from tests.fakes.records import AT, HOUR, entry, predicted, spent

Ledgers = Callable[[], AbstractContextManager[Store]]
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def hit(entry_id: str, cost: int = 3, **fields: Any) -> LedgerEntry:
    """A request that the semantic cache answered, at the price of an embedding."""
    waterfall = with_spending(avoided(predicted(70, 100), "semantic_cache"), [spent(cost, "semantic_cache")])
    return entry(entry_id, **{"source": Source.SEMANTIC_CACHE, "waterfall": waterfall, **fields})


def check(entry_id: str, verdict: Verdict | None = Verdict.SAME, cost: int = 30, **fields: Any) -> LedgerEntry:
    """The check of a hit: what it cost is the cache's own spending, and is billed."""
    waterfall = with_spending(NOTHING, [spent(cost, "semantic_cache")]) if cost else NOTHING
    given = {"kind": EntryKind.CHECK, "source": Source.SEMANTIC_CACHE, "waterfall": waterfall, "verdict": verdict}
    return entry(entry_id, **given | fields)


def idle(entry_id: str, cost: int = 50, **fields: Any) -> LedgerEntry:
    """Time of a GPU that nobody used, billed to the platform."""
    given = {"kind": EntryKind.IDLE, "tenant": "platform", "waterfall": predicted(cost)}
    return entry(entry_id, **given | fields)


@contextmanager
def in_memory() -> Iterator[Store]:
    """A ledger for one example, where files cost no fsync."""
    with TemporaryDirectory(dir=MEMORY) as folder:
        made = Store(f"sqlite:///{folder}/ledger.db")
        yield made
        made.close()


def emptied(store: Store) -> Iterator[Ledgers]:
    """One ledger on a server, emptied before each example: a database for each would take longer than the test."""

    @contextmanager
    def opened() -> Iterator[Store]:
        with store.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                if table is not schema_version:
                    connection.execute(table.delete())
        yield store

    yield opened
    store.close()


def kept(store: Store, *ledger: LedgerEntry) -> dict[bytes, RollUp]:
    """Keep the entries and what they fold into."""
    rows: dict[bytes, RollUp] = {}
    for offset, one in enumerate(ledger):
        rows[key_of(one)] = apply(rows.get(key_of(one)), one, offset)
    store.write(ledger, rows.values())
    return rows


@st.composite
def entries(draw: st.DrawFn, number: int = 0) -> LedgerEntry:
    """Any entry, of any kind, whose waterfall holds."""
    kind = draw(st.sampled_from(EntryKind))
    source = draw(st.sampled_from([Source.ENGINE, Source.EXACT_CACHE, Source.SEMANTIC_CACHE]))
    if kind is EntryKind.CHECK:
        verdict = draw(st.none() | st.sampled_from(Verdict))
        at = AT + draw(st.sampled_from([0, HOUR]))
        return check(f"e-{number}", verdict, draw(st.integers(0, 1000)), source=source, occurred_at=at)
    made = predicted(draw(st.integers(0, 1000)), draw(st.integers(1000, 2000)))
    if draw(st.booleans()):
        made = with_spending(avoided(made, "exact_cache"), [spent(draw(st.integers(0, 9)), "exact_cache")])
    return entry(
        f"e-{number}",
        kind=kind,
        tenant=draw(st.sampled_from(["bank", "lab"])),
        source=source,
        occurred_at=AT + draw(st.sampled_from([0, 1, HOUR])),
        waterfall=made if kind is EntryKind.RESPONSE else NOTHING,
        unbilled_cost=0 if kind is EntryKind.RESPONSE else made.effective_cost,
    )


def summed(ledger: list[LedgerEntry]) -> dict[bytes, tuple[int, ...]]:
    """The totals by plain addition."""
    sums: dict[bytes, list[int]] = defaultdict(lambda: [0] * 10)
    for one in ledger:
        row = sums[key_of(one)]
        for place, value in enumerate(
            (
                1,
                one.kind is EntryKind.RESPONSE,
                one.kind is EntryKind.CHECK and one.verdict in {Verdict.SAME, Verdict.DIFFERENT},
                one.kind is EntryKind.CHECK and one.verdict is Verdict.DIFFERENT,
                one.waterfall.list_cost,
                one.waterfall.effective_cost,
                one.unbilled_cost,
                one.kind is EntryKind.IDLE and one.waterfall.effective_cost + one.unbilled_cost,
                sum(line.gross - line.cost for line in one.waterfall.savings),
                one.usage.prompt_tokens,
            )
        ):
            row[place] += value
    return {key: tuple(row) for key, row in sums.items()}


def totals(row: RollUp) -> tuple[int, ...]:
    """The same of a roll-up."""
    net = sum(total.gross - total.cost for total in row.savings.values())
    costs = (row.list_cost, row.effective_cost, row.unbilled_cost, row.idle_cost)
    return (row.entries, row.requests, row.checks, row.wrong, *costs, net, row.prompt_tokens)
