"""The ledger in SQL. SQLite is written to for real; for PostgreSQL every statement is compiled."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from agents.ledger import tables
from agents.ledger.fold import apply, key_of
from agents.ledger.queries import Queries, Totals
from agents.ledger.reconcile import reconcile
from agents.ledger.store import _INSERT, Store, _newer
from agents.waterfall import NOTHING
from schemas.errors import ServiceError, SetupError, UnknownNameError
from schemas.records import EntryKind, LedgerEntry, PredictionResponse, RollUp, Source, Status, Timings, Usage
from tests.fakes.records import AT, HOUR, any_of, entry, predicted

THIS_HOUR = AT - AT % HOUR


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = Store(url)
    yield made
    made.close()


@contextmanager
def in_memory() -> Iterator[Store]:
    """A ledger for one example, where files cost no fsync."""
    with TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        made = Store(f"sqlite:///{folder}/ledger.db")
        yield made
        made.close()


def kept(store: Store, *ledger: LedgerEntry) -> dict[bytes, RollUp]:
    rows: dict[bytes, RollUp] = {}
    for offset, one in enumerate(ledger):
        rows[key_of(one)] = apply(rows.get(key_of(one)), one, offset)
    store.write(ledger, rows.values())
    return rows


def response(number: str = "e-1", cost: int = 70, **fields: object) -> PredictionResponse:
    given_fields: dict[str, object] = {
        "request_id": "r-" + number,
        "tenant": "bank",
        "task": "faq",
        "status": Status.COMPLETED,
        "source": Source.ENGINE,
        "text": "because",
        "finish_reason": "stop",
        "model": "m",
        "cached_from": None,
        "error_code": None,
        "error_message": None,
        "usage": Usage(),
        "timings": Timings(),
        "waterfall": predicted(cost, 100),
        "received_at": AT,
        "answered_at": AT,
        **fields,
    }
    return PredictionResponse(response_id=number, **given_fields)  # type: ignore[arg-type]


def test_writing_twice_changes_nothing(store: Store) -> None:
    ledger = [entry("e-1"), entry("e-2"), entry("e-3", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=9)]
    kept(store, *ledger)
    once = Queries(store.engine).entry_totals(), Queries(store.engine).rollup_totals()
    kept(store, *ledger)
    assert (Queries(store.engine).entry_totals(), Queries(store.engine).rollup_totals()) == once
    assert once[0] == once[1] == Totals(entries=3, requests=2, list_cost=200, effective_cost=140, unbilled_cost=9)


def test_an_older_state_of_a_row_changes_nothing(store: Store) -> None:
    older = apply(None, entry("e-1"), 1)
    newer = apply(older, entry("e-2"), 2)
    store.write([], [newer])
    store.write([], [older])
    assert store.rollup(key_of(newer)) == newer
    store.write([], [apply(newer, entry("e-3"), 3)])
    found = store.rollup(key_of(newer))
    assert found is not None
    assert (found.entries, found.version, found.savings["routing"].gross) == (3, 3, 90)


def test_a_row_that_was_never_written_is_none(store: Store) -> None:
    assert store.rollup(b"[]") is None


@settings(max_examples=50, deadline=None)
@given(any_of(RollUp))
def test_any_row_is_read_as_it_was_written(row: RollUp) -> None:
    rounded = {"hour": row.hour - row.hour % HOUR} if row.hour > -(2**63) + HOUR else {"hour": 0}
    row = RollUp(**{**{name: getattr(row, name) for name in row.__struct_fields__}, **rounded})
    with in_memory() as store:
        store.write([], [row])
        assert store.rollup(key_of(row)) == row


@settings(max_examples=50, deadline=None)
@given(any_of(LedgerEntry))
def test_any_entry_can_be_kept(one: LedgerEntry) -> None:
    with in_memory() as store:
        store.write([one, one], [])
        totals = Queries(store.engine).entry_totals()
        assert (totals.entries, totals.list_cost) == (1, one.waterfall.list_cost)


def test_entries_and_rows_are_written_together_or_not_at_all(store: Store) -> None:
    bad = apply(None, entry("e-2", model="other"), 1)
    broken = RollUp(**{name: getattr(bad, name) for name in bad.__struct_fields__ if name != "task"}, task=None)  # type: ignore[arg-type]
    with pytest.raises(ServiceError, match="cannot be used: NOT NULL constraint failed"):
        store.write([entry("e-1")], [broken])
    assert Queries(store.engine).entry_totals().entries == 0


def test_several_workers_write_to_one_file(url: str) -> None:
    failures: list[Exception] = []

    def work(worker: int) -> None:
        try:
            store = Store(url)
            for number in range(20):
                store.write([entry(f"{worker}-{number}", tenant=f"t{worker}")], [])
            store.close()
        except Exception as error:  # the thread's, shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = Store(url)
    assert Queries(store.engine).entry_totals().entries == 80
    store.close()


def test_a_ledger_outlives_its_worker(url: str) -> None:
    first = Store(url)
    kept(first, entry())
    first.close()
    second = Store(url)
    assert Queries(second.engine).entry_totals().entries == 1
    second.close()


def test_a_ledger_belongs_to_the_log_it_was_made_from(url: str) -> None:
    store = Store(url)
    store.bind("cluster-1")
    store.bind("cluster-1")
    with pytest.raises(SetupError, match="was made from log 'cluster-1', and this is 'cluster-2': name another file"):
        store.bind("cluster-2")
    store.close()


def test_a_ledger_of_another_layout_is_refused(url: str, store: Store, tmp_path: Path) -> None:
    file = sqlite3.connect(tmp_path / "ledger.db")
    file.execute("UPDATE schema_version SET version = 99")
    file.commit()
    file.close()
    with pytest.raises(SetupError, match="has layout 99, this release writes layout 1"):
        Store(url)


@pytest.mark.parametrize("wrong", ["nonsense", "mysql://localhost/x", "sqlite+unheard://"])
def test_a_url_that_names_no_usable_database_is_refused(wrong: str) -> None:
    with pytest.raises(SetupError):
        Store(wrong)


def test_a_database_that_cannot_be_opened_says_which(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="unable to open database file"):
        Store(f"sqlite:///{tmp_path}/missing/ledger.db")


def test_every_statement_is_one_that_postgresql_has() -> None:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    for table in tables.metadata.sorted_tables:
        made = str(CreateTable(table, if_not_exists=True).compile(dialect=dialect))
        assert "CREATE TABLE IF NOT EXISTS" in made
        assert "BIGINT" in made or table.name == "schema_version"
    upsert = str(_newer(_INSERT["postgresql"], tables.rollups).compile(dialect=dialect))
    assert "ON CONFLICT (rollup_key) DO UPDATE SET" in upsert
    assert "WHERE rollups.version < excluded.version" in upsert
    assert [view.split(" AS ")[0] for view in tables.views("postgresql")] == [
        "CREATE OR REPLACE VIEW spend",
        "CREATE OR REPLACE VIEW savings",
    ]


def test_finance_can_read_the_views(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", tenant="lab"))
    with store.engine.connect() as connection:
        spend = connection.exec_driver_sql("SELECT tenant, hour_utc, saved, effective_cost FROM spend ORDER BY 1").all()
        saved = connection.exec_driver_sql("SELECT sum(net) FROM savings WHERE strategy = 'routing'").scalar()
    assert spend == [("bank", "2026-09-21T14:00:00Z", 30, 70), ("lab", "2026-09-21T14:00:00Z", 30, 70)]
    assert saved == 60


def test_spend_is_grouped_by_what_was_asked(store: Store) -> None:
    kept(
        store,
        entry("e-1", waterfall=predicted(10)),
        entry("e-2", tenant="lab", waterfall=predicted(500)),
        entry("e-3", occurred_at=AT + HOUR, waterfall=predicted(20)),
    )
    queries = Queries(store.engine)
    (everything,) = queries.spend([])
    assert (everything.requests, everything.effective_cost, everything.by) == (3, 530, {})
    assert [(s.by, s.effective_cost) for s in queries.spend(["tenant"])] == [
        ({"tenant": "lab"}, 500),
        ({"tenant": "bank"}, 30),
    ]
    assert [s.by for s in queries.spend(["hour", "tenant"])] == [
        {"hour": THIS_HOUR, "tenant": "lab"},
        {"hour": THIS_HOUR + HOUR, "tenant": "bank"},
        {"hour": THIS_HOUR, "tenant": "bank"},
    ]
    day = AT - AT % (24 * HOUR)
    assert [(s.by, s.prompt_tokens) for s in queries.spend(["day"])] == [({"day": day}, 36)]
    assert queries.spend(["tenant"], since=AT + HOUR)[0].effective_cost == 20
    assert [s.effective_cost for s in queries.spend(["tenant"], until=AT)] == [500, 10]
    with pytest.raises(UnknownNameError, match="cannot be grouped by 'colour': use any of tenant, cost_center"):
        queries.spend(["colour"])


def test_an_empty_ledger_has_spent_nothing(store: Store) -> None:
    queries = Queries(store.engine)
    assert queries.entry_totals() == queries.rollup_totals() == Totals()
    assert queries.spend(["tenant"]) == []
    assert queries.savings().strategies == []
    assert list(queries.billed()) == []


def test_the_waterfall_of_a_period_adds_up(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", occurred_at=AT + HOUR, waterfall=predicted(1, 5)))
    savings = Queries(store.engine).savings()
    assert savings.list_cost - sum(line.net for line in savings.strategies) == savings.effective_cost == 71
    later = Queries(store.engine).savings(since=AT + HOUR)
    assert (later.list_cost, later.effective_cost, [line.gross for line in later.strategies]) == (5, 1, [4])


def test_accounts_that_agree_have_no_difference(store: Store) -> None:
    spent = entry("e-3", kind=EntryKind.DUPLICATE, waterfall=NOTHING, unbilled_cost=9)
    kept(store, entry("e-1"), entry("e-2"), spent)
    queries = Queries(store.engine)
    delivered = [response("e-1"), response("e-2"), response("e-1")]
    found = reconcile(delivered, queries.billed(), queries.entry_totals(), queries.rollup_totals())
    assert found.agrees
    assert (found.responses, found.entries, found.rollup_requests, found.difference_nano_usd) == (2, 2, 2, 0)
    assert (found.responses_billed, found.entries_billed, found.rollups_billed, found.unbilled) == (140, 140, 140, 9)


def compared(store: Store, *delivered: PredictionResponse) -> tuple[int, list[tuple[str, str, int | None, int | None]]]:
    queries = Queries(store.engine)
    found = reconcile(delivered, queries.billed(), queries.entry_totals(), queries.rollup_totals())
    assert found.agrees == (not found.differences)
    return found.difference_nano_usd, [(d.request_id, d.what, d.response_cost, d.entry_cost) for d in found.differences]


def test_each_difference_is_named_and_none_cancels_another(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2"), entry("e-3"))
    assert compared(store, response("e-1", cost=71), response("e-2", cost=69), response("e-4")) == (
        142,
        [
            ("r-e-1", "the costs differ", 71, 70),
            ("r-e-2", "the costs differ", 69, 70),
            ("r-e-4", "the response is on no ledger entry", 70, None),
            ("r-e-3", "the entry bills a response that is not there", None, 70),
        ],
    )


def test_a_request_that_was_answered_twice_is_a_difference(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", request_id="r-e-1"))
    amount, found = compared(store, response("e-1"), response("e-2", request_id="r-e-1"))
    assert (amount, found) == (70, [("r-e-1", "the request has more than one response", 70, None)])


def test_a_response_that_came_with_other_content_is_a_difference(store: Store) -> None:
    kept(store, entry("e-1"))
    _, found = compared(store, response("e-1"), response("e-1", text="another"))
    assert found == [("r-e-1", "delivered again with other content", 70, None)]


def test_rows_that_miss_an_entry_are_a_difference(store: Store) -> None:
    kept(store, entry("e-1"))
    store.write([entry("e-2")], [])
    amount, found = compared(store, response("e-1"), response("e-2"))
    assert amount == 100 + 70
    assert [what for _, what, _, _ in found] == [
        "entries: the entries sum up to 2, the roll-ups to 1",
        "requests: the entries sum up to 2, the roll-ups to 1",
        "list_cost: the entries sum up to 200, the roll-ups to 100",
        "effective_cost: the entries sum up to 140, the roll-ups to 70",
    ]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 2**50), max_size=8))
def test_sums_are_exact_beyond_what_a_float_holds(costs: list[int]) -> None:
    with in_memory() as store:
        kept(store, *(entry(f"e-{n}", waterfall=predicted(cost + 2**53 + 1)) for n, cost in enumerate(costs)))
        expected = sum(cost + 2**53 + 1 for cost in costs)
        totals = Queries(store.engine).rollup_totals()
        assert totals.effective_cost == expected == Queries(store.engine).entry_totals().effective_cost
        assert type(totals.effective_cost) is int
