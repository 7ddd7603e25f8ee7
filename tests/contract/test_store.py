"""The ledger in SQL, in SQLite and in PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.claims import Claim
from agents.ledger.fold import apply
from agents.ledger.queries import CheckedTask, Queries, Totals
from agents.ledger.retention import retain
from agents.ledger.store import Store
from agents.rollup_key import key_of
from agents.settlement.outcome import settle
from agents.stage import Position
from agents.waterfall import NOTHING, with_spending
from agents.wilson import interval
from schemas.enums import EntryKind, Lane, Source, Status, Verdict
from schemas.errors import ServiceError, SetupError, UnknownNameError
from schemas.ledger import Decision, LedgerEntry, RollUp
from tests.fakes.ledger import Ledgers, check, hit, kept
from tests.fakes.records import AT, HOUR, answer, any_of, entry, predicted, spent, ticket

THIS_HOUR = AT - AT % HOUR


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


def test_text_that_postgresql_cannot_hold_stops_no_ledger(store: Store) -> None:
    """A producer chooses its request id and its cost centre, and may put a NUL into them."""
    odd = entry("e-1", request_id="r\0", cost_center="desk\0")
    (row,) = kept(store, odd).values()
    assert store.rollup(key_of(odd)) == row
    assert [bill.request_id for bill in Queries(store.engine).billed()] == ["r\N{REPLACEMENT CHARACTER}"]


def test_names_of_any_length_stop_no_ledger(store: Store) -> None:
    """A request that is refused may name a tenant, a task and a cost centre that nobody knows."""
    tenant, task, center = (
        "".join(map(chr, Random(seed).choices(range(0x4E00, 0x9FFF), k=4_000))) for seed in range(3)
    )
    refused = answer(ticket=ticket(tenant=tenant, task=task, cost_center=center), status=Status.FAILED)
    emits = settle(refused, Position("answers", 0, 7), AT, Claim(7, refused.ticket.origin, refused.answer_id))
    (one,) = [emit.record for emit in emits if isinstance(emit.record, LedgerEntry)]
    (row,) = kept(store, one).values()
    assert store.rollup(key_of(one)) == row


def test_an_entry_keeps_the_instant_that_it_came_with_first(store: Store) -> None:
    assert store.occurred_at("k\0-1") is None
    kept(store, entry("k\0-1"))
    store.write([entry("k\0-1", occurred_at=AT + HOUR)], [])
    assert store.occurred_at("k\0-1") == AT


def test_a_row_that_was_never_written_is_none(store: Store) -> None:
    assert store.rollup(b"[]") is None


@settings(max_examples=50)
@given(any_of(RollUp).filter(lambda row: "\0" not in "".join(row.savings)))
def test_any_row_is_read_as_it_was_written(ledgers: Ledgers, row: RollUp) -> None:
    rounded = {"hour": row.hour - row.hour % HOUR} if row.hour > -(2**63) + HOUR else {"hour": 0}
    row = RollUp(**{**{name: getattr(row, name) for name in row.__struct_fields__}, **rounded})
    with ledgers() as store:
        store.write([], [row])
        assert store.rollup(key_of(row)) == row


@settings(max_examples=50)
@given(any_of(LedgerEntry))
def test_any_entry_can_be_kept(ledgers: Ledgers, one: LedgerEntry) -> None:
    with ledgers() as store:
        store.write([one, one], [])
        totals = Queries(store.engine).entry_totals()
        assert (totals.entries, totals.list_cost) == (1, one.waterfall.list_cost)


def test_entries_and_rows_are_written_together_or_not_at_all(store: Store) -> None:
    bad = apply(None, entry("e-2", model="other"), 1)
    broken = msgspec.structs.replace(bad, cached_tokens=None)
    with pytest.raises(ServiceError, match=r"cannot be used: (NOT NULL constraint failed|null value in column)"):
        store.write([entry("e-1")], [broken])
    assert Queries(store.engine).entry_totals().entries == 0


def test_several_workers_write_to_one_ledger(ledger_url: str) -> None:
    failures: list[Exception] = []

    def work(worker: int) -> None:
        try:
            store = Store(ledger_url)
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
    store = Store(ledger_url)
    assert Queries(store.engine).entry_totals().entries == 80
    store.close()


def test_a_ledger_outlives_its_worker(ledger_url: str) -> None:
    first = Store(ledger_url)
    kept(first, entry())
    first.close()
    second = Store(ledger_url)
    assert Queries(second.engine).entry_totals().entries == 1
    second.close()


def test_a_ledger_belongs_to_the_log_it_was_made_from(ledger_url: str) -> None:
    store = Store(ledger_url)
    store.bind("cluster-1")
    store.bind("cluster-1")
    with pytest.raises(SetupError, match="was made from log 'cluster-1', and this is 'cluster-2', whose offsets"):
        store.bind("cluster-2")
    store.close()


def test_a_ledger_that_an_older_release_tied_to_the_cluster_is_tied_to_the_topic(ledger_url: str) -> None:
    store = Store(ledger_url)
    store.bind("cluster-1")
    with pytest.raises(SetupError):
        store.bind("topic-1", formerly="cluster-2")
    store.bind("topic-1", formerly="cluster-1")
    store.bind("topic-1", formerly="cluster-1")
    with pytest.raises(SetupError):
        store.bind("topic-2", formerly="cluster-1")
    store.close()


@pytest.mark.parametrize("wrong", ["nonsense", "mysql://localhost/x", "sqlite+unheard://"])
def test_a_url_that_names_no_usable_database_is_refused(wrong: str) -> None:
    with pytest.raises(SetupError):
        Store(wrong)


def test_a_database_that_cannot_be_opened_says_which(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="unable to open database file"):
        Store(f"sqlite:///{tmp_path}/missing/ledger.db")


def test_finance_can_read_the_views(store: Store) -> None:
    kept(store, entry("e-1"), entry("e-2", tenant="lab"))
    with store.engine.connect() as connection:
        spend = connection.exec_driver_sql("SELECT tenant, hour_utc, saved, effective_cost FROM spend ORDER BY 1").all()
        saved = connection.exec_driver_sql("SELECT sum(net) FROM savings WHERE strategy = 'routing'").scalar()
    assert spend == [("bank", "2026-09-21T14:00:00Z", 30, 70), ("lab", "2026-09-21T14:00:00Z", 30, 70)]
    assert saved == 60


def test_finance_can_read_how_good_the_cache_is(store: Store) -> None:
    """Only of what the cache answered: a miss that was compared has a verdict too, and was not served."""
    kept(
        store,
        hit("e-1"),
        hit("e-2"),
        check("c-1", Verdict.DIFFERENT, lane=Lane.BATCH),
        check("c-2", Verdict.UNKNOWN, lane=Lane.BATCH),
        check("c-3", Verdict.DIFFERENT, source=Source.ENGINE),
        check("c-4", occurred_at=AT + HOUR),
    )
    query = "SELECT tenant, cost_center, task, model, hour_utc, semantic_hits, checks, wrong FROM cache_quality"
    with store.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"{query} ORDER BY hour").all()
    assert rows == [
        ("bank", "desk", "faq", "m", "2026-09-21T14:00:00Z", 2, 1, 1),
        ("bank", "desk", "faq", "m", "2026-09-21T15:00:00Z", 0, 1, 0),
    ]


def test_an_entry_is_read_as_it_was_written(store: Store) -> None:
    why = [Decision(stage="cache", choice="semantic hit", why=["near", "no guard objects"])]
    kept(
        store,
        check("c-1", Verdict.DIFFERENT, request_id="r-1", occurred_at=AT - 5),
        hit("e-1", request_id="r-1", decisions=why),
        entry("e-2", request_id="r-2"),
        entry("e-3", request_id="r-1", tenant="lab"),
    )
    queries = Queries(store.engine)
    answered, checked = queries.recorded("r-1", "bank")
    assert (answered.kind, answered.decisions, answered.verdict) == (EntryKind.RESPONSE, why, None)
    assert answered.waterfall == hit("e-1").waterfall
    assert (checked.kind, checked.decisions, checked.verdict) == (EntryKind.CHECK, [], Verdict.DIFFERENT)
    assert [one.tenant for one in queries.recorded("r-1")] == ["bank", "bank", "lab"]
    assert queries.recorded("r-3") == queries.recorded("r-1", "rival") == []


def test_a_task_is_measured_where_the_semantic_cache_was_tried(store: Store) -> None:
    tried = with_spending(predicted(70, 100), [spent(3, "semantic_cache")])
    kept(
        store,
        entry("e-1", waterfall=tried, task="tried"),
        entry("e-2", task="exact"),
        *(hit(f"e-{n}") for n in range(3, 7)),
        entry("e-7"),
        check("c-1"),
        check("c-2", Verdict.DIFFERENT),
        check("c-3", Verdict.UNKNOWN),
        check("c-4", Verdict.DIFFERENT, source=Source.ENGINE, cost=0),
        check("c-5", Verdict.DIFFERENT, tenant="lab"),
    )
    savings = Queries(store.engine).savings()
    low, high = interval(1, 2)
    names = {"tenant": "bank", "task": "faq"}
    faq = CheckedTask(**names, requests=5, semantic_hits=4, checks=2, wrong=1, wrong_rate=0.5, low=low, high=high)
    bank, tried_only, lab = savings.checked
    assert bank == faq
    assert (tried_only.task, tried_only.semantic_hits, tried_only.checks) == ("tried", 0, 0)
    assert (tried_only.wrong_rate, tried_only.low, tried_only.high) == (None, 0.0, 1.0)
    assert (lab.tenant, lab.requests, lab.wrong_rate) == ("lab", 0, 1.0)
    (semantic,) = (line for line in savings.strategies if line.strategy == "semantic_cache")
    assert (semantic.gross, semantic.cost) == (4 * 70, 5 * 3 + 4 * 30)
    assert Queries(store.engine).savings(since=AT + HOUR).checked == []


def test_a_check_is_billed_and_is_no_request(store: Store) -> None:
    kept(store, hit("e-1"), check("c-1", Verdict.DIFFERENT), check("c-2", Verdict.UNKNOWN), check("c-3", None))
    queries = Queries(store.engine)
    totals = Totals(entries=4, requests=1, checks=1, wrong=1, list_cost=100, effective_cost=93)
    assert queries.entry_totals() == queries.rollup_totals() == totals
    (by_source,) = queries.spend(["source"])
    assert (by_source.by, by_source.requests, by_source.effective_cost) == ({"source": "SEMANTIC_CACHE"}, 1, 93)
    assert [bill.entry_id for bill in queries.billed()] == ["e-1"]
    assert [(bill.entry_id, bill.effective_cost) for bill in queries.billed_checks()] == [
        ("c-1", 30),
        ("c-2", 30),
        ("c-3", 30),
    ]
    assert list(queries.billed_checks(since=AT + HOUR)) == []


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


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2**50), max_size=8))
def test_sums_are_exact_beyond_what_a_float_holds(ledgers: Ledgers, costs: list[int]) -> None:
    with ledgers() as store:
        kept(store, *(entry(f"e-{n}", waterfall=predicted(cost + 2**53 + 1)) for n, cost in enumerate(costs)))
        expected = sum(cost + 2**53 + 1 for cost in costs)
        totals = Queries(store.engine).rollup_totals()
        assert totals.effective_cost == expected == Queries(store.engine).entry_totals().effective_cost
        assert type(totals.effective_cost) is int


def test_retention_removes_raw_entries_and_changes_no_total(store: Store) -> None:
    kept(store, entry("e-1", occurred_at=AT - HOUR), entry("e-2"), hit("e-3", occurred_at=AT + HOUR))
    queries = Queries(store.engine)
    totals, spend, savings = queries.rollup_totals(), queries.spend(["hour"]), queries.savings()
    assert queries.whole_since() is None
    assert store.forget(AT) == 1
    assert (queries.whole_since(), queries.entry_totals().entries) == (THIS_HOUR, 2)
    assert (queries.rollup_totals(), queries.spend(["hour"]), queries.savings()) == (totals, spend, savings)
    assert queries.entry_totals(since=queries.whole_since()) == queries.rollup_totals(since=queries.whole_since())
    assert store.forget(AT - 5 * HOUR) == 0
    assert queries.whole_since() == THIS_HOUR, "what is gone does not come back"


def test_an_entry_that_comes_after_its_time_is_folded_and_then_removed(store: Store) -> None:
    rows = kept(store, entry("e-1"))
    store.forget(AT + HOUR)
    late = entry("e-2")
    store.write([late], [apply(rows[key_of(late)], late, 1)])
    assert store.forget(AT + HOUR) == 1
    assert Queries(store.engine).rollup_totals().entries == 2


async def test_a_worker_removes_what_has_been_kept_long_enough(ledger_url: str) -> None:
    store = Store(ledger_url)
    kept(store, entry("e-1", occurred_at=AT - 48 * HOUR), entry("e-2"))
    working = asyncio.create_task(retain(store, 1, lambda: AT, every_s=0.01))
    while Queries(store.engine).entry_totals().entries == 2:
        await asyncio.sleep(0.01)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert Queries(store.engine).whole_since() == THIS_HOUR - 24 * HOUR
    store.close()


async def test_a_database_that_is_away_only_puts_retention_off(caplog: pytest.LogCaptureFixture) -> None:
    class AwayStore:
        def forget(self, before: int) -> int:
            raise ServiceError("the database is away")

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(retain(AwayStore(), 1, lambda: AT, every_s=0.01), 0.2)  # type: ignore[arg-type]
    assert caplog.text.count("raw entries stay a little longer: the database is away") > 1
