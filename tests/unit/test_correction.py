"""A correction is an entry beside the one that it corrects."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from agents.ledger.correction import LARGEST, correction
from agents.ledger.fold import apply
from agents.ledger.recorded import Recorded
from agents.ledger.store import Store
from agents.waterfall import NOTHING, holds
from schemas.codec import Codec
from schemas.enums import EntryKind, Status
from schemas.errors import InvalidRequestError
from schemas.ledger import LedgerEntry
from schemas.money import NANO
from streams.accounts import sqlite
from streams.cli import correct
from streams.cli.main import app
from tests.fakes.ledger import kept
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
    with pytest.raises(InvalidRequestError, match=r"entry 'e-1' is a RESPONSE that failed, which bills nothing"):
        correction(recorded(entry(status=Status.FAILED, waterfall=NOTHING)), 1, "why", at=NOW)
    for amount in (LARGEST + 1, -LARGEST - 1):
        with pytest.raises(InvalidRequestError, match="a correction is at most 9,000,000 US dollars either way"):
            correction(recorded(entry()), amount, "why", at=NOW)


@pytest.mark.parametrize("kind", ["RESPONSE", "CHECK", "SUMMARY", "INGESTION", "IDLE"])
def test_whatever_bills_can_be_corrected(kind: str) -> None:
    for amount in (LARGEST, -LARGEST):
        made = correction(recorded(entry(kind=EntryKind(kind))), amount, "why", at=NOW)
        assert Codec().decode(Codec().encode(made), LedgerEntry) == made


def command(ledger: Path, amount: str) -> Result:
    arguments = ["correct", "r-e-1", "--amount", amount, "--reason", "why", "--ledger", str(ledger)]
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """One that holds an entry, and a correction of it by five dollars."""
    store = Store(sqlite(tmp_path / "ledger.db"))
    kept(store, entry(), correction(recorded(entry()), 5 * NANO, "why", at=NOW))
    store.close()
    return tmp_path / "ledger.db"


def test_a_correction_that_the_ledger_holds_is_refused_before_it_is_published(
    ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[LedgerEntry] = []

    async def publish(made: LedgerEntry) -> None:
        published.append(made)

    monkeypatch.setattr(correct, "_publish", publish)
    refused = command(ledger, "5.00")
    assert (refused.exit_code, published) == (1, [])
    assert "the ledger holds this correction already" in refused.stderr.replace("\n", " ")
    assert command(ledger, "6").exit_code == 0
    assert [made.waterfall.effective_cost for made in published] == [6 * NANO]


@pytest.mark.parametrize("amount", ["10000000000", "1e999999", "0.0000000001"])
def test_an_amount_that_no_ledger_holds_is_said_in_one_line(ledger: Path, amount: str) -> None:
    refused = command(ledger, amount)
    assert (refused.exit_code, refused.stderr.count("✗")) == (1, 1), refused.output
    assert "dollars" in refused.stderr
