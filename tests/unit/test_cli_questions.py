"""``headrace forecast`` and ``headrace anomalies``: which days and hours they are of."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from agents.ledger.anomaly import WEEK_MS
from agents.ledger.questions import complete_hours, whole_days
from agents.ledger.store import Store
from schemas.ledger import LedgerEntry
from streams.accounts import sqlite
from streams.cli.main import app
from tests.fakes.ledger import kept
from tests.fakes.records import AT, HOUR, entry, predicted

DAY = 24 * HOUR
INSTANTS = st.integers(0, 2 * AT)


pytestmark = pytest.mark.usefixtures("home")


def told(home: Path, ledger: list[LedgerEntry], *arguments: str) -> Any:
    store = Store(sqlite(home / "ledger.db"))
    kept(store, *ledger)
    store.close()
    result = CliRunner().invoke(app, [*arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def written(at: int) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_a_forecast_that_begins_or_ends_within_a_day_is_of_all_of_it(home: Path) -> None:
    first = AT - AT % DAY
    ledger = [entry("e-1", occurred_at=first + HOUR, waterfall=predicted(700)), entry("e-2", occurred_at=first + DAY)]
    period = ("--since", written(first + 12 * HOUR), "--until", written(first + 2 * DAY + HOUR))
    found = told(home, ledger, "forecast", *period, "--at", written(first + 3 * DAY), "--budget", "0.000000650")
    assert (found["since"], found["until"]) == (first, first + 3 * DAY)
    assert (found["spent_nano_usd"], found["exhausted_at"]) == (770, first)


def test_an_hour_that_is_still_to_come_is_no_anomaly(home: Path) -> None:
    now = time.time_ns() // 1_000_000
    hours = range(now - now % HOUR - 6 * 7 * DAY, now + 2 * HOUR, HOUR)
    ledger = [entry(f"e-{hour}", occurred_at=hour, waterfall=predicted(1000)) for hour in hours]
    assert told(home, ledger, "anomalies", "--until", written(now + DAY)) == []


@given(INSTANTS, INSTANTS)
def test_a_period_of_whole_days_holds_the_one_that_was_asked_for(since: int, until: int) -> None:
    begin, end = whole_days(since, until)
    assert begin % DAY == end % DAY == 0
    assert begin <= since < begin + DAY
    assert end - DAY < until <= end


@given(st.none() | INSTANTS, st.none() | INSTANTS, INSTANTS)
def test_hours_that_are_over_are_all_that_is_looked_at(since: int | None, until: int | None, now: int) -> None:
    begin, end = complete_hours(since, until, now)
    assert begin % HOUR == end % HOUR == 0
    assert end <= now
    assert (end < now - HOUR) <= (until is not None and until <= end)
    assert begin == end - WEEK_MS if since is None else begin <= since < begin + HOUR


def test_no_more_of_the_dearest_are_asked_for_than_a_database_can_look_up(home: Path) -> None:
    dear = entry("e-1", waterfall=predicted(700))
    (found,) = told(home, [dear], "expensive", "--limit", "10000")
    assert found["request_id"] == dear.request_id
    refused = CliRunner().invoke(app, ["expensive", "--limit", str(2**63)])
    assert refused.exit_code == 2
    assert "10000" in refused.stderr
