"""The FOCUS export: its sums are the ledger's, its files say what its rows say, and the public validator agrees."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.ledger import focus, focus_file
from agents.ledger.questions import Questions
from agents.ledger.store import Store
from agents.waterfall import NOTHING
from schemas.enums import EntryKind
from schemas.errors import SetupError
from schemas.ledger import LedgerEntry
from schemas.money import dollars
from tests.fakes.ledger import Ledgers, check, entries, hit, idle, in_memory, kept
from tests.fakes.records import AT, HOUR, entry, predicted
from tests.services.focus_validator import MissingError, validated

CONTRADICTIONS = {
    # Without an invoice the id must be null (C-004), and with one it must not (C-005). The validator holds both against
    # every row, since no column says whether there is an invoice: one of them fails, and with it what they belong to.
    "InvoiceId-C-000-O",
    "InvoiceId-C-003-C",
    "InvoiceId-C-004-C",
    "InvoiceId-C-005-C",
}
LEDGER = (
    entry("e-1"),
    hit("e-2", tenant="lab", occurred_at=AT + 30 * HOUR),
    check("c-1"),
    idle("i-1"),
    entry("e-3", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=9),
    entry("e-4", kind=EntryKind.CORRECTION, waterfall=predicted(-25)),
    entry("e-5", task='a "quoted", one', cost_center="branch"),
)


def exported(questions: Questions, *, invoiced: bool = False, since: int | None = None) -> list[dict[str, Any]]:
    charges = focus.charges(questions.booked(since))
    return list(focus.rows(charges, provider="Headrace", invoiced=invoiced))


def total(rows: Iterable[dict[str, Any]], column: str) -> int:
    return int(sum((row[column] for row in rows), Decimal(0)).scaleb(9))


@settings(max_examples=30)
@given(
    st.integers(0, 10).flatmap(lambda count: st.tuples(*(entries(number) for number in range(count)))), st.booleans()
)
def test_its_sums_are_the_ledgers(ledgers: Ledgers, ledger: tuple[LedgerEntry, ...], invoiced: bool) -> None:
    with ledgers() as store:
        kept(store, *ledger)
        questions = Questions(store.engine)
        rows, totals, savings = exported(questions, invoiced=invoiced), questions.rollup_totals(), questions.savings()
    for column in ("EffectiveCost", "ContractedCost", "ListCost"):
        assert total(rows, column) == totals.effective_cost
    assert total(rows, "BilledCost") == (totals.effective_cost if invoiced else 0)
    assert total(rows, "x_UnbilledCost") == totals.unbilled_cost
    assert total(rows, "EffectiveCost") + total(rows, "x_NetSaving") == totals.list_cost
    for line in savings.strategies:
        theirs = [row for row in rows if row["x_Strategy"] == line.strategy]
        assert total(theirs, "x_GrossSaving") - total(theirs, "x_StrategyCost") == line.net
        assert sum(row["x_AvoidedTokens"] for row in theirs) == line.tokens
    keys = [
        (
            row["ChargePeriodStart"],
            row["BillingAccountId"],
            row["SubAccountId"],
            row["SkuPriceId"],
            row["x_Task"],
            row["x_Strategy"],
            row["ChargeClass"],
        )
        for row in rows
    ]
    assert len(set(keys)) == len(keys), "one row a meter and period"


def test_a_row_is_what_its_entries_are() -> None:
    with in_memory() as store:
        kept(store, *LEDGER)
        rows = exported(Questions(store.engine), invoiced=True)
    (correction,) = (row for row in rows if row["ChargeClass"] == "Correction")
    assert (correction["EffectiveCost"], correction["BilledCost"]) == (Decimal("-0.000000025"),) * 2
    (lab,) = (row for row in rows if row["BillingAccountId"] == "lab" and row["SkuMeter"] == "input")
    assert (lab["ChargePeriodStart"], lab["ChargePeriodEnd"]) == (
        datetime(2026, 9, 22, tzinfo=UTC),
        datetime(2026, 9, 23, tzinfo=UTC),
    )
    assert (lab["BillingPeriodStart"], lab["BillingPeriodEnd"]) == (
        datetime(2026, 9, 1, tzinfo=UTC),
        datetime(2026, 10, 1, tzinfo=UTC),
    )
    assert (lab["PricingQuantity"], lab["x_Strategy"]) == (Decimal("10.0"), "semantic_cache")


def test_both_files_say_what_the_rows_say(store: Store) -> None:
    kept(store, *LEDGER)
    rows = exported(Questions(store.engine))
    written = {}
    for form in ("csv", "parquet"):
        file = io.BytesIO()
        focus_file.write(rows, focus.COLUMNS, form, file)  # type: ignore[arg-type]
        written[form] = file.getvalue()
    table = pq.read_table(io.BytesIO(written["parquet"]))
    assert table.to_pylist() == rows
    lines = list(csv.DictReader(io.StringIO(written["csv"].decode())))
    assert [Decimal(line["EffectiveCost"]) for line in lines] == [row["EffectiveCost"] for row in rows]
    assert [line["Tags"] for line in lines] == [row["Tags"] for row in rows]
    assert lines[0]["ChargePeriodStart"] == "2026-09-21T00:00:00Z"
    assert not any("E" in line["BilledCost"] for line in lines), dollars(0)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_file_of_nothing_has_its_columns(form: focus_file.FileFormat) -> None:
    file = io.BytesIO()
    focus_file.write([], focus.COLUMNS, form, file)
    head = file.getvalue()
    names = head.decode().strip().split(",") if form == "csv" else pq.read_table(io.BytesIO(head)).column_names
    assert tuple(names) == focus.COLUMNS


def test_what_retention_removed_cannot_be_exported(store: Store) -> None:
    kept(store, entry("e-1", occurred_at=AT - HOUR), entry("e-2"))
    store.forget(AT)
    questions = Questions(store.engine)
    with pytest.raises(
        SetupError, match="raw entries before 2026-09-21T14:00Z are no longer kept: begin there or later"
    ):
        exported(questions)
    assert total(exported(questions, since=AT - AT % HOUR), "EffectiveCost") == 70


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_public_validator_finds_its_own_contradictions_and_nothing_else(
    tmp_path: Path, form: focus_file.FileFormat
) -> None:
    with in_memory() as store:
        kept(store, *LEDGER)
        rows = exported(Questions(store.engine), invoiced=True)
    file = tmp_path / f"focus.{form}"
    with file.open("wb") as to:
        focus_file.write(rows, focus.COLUMNS, form, to)
    try:
        report = validated(file, tmp_path / "report.xml")
    except MissingError as error:
        pytest.skip(str(error))
    assert report.failed <= CONTRADICTIONS, report.failed
    assert report.passed > 150


def test_a_file_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    with in_memory() as store:
        kept(store, *LEDGER)
        rows = [{**row, "ChargeCategory": "Gift"} for row in exported(Questions(store.engine))]
    file = tmp_path / "focus.csv"
    with file.open("wb") as to:
        focus_file.write(rows, focus.COLUMNS, "csv", to)
    try:
        report = validated(file, tmp_path / "report.xml")
    except MissingError as error:
        pytest.skip(str(error))
    assert any(rule.startswith("ChargeCategory") for rule in report.failed)
