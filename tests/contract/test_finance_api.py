"""The finance API: who is let in, what they see, and in which form."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow.parquet
import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from streams.web.answers import Form
from tests.fakes.finance import LEDGER, NOW, Finance, finance
from tests.fakes.ledger import Ledgers, entries
from tests.fakes.records import AT, HOUR, entry, predicted

QUESTIONS = ("spend", "trend", "savings", "cache-quality", "budgets", "forecast", "expensive", "unit-costs", "idle")
QUESTIONS += ("anomalies",)
PERIOD = {"forecast": "since=2026-09-01&until=2026-10-01", "anomalies": "since=2026-09-21&until=2026-09-22"}


@pytest.fixture
def served(ledgers: Ledgers) -> Iterator[Finance]:
    with finance(opened=ledgers) as made:
        yield made


def routes(served: Finance) -> list[tuple[str, str]]:
    """Every method and path under /v1, with something in the place of a parameter."""
    found = [route for route in served.client.app.routes if isinstance(route, APIRoute)]  # type: ignore[attr-defined]
    return [(m, re.sub(r"\{.*?\}", "0" * 16, route.path)) for route in found for m in sorted(route.methods)]


def everything(client: TestClient, questions: Iterable[str] = QUESTIONS) -> str:
    """All that a client can read, in every form, as text."""
    parts = []
    for question in questions:
        for by in ("tenant,cost_center,task,model", ""):
            for form in ("json", "csv"):
                response = client.get(f"/v1/{question}?{PERIOD.get(question, '')}&by={by}&format={form}")
                assert response.status_code == 200, response.text
                parts.append(response.text)
        table = pyarrow.parquet.read_table(io.BytesIO(client.get(f"/v1/{question}?format=parquet").content))
        parts.append(str(table.to_pylist()))
    return "\n".join(parts)


def test_every_route_asks_for_a_token(served: Finance) -> None:
    found = routes(served)
    assert {path for _, path in found} >= {f"/v1/{question}" for question in QUESTIONS}
    for method, path in found:
        response = served.client.request(method, path)
        assert (path, response.status_code) == (path, 401)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert response.json()["code"] == "UNAUTHORIZED"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic aGk6aGk=", "Bearer hr_0123456789abcdef_" + "A" * 43]
)
def test_what_is_no_token_is_not_let_in(served: Finance, header: str) -> None:
    assert served.client.get("/v1/spend", headers={"Authorization": header}).status_code == 401


def test_a_token_sees_its_own_tenants_and_no_other(served: Finance) -> None:
    lab, _ = served.asking("lab")
    seen = everything(lab)
    assert "lab-1" in seen
    assert "bank" not in seen
    both, _ = served.asking("lab", "bank")
    every, _ = served.asking("*")
    of_tenants = set(QUESTIONS) - {"budgets"}  # one of them is everybody's
    assert everything(both, of_tenants) == everything(every, of_tenants)
    assert "bank-1" in everything(both)


def test_asking_for_anothers_rows_finds_none(served: Finance) -> None:
    lab, _ = served.asking("lab")
    for question in QUESTIONS:
        response = lab.get(f"/v1/{question}?tenant=bank&{PERIOD.get(question, '')}")
        assert response.status_code == 200
        assert "bank" not in response.text
    assert lab.get("/v1/spend?tenant=bank").json()[0]["entries"] == 0
    assert lab.get("/v1/expensive?tenant=bank&tenant=lab").json()[0]["tenant"] == "lab"


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(1, 12).flatmap(lambda size: st.tuples(*(entries(number) for number in range(size)))))
def test_the_tenants_spends_are_parts_of_the_whole(ledger: tuple[Any, ...]) -> None:
    with finance(*ledger) as served:
        (whole,) = served.asking("*")[0].get("/v1/spend").json()
        parts = [served.asking(tenant)[0].get("/v1/spend").json()[0] for tenant in ("bank", "lab")]
        for name in ("entries", "requests", "list_cost", "effective_cost", "unbilled_cost", "prompt_tokens"):
            assert sum(part[name] for part in parts) == whole[name]
        lab = sum(one.waterfall.effective_cost for one in ledger if one.tenant == "lab")
        assert parts[1]["effective_cost"] == lab


def test_focus_is_confined_and_adds_up(served: Finance) -> None:
    client, _ = served.asking("lab")
    text = client.get("/v1/focus?since=2026-09-01").text
    assert "lab-desk" in text
    assert "bank" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    paid = sum(one.waterfall.effective_cost for one in LEDGER if one.tenant == "lab")
    assert sum(Decimal(row["EffectiveCost"]) for row in rows) * 10**9 == paid
    assert {Decimal(row["BilledCost"]) for row in rows} == {0}
    file = client.get("/v1/focus?since=2026-09-01&format=parquet")
    assert file.headers["Content-Disposition"] == 'attachment; filename="headrace-focus.parquet"'
    assert (
        sum(row["EffectiveCost"] for row in pyarrow.parquet.read_table(io.BytesIO(file.content)).to_pylist()) * 10**9
        == paid
    )
    assert "lab-desk" not in client.get("/v1/focus?since=2026-09-01&tenant=bank").text
    assert client.get("/v1/focus?since=2026-01-01").status_code == 422


def test_focus_begins_where_the_raw_entries_do(served: Finance) -> None:
    client, _ = served.asking("lab")
    served.store.forget(AT + HOUR)
    response = client.get("/v1/focus?since=2026-09-01")
    assert response.status_code == 422
    assert "are no longer kept: begin there or later" in response.json()["message"]


def test_money_is_exact_in_every_form(served: Finance) -> None:
    """2⁴⁰ nano-dollars beside 7 of them: no form rounds."""
    client, _ = served.asking("bank")
    costs = sum(one.waterfall.effective_cost for one in LEDGER if one.tenant == "bank")
    lists = sum(one.waterfall.list_cost for one in LEDGER if one.tenant == "bank")
    (spent,) = client.get("/v1/spend").json()
    assert (spent["effective_cost"], spent["list_cost"]) == (costs, lists)
    (row,) = csv.DictReader(io.StringIO(client.get("/v1/spend?format=csv").text))
    assert Decimal(row["effective_cost_usd"]) * 10**9 == costs
    assert re.fullmatch(r"\d+\.\d{9}", row["list_cost_usd"])
    table = pyarrow.parquet.read_table(io.BytesIO(client.get("/v1/spend?format=parquet").content))
    (row,) = table.to_pylist()
    assert row["list_cost_usd"] * 10**9 == lists


def test_the_waterfall_adds_up(served: Finance) -> None:
    found = served.asking("*")[0].get("/v1/savings").json()
    assert found["list_cost"] - sum(line["net"] for line in found["strategies"]) == found["effective_cost"]


def test_the_error_of_the_cache_is_held_against_the_bound(served: Finance) -> None:
    (row,) = served.asking("bank")[0].get("/v1/cache-quality").json()
    assert (row["requests"], row["semantic_hits"], row["checks"], row["wrong"]) == (3, 1, 1, 1)
    assert row["bound"] == 0.01
    assert row["error"] == pytest.approx(row["semantic_hits"] / row["requests"])
    assert 0 < row["error_low"] < row["error"] <= row["error_high"] <= 1


def test_a_budget_is_what_is_left_of_it(served: Finance) -> None:
    client, _ = served.asking("lab")
    found = {row["period"]: row for row in client.get("/v1/budgets").json()}
    assert found.keys() == {"day", "hour"}
    spent = sum(one.waterfall.effective_cost for one in LEDGER if one.tenant == "lab")
    assert (found["day"]["spent"], found["day"]["left"]) == (spent, 1_000_000_000 - spent)
    assert found["day"]["left"] < 0
    assert found["hour"]["since"] == NOW - NOW % HOUR
    assert (found["hour"]["spent"], found["hour"]["expected"], found["hour"]["left"]) == (0, 0, 50)
    assert client.get("/v1/budgets?tenant=bank").json() == []
    every = [row["name"] for row in served.asking("*")[0].get("/v1/budgets?tenant=bank").json()]
    assert sorted(every) == ["all", "bank-month"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("spend?by=colour", "cannot be grouped by 'colour'"),
        ("spend?by=day,task,day", "cannot be grouped by 'day' twice"),
        ("spend?since=yesterday", "since: Input should be a valid datetime"),
        ("spend?since=1066-10-14", "since: Value error, must lie between 2000 and 2200"),
        ("spend?tenant=a%00b", "tenant.0: String should match pattern"),
        ("forecast?since=2026-01-01&until=2027-06-01", "longer than 366 days"),
        ("anomalies?since=2026-01-01", "longer than 92 days"),
        ("forecast?since=2026-10-01&until=2026-09-01", "ends before it begins"),
        ("expensive?limit=0", "limit: Input should be greater than or equal to 1"),
        ("trend?format=xml", "format: Input should be 'json', 'csv' or 'parquet'"),
    ],
)
def test_what_cannot_be_asked_is_said(served: Finance, query: str, said: str) -> None:
    response = served.asking("lab")[0].get(f"/v1/{query}")
    assert response.status_code == 422
    assert said in response.json()["message"]


def test_a_read_token_changes_nothing(served: Finance) -> None:
    client, mine = served.asking("lab")
    before = served.tokens.all()
    wanted = {"name": "x", "tenants": ["lab"]}
    assert client.get("/v1/tokens").status_code == 403
    assert client.post("/v1/tokens", json=wanted).status_code == 403
    assert client.delete(f"/v1/tokens/{mine.token_id}").status_code == 403
    assert served.tokens.all() == before
    assert client.get("/v1/token").json() == {
        "token_id": mine.token_id,
        "name": "somebody",
        "tenants": ["lab"],
        "scope": "read",
        "created_at": NOW,
        "expires_at": None,
        "revoked_at": None,
    }


def test_a_write_token_gives_no_more_than_it_has(served: Finance) -> None:
    client, _ = served.asking("lab", write=True)
    _, banks = served.asking("bank")
    for tenants in (["bank"], ["lab", "bank"], ["*"]):
        assert client.post("/v1/tokens", json={"name": "x", "tenants": tenants}).status_code == 403
    made = client.post("/v1/tokens", json={"name": "Ana", "tenants": ["lab"], "days": 7})
    assert made.status_code == 201
    assert served.tokens.known(made.json()["token"]) is not None
    assert {one["name"] for one in client.get("/v1/tokens").json()} == {"somebody", "Ana"}
    assert banks.token_id not in client.get("/v1/tokens").text
    assert client.delete(f"/v1/tokens/{banks.token_id}").status_code == 404
    assert served.tokens.known(banks.token) is not None
    assert client.delete(f"/v1/tokens/{made.json()['token_id']}").status_code == 200
    assert served.tokens.known(made.json()["token"]) is None


def test_what_a_token_made_ends_with_it(served: Finance) -> None:
    maker = served.tokens.create("Ana", ["lab"], "write", days=1)
    client = TestClient(served.client.app, headers={"Authorization": f"Bearer {maker.token}"})
    wanted = {"name": "Ben", "tenants": ["lab"]}
    made = client.post("/v1/tokens", json=wanted).json()
    assert made["expires_at"] == maker.expires_at
    refused = client.post("/v1/tokens", json=wanted | {"days": 2})
    assert (refused.status_code, "ask for at most 1" in refused.json()["message"]) == (422, True)
    served.tokens.revoke(maker.token_id)
    assert served.tokens.known(made["token"]) is None


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"name": "x", "tenants": []},
        {"name": "x\0", "tenants": ["lab"]},
        {"name": "\ud800", "tenants": ["lab"]},
        {"name": "x", "tenants": ["lab"], "scope": "all"},
        {"name": "x", "tenants": ["lab"], "days": 0},
        {"name": "x", "tenants": ["lab"], "secret": "mine"},
    ],
)
def test_a_token_that_cannot_be_made_is_said(served: Finance, wanted: dict[str, Any]) -> None:
    client, _ = served.asking("lab", write=True)
    body = json.dumps(wanted)
    assert client.post("/v1/tokens", content=body, headers={"Content-Type": "application/json"}).status_code == 422
    assert len(served.tokens.all()) == 1


def test_each_token_has_its_own_rate() -> None:
    with finance(per_minute=3) as served:
        client, _ = served.asking("lab")
        other, _ = served.asking("lab")
        assert [client.get("/v1/token").status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = client.get("/v1/token")
        assert refused.json() == {"code": "TOO_MANY_REQUESTS", "message": "more than 3 requests in a minute"}
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert other.get("/v1/token").status_code == 200


def test_whoever_guesses_is_slowed_down(served: Finance) -> None:
    statuses = [served.client.get("/v1/token").status_code for _ in range(40)]
    assert statuses == [401] * 30 + [429] * 10


def test_a_token_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Not from where it belongs, and not from where somebody may put it by mistake."""
    with finance() as served:
        caplog.set_level(logging.DEBUG)
        client, made = served.asking("lab", write=True)
        client.get("/v1/spend")
        client.get(f"/v1/spend?token={made.token}&by={made.token}&tenant={made.token}")
        client.get(f"/v1/tokens/{made.token}")
        client.delete(f"/v1/tokens/{made.token}")
        client.get(f"/{made.token}")
        client.post("/v1/tokens", json={"name": made.token, "tenants": ["lab"], "token": made.token})
        client.post("/v1/tokens", content=made.token)
        served.client.get("/v1/spend", headers={"Authorization": f"Basic {made.token}"})
        with served.store.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE api_tokens RENAME TO gone")
        assert client.get("/v1/spend").status_code == 503
        ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
        assert "GET /v1/spend 200" in ours
        assert "GET /v1/spend 503" in ours
        assert made.token_id in ours
        assert made.token not in ours
        assert made.token.rpartition(f"{made.token_id}_")[2] not in ours


