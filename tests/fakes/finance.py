"""A finance service over a ledger of two tenants, and clients with tokens for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from starlette.testclient import TestClient

from agents.budgets.budget import Budget
from agents.ledger.store import Store
from schemas.enums import EntryKind, Verdict
from schemas.ledger import LedgerEntry
from streams.web.service import service
from streams.web.terms import Terms
from streams.web.tokens import NewToken, Tokens
from tests.fakes.ledger import Ledgers, check, hit, in_memory, kept
from tests.fakes.records import AT, HOUR, entry, predicted

NOW = AT + 2 * HOUR
LEDGER: list[LedgerEntry] = [
    one
    for tenant in ("bank", "lab")
    for one in (
        entry(f"{tenant}-1", tenant=tenant, cost_center=f"{tenant}-desk", waterfall=predicted(1_000_000_007, 2**40)),
        hit(f"{tenant}-2", tenant=tenant, cost_center=f"{tenant}-desk"),
        check(f"{tenant}-3", Verdict.DIFFERENT, tenant=tenant, cost_center=f"{tenant}-desk"),
        entry(f"{tenant}-4", tenant=tenant, cost_center=f"{tenant}-desk", occurred_at=AT + HOUR, model=f"{tenant}-m"),
        entry(f"{tenant}-5", tenant=tenant, cost_center=f"{tenant}-desk", kind=EntryKind.DUPLICATE, unbilled_cost=11),
    )
]
TERMS = Terms(
    bounds={"bank": 0.01, "lab": 0.02},
    budgets=[
        Budget(name="bank-month", amount="3", period="month", tenant="bank", cost_center="bank-desk"),
        Budget(name="faq", amount="1", period="day", tenant="lab", task="faq"),
        Budget(name="burst", amount="0.000000050", period="hour", tenant="lab"),
        Budget(name="all", amount="10", period="month"),
    ],
)


class Finance(NamedTuple):
    """A service to ask."""

    store: Store
    tokens: Tokens
    client: TestClient
    """Without a token."""

    def asking(self, *tenants: str, write: bool = False) -> tuple[TestClient, NewToken]:
        """A client with a token for those tenants."""
        made = self.tokens.create("somebody", tenants, "write" if write else "read")
        return TestClient(self.client.app, headers={"Authorization": f"Bearer {made.token}"}), made


@contextmanager
def finance(*ledger: LedgerEntry, opened: Ledgers = in_memory, per_minute: int = 100_000) -> Iterator[Finance]:
    """A service over those entries; over :data:`LEDGER` where none are given."""
    with opened() as store:
        kept(store, *(ledger or LEDGER))
        app = service(store.engine, lambda: NOW, terms=TERMS, per_minute=per_minute)
        yield Finance(store, Tokens(store.engine, lambda: NOW), TestClient(app))
