"""``headrace explain``, and what ``savings``, ``spend`` and ``reconcile`` say of a cache that is checked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from agents.ledger.store import Store
from agents.waterfall import NOTHING
from schemas.enums import EntryKind, Source, Verdict
from schemas.ledger import Decision, LedgerEntry, Timings
from schemas.records import PredictionResponse
from streams.accounts import sqlite, write_responses
from streams.cli import explain
from streams.cli.main import app
from tests.fakes.ledger import check, hit, kept
from tests.fakes.records import AT, entry

HIT = [
    Decision(stage="cache", choice="semantic hit by the verifier", why=["it gives 0.988", "[red]30 days[/red]\x1b[2J"]),
    Decision(stage="settlement", choice="first", why=[]),
]
MISS = [Decision(stage="cache", choice="miss", why=["no entry is near"])]
LEDGER = [
    hit("e-1", request_id="hit", decisions=HIT),
    check("c-1", Verdict.DIFFERENT, cost=31_000, request_id="hit", occurred_at=AT + 4321),
    entry("e-2", request_id="miss", decisions=MISS),
    check("c-2", cost=0, request_id="miss", source=Source.ENGINE),
    entry("e-3", request_id="miss", kind=EntryKind.REEXECUTION, waterfall=NOTHING, unbilled_cost=8),
    hit("e-4", request_id="unchecked"),
    entry("e-5", request_id="same"),
    entry("e-6", request_id="same", tenant="lab"),
    hit("e-7", tenant="lab", task="news", request_id="news"),
]


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def ledger(home: Path) -> Path:
    store = Store(sqlite(home / "ledger.db"))
    kept(store, *LEDGER)
    store.close()
    return home / "ledger.db"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_hit_is_explained_from_its_decisions_to_its_check(ledger: Path) -> None:
    found = told("explain", "hit")
    assert (found["request_id"], found["tenant"], found["task"]) == ("hit", "bank", "faq")
    assert (found["checked"], found["verdict"]) == (True, "DIFFERENT")
    answered, checked = found["entries"]
    assert (answered["kind"], answered["source"], answered["verdict"]) == ("RESPONSE", "SEMANTIC_CACHE", None)
    assert answered["decisions"][0] == {"stage": "cache", "choice": HIT[0].choice, "why": HIT[0].why}
    assert answered["effective_cost_nano_usd"] == 3
    (saved,) = (line for line in answered["savings"] if line["strategy"] == "semantic_cache")
    assert (saved["tokens"], saved["gross_nano_usd"], saved["cost_nano_usd"], saved["net_nano_usd"]) == (10, 70, 3, 67)
    assert (checked["kind"], checked["verdict"], checked["effective_cost_nano_usd"]) == ("CHECK", "DIFFERENT", 31_000)
    assert [line["strategy"] for line in checked["costs"]] == ["semantic_cache"]


def test_a_miss_is_not_called_checked_for_what_it_was_compared_with(ledger: Path) -> None:
    found = told("explain", "miss")
    assert (found["checked"], found["verdict"]) == (False, None)
    assert [(one["kind"], one["verdict"]) for one in found["entries"]] == [
        ("RESPONSE", None),
        ("CHECK", "SAME"),
        ("REEXECUTION", None),
    ]
    shown = run("explain", "miss").stdout
    assert "CHECK of what the cache would have served, SAME: the model says the same" in shown
    assert "billed to nobody  0.000000008" in shown


def test_the_explanation_for_people_says_it_all(ledger: Path) -> None:
    shown = run("explain", "hit").stdout
    for part in [
        "hit of bank, task faq, cost centre desk",
        "RESPONSE from SEMANTIC_CACHE, COMPLETED · m · 2026-09-21 14:13:20 UTC",
        "cache: semantic hit by the verifier",
        "it gives 0.988",
        "− semantic_cache  -0.000000067  net of 0.000000003, which it cost",
        "CHECK of the hit, DIFFERENT: the model says something else · m · 2026-09-21 14:13:24 UTC",
        "10 tokens of m, for semantic_cache",
    ]:
        assert part in shown
    assert "not checked" not in shown
    assert "not checked against the model" in run("explain", "unchecked").stdout


def test_what_a_producer_wrote_is_neither_markup_nor_an_escape(ledger: Path) -> None:
    shown = run("explain", "hit").stdout
    assert "[red]30 days[/red]�[2J" in shown
    assert "\x1b" not in shown


def test_a_request_that_is_not_there_is_said_in_one_line(ledger: Path) -> None:
    result = run("explain", "nobody's")
    assert (result.exit_code, result.stdout) == (1, "")
    said = result.stderr.replace("\n", " ")
    assert 'has no entry for request "nobody\'s": either it is not settled yet, or it is on another ledger' in said
    assert "of tenant 'rival'" in run("explain", "hit", "--tenant", "rival").stderr


def test_an_id_of_several_tenants_wants_the_tenant_named(ledger: Path) -> None:
    result = run("explain", "same")
    assert result.exit_code == 1
    assert "is of several tenants, bank, lab: say which by --tenant" in result.stderr.replace("\n", " ")
    assert told("explain", "same", "--tenant", "lab")["tenant"] == "lab"


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_amount_is_cut(
    ledger: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explain, "out", lambda: Console(width=width, highlight=False))
    shown = run("explain", "hit").stdout
    assert max(map(len, shown.splitlines())) <= width
    assert "…" not in shown


def test_savings_say_how_often_a_checked_cache_was_wrong(ledger: Path) -> None:
    found = told("savings")
    measured, unmeasured = found["checked"]
    assert (measured["tenant"], measured["task"], measured["requests"]) == ("bank", "faq", 4)
    assert (measured["semantic_hits"], measured["checks"], measured["wrong"]) == (2, 1, 1)
    assert (measured["wrong_rate"], measured["high"]) == (1.0, 1.0)
    assert 0.2 < measured["low"] < 0.21
    assert (unmeasured["task"], unmeasured["wrong_rate"]) == ("news", None)
    assert (unmeasured["low"], unmeasured["high"]) == (0.0, 1.0)
    (semantic,) = (line for line in found["strategies"] if line["strategy"] == "semantic_cache")
    assert semantic["cost_nano_usd"] == 3 * 3 + 31_000
    net = sum(line["net_nano_usd"] for line in found["strategies"])
    assert found["list_cost_nano_usd"] - net == found["effective_cost_nano_usd"]


def test_savings_for_people_never_call_an_unchecked_cache_right(ledger: Path) -> None:
    shown = run("savings").stdout
    assert "semantic_cache spent 0.000031009 on itself: on embeddings and on checks" in shown
    (measured,) = (line for line in shown.splitlines() if "faq" in line)
    assert "1 of 1" in measured
    assert "100.0% (20.7% to 100.0%)" in measured
    assert "50.0%" in measured
    (unmeasured,) = (line for line in shown.splitlines() if "news" in line)
    assert "not measured yet" in unmeasured
    assert "%" not in unmeasured


def test_savings_are_silent_on_a_cache_that_nobody_has(home: Path) -> None:
    store = Store(sqlite(home / "ledger.db"))
    kept(store, entry("e-1"))
    store.close()
    assert told("savings")["checked"] == []
    shown = run("savings").stdout
    assert "Semantic hits" not in shown
    assert "on itself" not in shown


def test_spend_counts_requests_and_bills_checks(ledger: Path) -> None:
    rows = {row["source"]: row for row in told("spend", "--by", "source")}
    assert (rows["SEMANTIC_CACHE"]["requests"], rows["SEMANTIC_CACHE"]["entries"]) == (3, 4)
    assert rows["SEMANTIC_CACHE"]["effective_cost_nano_usd"] == 3 * 3 + 31_000
    assert (rows["ENGINE"]["requests"], rows["ENGINE"]["entries"]) == (3, 5)


def answered(of: LedgerEntry) -> PredictionResponse:
    return PredictionResponse(
        response_id=of.entry_id,
        request_id=of.request_id,
        tenant=of.tenant,
        task=of.task,
        status=of.status,
        source=of.source,
        text="",
        finish_reason="stop",
        model=of.model,
        cached_from=None,
        error_code=None,
        error_message=None,
        usage=of.usage,
        timings=Timings(),
        waterfall=of.waterfall,
        received_at=of.occurred_at,
        answered_at=of.occurred_at,
    )


def test_reconcile_bills_checks_beside_the_responses(ledger: Path, tmp_path: Path) -> None:
    file = tmp_path / "responses.jsonl"
    write_responses(file, [answered(one) for one in LEDGER if one.kind is EntryKind.RESPONSE])
    found = told("reconcile", "--responses", str(file))
    assert (found["difference_nano_usd"], found["differences"]) == (0, [])
    assert (found["responses"], found["checks"], found["checks_billed_nano_usd"]) == (6, 2, 31_000)
    billed = found["responses_billed_nano_usd"] + found["checks_billed_nano_usd"]
    assert billed == found["entries_billed_nano_usd"] == found["rollups_billed_nano_usd"]
    shown = run("reconcile", "--responses", str(file)).stdout
    assert "+ 2 checks of the cache" in shown
    assert "0.000031000" in shown
    assert "they agree: difference 0" in shown


def test_which_ledger_was_read_is_said_where_nobody_named_one(ledger: Path) -> None:
    assert str(ledger) in run("explain", "hit").stderr.replace("\n", "")