def test_a_ledger_that_is_away_is_said_without_where_it_is() -> None:
    with finance() as served:
        client, _ = served.asking("lab")
        with served.store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE rollup_savings")
        response = client.get("/v1/savings")
        assert response.status_code == 503
        assert response.json() == {
            "code": "SERVICE",
            "message": "the ledger cannot be read just now; the service's log says why",
        }


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    bad = entry("e-1", tenant="=cmd|' /C calc'!A0", request_id="+1", model="@x", cost_center="-2", task="ok")
    with finance(bad) as served:
        client, _ = served.asking("*")
        text = client.get("/v1/expensive?format=csv").text
        (row,) = csv.DictReader(io.StringIO(text))
    assert (row["tenant"], row["request_id"], row["model"], row["cost_center"], row["task"]) == (
        "'=cmd|' /C calc'!A0",
        "'+1",
        "'@x",
        "'-2",
        "ok",
    )


def test_a_negative_amount_is_no_formula() -> None:
    costly = entry("e-1", waterfall=predicted(70))
    with finance(costly) as served:
        rows = served.asking("*")[0].get("/v1/trend?format=csv").text
    assert "'" not in rows


@pytest.mark.parametrize("form", [Form.CSV, Form.PARQUET])
def test_a_table_is_something_to_save(served: Finance, form: Form) -> None:
    response = served.asking("lab")[0].get(f"/v1/trend?by=tenant,hour&format={form}")
    assert response.headers["Content-Disposition"] == f'attachment; filename="headrace-trend.{form}"'


