"""``headrace finance``: tokens on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from agents.ledger.store import Store
from streams.cli.main import app
from streams.web.tokens import Tokens


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    file = str(tmp_path / "ledger.db")
    Store(f"sqlite:///{file}").close()
    return file


def finance(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["finance", *arguments])


def known(ledger: str, token: str) -> bool:
    store = Store(f"sqlite:///{ledger}")
    found = Tokens(store.engine, lambda: 0).known(token)
    store.close()
    return found is not None


def test_a_token_is_shown_once(ledger: str) -> None:
    made = finance("token", "create", "--name", "Ana", "--tenant", "bank", "--tenant", "lab", "--ledger", ledger)
    token = made.stdout.strip()
    assert token.startswith("hr_")
    assert known(ledger, token)
    assert "scope read, for bank, lab: it is shown this once" in made.stderr
    assert token not in made.stderr
    listed = finance("token", "list", "--ledger", ledger, "--format", "json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["tenants"], row["scope"]) == ("Ana", ["bank", "lab"], "read")
    assert token not in listed.output
    assert "holds" in finance("token", "list", "--ledger", ledger).stdout


def test_a_token_is_revoked(ledger: str) -> None:
    created = finance(
        "token", "create", "--name", "x", "--every-tenant", "--write", "--ledger", ledger, "--format=json"
    )
    made = json.loads(created.stdout)
    assert (made["tenants"], made["scope"]) == (["*"], "write")
    assert finance("token", "revoke", made["token_id"], "--ledger", ledger).exit_code == 0
    assert not known(ledger, made["token"])
    assert "revoked" in finance("token", "list", "--ledger", ledger).stdout
    unknown = finance("token", "revoke", "nobody", "--ledger", ledger)
    assert unknown.exit_code == 1
    assert "✗ there is no token 'nobody': see headrace finance token list" in unknown.stderr


@pytest.mark.parametrize("days", [3661, 10**30])
def test_a_token_for_longer_than_years_is_refused(ledger: str, days: int) -> None:
    refused = finance("token", "create", "--name", "x", "--every-tenant", "--ledger", ledger, "--days", str(days))
    assert refused.exit_code == 1
    assert f"a token holds for 1 to 3660 days, not for {days}" in refused.stderr.replace("\n", " ")
    made = finance("token", "create", "--name", "x", "--every-tenant", "--ledger", ledger, "--days", "3660")
    assert made.exit_code == 0


@pytest.mark.parametrize("whose", [(), ("--every-tenant", "--tenant", "bank")])
def test_whose_costs_it_may_see_must_be_said(ledger: str, whose: tuple[str, ...]) -> None:
    refused = finance("token", "create", "--name", "x", "--ledger", ledger, *whose)
    assert refused.exit_code == 2
    assert "say whose costs it may see" in refused.stderr
