"""A ledger that an older release laid out: brought up to date when it is opened, with nothing lost."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite

from agents.ledger import tables
from agents.ledger.fold import apply
from agents.ledger.queries import Totals
from agents.ledger.questions import Questions
from agents.ledger.store import Store
from agents.rollup_key import key_of
from schemas.enums import Verdict
from schemas.errors import ServiceError, SetupError
from schemas.ledger import Decision, RollUp
from tests.fakes.ledger import check
from tests.fakes.records import entry
from tests.services.postgres import PostgresServer

LAYOUTS = Path(__file__).parent / "layouts"
UP_TO_DATE = f"INSERT INTO \"schema_version\" VALUES(1,{tables.VERSION},'cluster-1',NULL);"


@pytest.fixture(params=sorted(tables.UPGRADES))
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file as the release that had this layout left it."""
    file = tmp_path / "ledger.db"
    with closing(sqlite3.connect(file)) as made:
        made.executescript((LAYOUTS / f"{request.param}.sql").read_text())
    return file


@pytest.fixture
def opened(older: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{older}")
    yield store
    store.close()


def dumped(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as read:
        return list(read.iterdump())


def laid_out(store: Store) -> dict[str, list[dict[str, object]]]:
    """Every column of every table and view."""
    found = inspect(store.engine)
    names = [*found.get_table_names(), *found.get_view_names()]
    return {name: [{**column, "type": str(column["type"])} for column in found.get_columns(name)] for name in names}


def test_what_it_holds_is_what_it_held(opened: Store) -> None:
    queries = Questions(opened.engine)
    totals = Totals(entries=3, requests=2, list_cost=200, effective_cost=73, unbilled_cost=9)
    assert queries.entry_totals() == queries.rollup_totals() == totals
    assert [bill.effective_cost for bill in queries.billed()] == [70, 3]
    (old,) = queries.recorded("r-e-1")
    assert (old.decisions, old.verdict) == ([], None)
    (task,) = queries.savings().checked
    assert (task.requests, task.semantic_hits, task.checks, task.wrong_rate) == (2, 1, 0, None)


def test_it_goes_on_where_it_stopped(opened: Store) -> None:
    opened.bind("cluster-1")
    wrong = check("e-4", Verdict.DIFFERENT, decisions=[Decision(stage="cache", choice="hit", why=["near"])])
    stored = opened.rollup(key_of(wrong))
    assert stored is not None
    assert (stored.requests, stored.checks, stored.version) == (1, 0, 1)
    opened.write([wrong], [apply(stored, wrong, 3)])
    queries = Questions(opened.engine)
    assert queries.entry_totals() == queries.rollup_totals()
    assert (queries.rollup_totals().checks, queries.rollup_totals().wrong) == (1, 1)


def test_it_is_laid_out_like_one_that_was_made_anew(opened: Store, tmp_path: Path) -> None:
    anew = Store(f"sqlite:///{tmp_path}/anew.db")
    assert laid_out(opened) == laid_out(anew)
    anew.close()


def test_opening_it_again_changes_nothing(opened: Store, older: Path) -> None:
    once = dumped(older)
    Store(f"sqlite:///{older}").close()
    assert dumped(older) == once
    assert UP_TO_DATE in once


def test_an_upgrade_that_fails_leaves_it_as_it_was(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dumped(older)
    broken = {version: (*statements, "ALTER TABLE nowhere ADD x") for version, statements in tables.UPGRADES.items()}
    monkeypatch.setattr(tables, "UPGRADES", broken)
    with pytest.raises(ServiceError, match="no such table: nowhere"):
        Store(f"sqlite:///{older}")
    assert dumped(older) == before


def test_several_workers_may_open_it_at_once(older: Path) -> None:
    failures: list[Exception] = []
    ready = threading.Barrier(6)

    def work() -> None:
        try:
            ready.wait()
            Store(f"sqlite:///{older}").close()
        except Exception as error:  # the thread's, shown below
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert UP_TO_DATE in dumped(older)


def test_a_worker_of_the_older_release_may_go_on_writing(opened: Store, older: Path) -> None:
    """It names the columns that it knows."""
    with closing(sqlite3.connect(older)) as worker:
        for table, key in (("entries", "entry_id"), ("rollups", "rollup_key")):
            added = {line.split(" ADD COLUMN ")[1].split()[0] for lines in tables.UPGRADES.values() for line in lines}
            known = [column.name for column in tables.metadata.tables[table].columns if column.name not in added]
            row = [f"'{name} of mine'" if name == key else name for name in known]
            worker.execute(f"INSERT INTO {table} ({', '.join(known)}) SELECT {', '.join(row)} FROM {table} LIMIT 1")
        worker.commit()
    queries = Questions(opened.engine)
    assert queries.entry_totals().entries == 4
    assert queries.rollup_totals().checks == 0


@pytest.mark.parametrize("version", [0, tables.VERSION + 1, 99])
def test_a_layout_that_is_not_known_is_refused_and_left_alone(tmp_path: Path, version: int) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    store = Store(url)
    row: RollUp = apply(None, entry(), 1)
    store.write([entry()], [row])
    store.close()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as file:
        file.execute("UPDATE schema_version SET version = ?", (version,))
        file.commit()
    before = dumped(tmp_path / "ledger.db")
    with pytest.raises(
        SetupError, match=f"has layout {version}, this release knows layouts 1 to {tables.VERSION}: use"
    ):
        Store(url)
    assert dumped(tmp_path / "ledger.db") == before


def test_every_layout_before_the_present_one_can_be_upgraded() -> None:
    assert sorted(tables.UPGRADES) == list(range(1, tables.VERSION))
    assert {int(file.stem) for file in LAYOUTS.glob("*.sql")} == set(tables.UPGRADES)


@pytest.mark.parametrize("version", sorted(tables.UPGRADES))
def test_in_postgresql_it_is_brought_up_to_date_as_well(postgres: PostgresServer, version: int) -> None:
    """The tables are written alike for both; the views, which are not, are made anew."""
    url = postgres.database()
    script = [one for one in (LAYOUTS / f"{version}.sql").read_text().split(";\n") if "CREATE VIEW" not in one]
    with psycopg.connect(url.replace("+psycopg", "")) as server:
        # Its rows stand in the order of the tables' names, not in that in which they refer to each other.
        tables_first = sorted(script[1:-1], key=lambda one: ("INSERT" in one, "rollup_savings" in one))
        for statement in tables_first:
            server.execute(statement.encode())
    upgraded, anew = Store(url), Store(postgres.database())
    assert laid_out(upgraded) == laid_out(anew)
    totals = Totals(entries=3, requests=2, list_cost=200, effective_cost=73, unbilled_cost=9)
    assert Questions(upgraded.engine).entry_totals() == Questions(upgraded.engine).rollup_totals() == totals
    for store in (upgraded, anew):
        store.close()


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()])  # type: ignore[no-untyped-call]
def test_what_is_added_is_what_a_new_ledger_has(dialect: object) -> None:
    for statement in (one for statements in tables.UPGRADES.values() for one in statements):
        table, _, column = statement.removeprefix("ALTER TABLE ").partition(" ADD COLUMN ")
        name, kind, *_ = column.split()
        made = tables.metadata.tables[table].columns[name]
        assert made.type.compile(dialect) == kind  # type: ignore[arg-type]
        assert made.nullable == ("NOT NULL" not in column)
