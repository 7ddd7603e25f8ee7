"""A correction is an entry beside the one that it corrects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.ledger.correction import correction
from agents.ledger.fold import apply
from agents.ledger.recorded import Recorded
from agents.waterfall import holds
from schemas.enums import EntryKind
from schemas.errors import InvalidRequestError
from schemas.ledger import LedgerEntry
from tests.fakes.records import AT, HOUR, entry

NOW = AT + 30 * 24 * HOUR


def recorded(one: LedgerEntry) -> Recorded:
    return Recorded(**{name: getattr(one, name) for name in Recorded.__struct_fields__})


@given(st.integers(-(10**15), 10**15).filter(bool))
def test_it_adds_its_amount_to_the_same_rows_and_leaves_the_past_alone(amount: int) -> None:
    wrong = entry()
    made = correction(recorded(wrong), amount, "the vendor's invoice", at=NOW)
    assert holds(made.waterfall)
    assert (made.kind, made.corrects, made.occurred_at) == (EntryKind.CORRECTION, wrong.entry_id, NOW)
    before = apply(None, wrong, 0)
    after = apply(apply(None, made, 1), made, 1)
    assert (after.tenant, after.cost_center, after.task, after.model) == ("bank", "desk", "faq", "m")
    assert before.hour < after.hour
    assert (after.effective_cost, after.list_cost, after.requests) == (amount, amount, 0)


def test_the_same_correction_has_the_same_id_and_another_one_has_another() -> None:
    wrong = recorded(entry())
    first = correction(wrong, 5, "why", at=NOW)
    assert correction(wrong, 5, "why", at=NOW + 1).entry_id == first.entry_id
    others = [correction(wrong, 6, "why", at=NOW), correction(wrong, 5, "why not", at=NOW)]
    assert len({first.entry_id, *(other.entry_id for other in others)}) == 3


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the amount is zero"):
        correction(recorded(entry()), 0, "why", at=NOW)
    with pytest.raises(InvalidRequestError, match="there is no reason"):
        correction(recorded(entry()), 1, " ", at=NOW)
    with pytest.raises(InvalidRequestError, match=r"entry 'e-1' is a DUPLICATE, which bills nothing"):
        correction(recorded(entry(kind=EntryKind.DUPLICATE)), 1, "why", at=NOW)