def test_an_empty_table_has_its_columns(served: Finance) -> None:
    client, _ = served.asking("nobody")
    table = pyarrow.parquet.read_table(io.BytesIO(client.get("/v1/trend?by=tenant&format=parquet").content))
    assert table.num_rows == 0
    assert table.column_names[:2] == ["tenant", "at"]
    assert str(table.schema.field("effective_cost_usd").type) == "decimal128(38, 9)"
    assert str(table.schema.field("at").type) == "timestamp[ms, tz=UTC]"


def test_periods_are_hours_of_the_ledger(served: Finance) -> None:
    client, _ = served.asking("bank")
    assert client.get("/v1/spend?since=2026-09-21T15:00:00Z").json()[0]["entries"] == 1
    assert client.get("/v1/spend?since=2026-09-21T17:30:00%2B02:00").json()[0]["entries"] == 1
    assert client.get("/v1/spend?until=2026-09-21T15:00:00").json()[0]["entries"] == 4
    assert AT // HOUR * HOUR == 1_789_999_200_000


def test_every_answer_forbids_what_the_console_does_not_need(served: Finance) -> None:
    for path in ("/", "/main.js", "/v1/spend", "/nope", "/openapi.json"):
        headers = served.client.get(path).headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert (headers.get("Cache-Control") == "no-store") == path.startswith("/v1")


def test_the_document_describes_every_answer(served: Finance) -> None:
    document = served.client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', served.client.get("/openapi.json").text))
    assert refs <= schemas.keys()
    assert "x-components" not in served.client.get("/openapi.json").text
    assert schemas["Spend"]["description"] == "The totals of one group."
    assert schemas["Spend"]["properties"]["effective_cost"]["type"] == "integer"
