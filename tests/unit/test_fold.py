"""The fold is plain addition, and folding again changes nothing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger.fold import apply, merge
from agents.rollup_key import key_of
from agents.waterfall import avoided, with_spending
from schemas.enums import Source, Verdict
from schemas.ledger import LedgerEntry, RollUp, SavingTotal
from tests.fakes.ledger import check, entries, hit, summed, totals
from tests.fakes.records import AT, HOUR, entry, predicted, spent


def folded(ledger: list[LedgerEntry]) -> dict[bytes, RollUp]:
    rows: dict[bytes, RollUp] = {}
    for offset, one in enumerate(ledger):
        rows[key_of(one)] = apply(rows.get(key_of(one)), one, offset)
    return rows


def test_a_row_begins_with_its_entrys_dimensions() -> None:
    row = apply(None, entry(occurred_at=AT + HOUR + 5), 7)
    assert (row.tenant, row.cost_center, row.task, row.model) == ("bank", "desk", "faq", "m")
    assert row.hour == AT - AT % HOUR + HOUR
    assert (row.entries, row.requests, row.version) == (1, 1, 7)
    assert (row.list_cost, row.effective_cost, row.savings["routing"].gross) == (100, 70, 30)
    assert key_of(row) == key_of(entry(occurred_at=AT + HOUR + 5))


@pytest.mark.parametrize(
    ("verdict", "counts"),
    [(Verdict.SAME, (1, 0)), (Verdict.DIFFERENT, (1, 1)), (Verdict.UNKNOWN, (0, 0)), (None, (0, 0))],
)
def test_a_check_counts_once_it_has_a_verdict_and_is_billed_all_the_same(
    verdict: Verdict | None, counts: tuple[int, int]
) -> None:
    row = apply(apply(None, hit("e-1"), 1), check("c-1", verdict), 2)
    assert (row.checks, row.wrong) == counts
    assert (row.entries, row.requests, row.effective_cost) == (2, 1, 33)
    assert row.savings["semantic_cache"] == SavingTotal(tokens=10, gross=70, cost=33)


def test_only_a_check_has_a_verdict_that_counts() -> None:
    row = apply(None, entry(verdict=Verdict.DIFFERENT), 1)
    assert (row.requests, row.checks, row.wrong) == (1, 0, 0)


def test_an_entry_that_is_in_a_row_already_changes_nothing() -> None:
    row = apply(None, entry(), 7)
    assert apply(row, entry("other"), 7) is row
    assert apply(row, entry("older"), 6) is row
    assert apply(row, entry("newer"), 8).entries == 2


def test_savings_are_summed_by_strategy() -> None:
    spending = with_spending(avoided(predicted(70, 100), "semantic_cache"), [spent(3, "semantic_cache")])
    row = apply(apply(None, entry(waterfall=spending), 1), entry(waterfall=spending), 2)
    assert row.savings["semantic_cache"] == SavingTotal(tokens=20, gross=140, cost=6)
    assert row.list_cost - sum(s.gross - s.cost for s in row.savings.values()) == row.effective_cost == 6


@pytest.mark.parametrize("field", ["tenant", "cost_center", "task", "model", "source", "hour"])
def test_each_dimension_has_rows_of_its_own(field: str) -> None:
    changed = {"occurred_at": AT + HOUR} if field == "hour" else {field: Source.NONE if field == "source" else "x"}
    assert key_of(entry(**changed)) != key_of(entry())


def test_of_two_states_of_a_row_the_later_one_holds_both() -> None:
    one = apply(None, entry(), 1)
    two = apply(one, entry("e-2"), 2)
    assert merge(one, two) is merge(two, one) is two
    assert merge(one, None) is merge(None, one) is one
    assert merge(None, None) is None


@given(st.lists(entries(), max_size=20))
def test_the_fold_is_the_sum(ledger: list[LedgerEntry]) -> None:
    assert {key: totals(row) for key, row in folded(ledger).items()} == summed(ledger)


@given(st.lists(entries(), max_size=20))
def test_every_row_adds_up(ledger: list[LedgerEntry]) -> None:
    for row in folded(ledger).values():
        net = sum(total.gross - total.cost for total in row.savings.values())
        assert row.list_cost - net == row.effective_cost


@given(st.lists(entries(), max_size=12), st.data())
def test_folding_any_prefix_again_changes_nothing(ledger: list[LedgerEntry], data: st.DataObject) -> None:
    rows: dict[bytes, RollUp] = {}
    offset = 0
    for _ in range(60):
        if offset == len(ledger):
            break
        one = ledger[offset]
        rows[key_of(one)] = apply(rows.get(key_of(one)), one, offset)
        offset = data.draw(st.integers(0, offset + 1))
    else:
        offset = len(ledger)
        for place, one in enumerate(ledger):
            rows[key_of(one)] = apply(rows.get(key_of(one)), one, place)
    assert rows == folded(ledger)


def test_a_key_is_a_json_array_that_anybody_can_read() -> None:
    key = msgspec.json.decode(key_of(entry()))
    assert key == ["bank", "desk", "faq", "m", "REALTIME", "ENGINE", AT - AT % HOUR]
