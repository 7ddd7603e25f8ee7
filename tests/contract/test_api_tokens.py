"""Tokens of the finance API."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event, select

from agents.ledger.store import Store
from agents.ledger.tables import api_tokens
from schemas.errors import InvalidRequestError, ServiceError, UnknownNameError
from streams.web.tokens import DAY_MS, Token, Tokens
from tests.fakes.ledger import in_memory


class Clock:
    ms = 1_900_000_000_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(store: Store, clock: Clock) -> Tokens:
    return Tokens(store.engine, clock)


def test_a_token_is_known_by_all_of_it(tokens: Tokens) -> None:
    made = tokens.create("Ana", ["lab", " bank ", "lab"], "write")
    found = tokens.known(made.token)
    assert found is not None
    assert (found.token_id, found.name, found.tenants, found.scope) == (made.token_id, "Ana", ["bank", "lab"], "write")
    other = tokens.create("Ben", ["lab"])
    swapped = f"hr_{made.token_id}_{other.token.rpartition('_')[2]}"
    last = "A" if made.token[-2] != "A" else "B"
    altered = made.token[:-2] + last + made.token[-1]
    for wrong in (swapped, altered, made.token[:-1], made.token + "A", made.token.upper(), f" {made.token}", ""):
        assert tokens.known(wrong) is None


@given(st.text())
def test_nothing_else_is_a_token(presented: str) -> None:
    # The engine is never reached: what has not a token's shape is none.
    assert Tokens(None, lambda: 0).known(presented) is None  # type: ignore[arg-type]


def test_no_secret_is_kept(tokens: Tokens, store: Store) -> None:
    made = tokens.create("Ana", ["lab"])
    tokens.create("Ben", ["*"])
    with store.engine.connect() as connection:
        kept = str(connection.execute(select(api_tokens)).all())
    assert made.token_id in kept
    assert made.token.removeprefix(f"hr_{made.token_id}_") not in kept
    assert not hasattr(tokens.all()[0], "token")


def test_no_secret_is_in_the_file(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/ledger.db")
    made = Tokens(store.engine, lambda: 0).create("Ana", ["lab"])
    written = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    store.close()
    assert made.token_id.encode() in written
    assert made.token.rpartition(f"{made.token_id}_")[2].encode() not in written


def test_a_revoked_token_holds_no_longer(tokens: Tokens, clock: Clock) -> None:
    made = tokens.create("Ana", ["lab"])
    clock.ms += 5
    assert tokens.revoke(made.token_id).revoked_at == clock.ms
    assert tokens.known(made.token) is None
    clock.ms += 5
    assert tokens.revoke(made.token_id).revoked_at == clock.ms - 5
    with pytest.raises(UnknownNameError, match="there is no token '0000000000000000': see headrace finance token list"):
        tokens.revoke("0" * 16)


def test_a_token_expires_to_the_millisecond(tokens: Tokens, clock: Clock) -> None:
    made = tokens.create("Ana", ["lab"], days=2)
    clock.ms += 2 * DAY_MS - 1
    assert tokens.known(made.token) is not None
    clock.ms += 1
    assert tokens.known(made.token) is None
    assert [one.token_id for one in tokens.all()] == [made.token_id]


@given(
    st.none() | st.integers(1, 3), st.integers(0, 2 * DAY_MS), st.none() | st.integers(1, 5), st.integers(0, 6 * DAY_MS)
)
def test_a_token_holds_no_longer_than_its_maker(life: int | None, age: int, days: int | None, later: int) -> None:
    clock = Clock()
    with in_memory() as store:
        tokens = Tokens(store.engine, clock)
        maker = tokens.create("Ana", ["lab"], "write", life)
        clock.ms += age
        try:
            made = tokens.create("Ben", ["lab"], days=days, maker=maker)
        except InvalidRequestError:
            assert maker.expires_at is not None
            assert maker.expires_at < clock.ms + (days or 0) * DAY_MS or not maker.holds(clock.ms)
            return
        clock.ms += later
        assert not tokens.known(made.token) or tokens.known(maker.token)
        if days is None:
            assert made.expires_at == maker.expires_at


def test_a_life_beyond_the_makers_is_refused(tokens: Tokens, clock: Clock) -> None:
    maker = tokens.create("Ana", ["lab"], "write", days=2)
    clock.ms += 1
    with pytest.raises(InvalidRequestError, match="ask for at most 1, or leave days out, and it holds as long"):
        tokens.create("Ben", ["lab"], days=2, maker=maker)
    assert [one.name for one in tokens.all()] == ["Ana"]


def test_what_a_revoked_token_made_is_revoked_with_it(tokens: Tokens) -> None:
    maker = tokens.create("Ana", ["lab"], "write")
    child = tokens.create("Ben", ["lab"], "write", maker=maker)
    grandchild = tokens.create("Cleo", ["lab"], maker=child)
    others = [
        tokens.create("Dan", ["lab"]),
        tokens.create("Eve", ["lab"], maker=tokens.create("Fay", ["lab"], "write")),
    ]
    tokens.revoke(maker.token_id)
    assert [tokens.known(one.token) for one in (maker, child, grandchild)] == [None, None, None]
    assert all(tokens.known(one.token) for one in others)


def test_who_revokes_a_token_waits_for_what_it_is_making(store: Store, ledger_url: str, clock: Clock) -> None:
    tokens = Tokens(store.engine, clock)
    maker = tokens.create("Ana", ["lab"], "write")
    impatience = {"timeout": 0} if "sqlite" in ledger_url else {"options": "-c lock_timeout=1"}
    impatient = create_engine(ledger_url, connect_args=impatience)

    def meanwhile(_: Connection) -> None:
        with pytest.raises(ServiceError, match="lock"):
            Tokens(impatient, clock).revoke(maker.token_id)

    event.listen(store.engine, "commit", meanwhile, once=True)
    made = tokens.create("Ben", ["lab"], maker=maker)
    tokens.revoke(maker.token_id)
    assert tokens.known(made.token) is None
    impatient.dispose()


def test_a_token_that_was_revoked_meanwhile_makes_none(tokens: Tokens) -> None:
    maker = tokens.create("Ana", ["lab"], "write")
    tokens.revoke(maker.token_id)
    with pytest.raises(InvalidRequestError, match="the token that was to make this one holds no longer"):
        tokens.create("Ben", ["lab"], maker=maker)
    assert [one.name for one in tokens.all()] == ["Ana"]


@pytest.mark.parametrize(("name", "tenants", "days"), [("", ["lab"], None), ("Ana", [" "], None), ("Ana", ["lab"], 0)])
def test_a_token_for_nobody_is_refused(tokens: Tokens, name: str, tenants: list[str], days: int | None) -> None:
    with pytest.raises(InvalidRequestError):
        tokens.create(name, tenants, days=days)
    assert tokens.all() == []


def test_every_tenant_swallows_the_others(tokens: Tokens) -> None:
    made = tokens.create("CFO", ["lab", "*"])
    assert made.tenants == ["*"]
    assert made.every_tenant


@given(st.sets(st.sampled_from("abcd*")), st.sets(st.sampled_from("abcd*"), min_size=1))
def test_a_token_covers_what_it_sees_and_no_more(mine: set[str], wanted: set[str]) -> None:
    token = Token(token_id="0", name="n", tenants=sorted(mine), scope="read", created_at=0)
    assert token.covers(wanted) == ("*" in mine or wanted <= mine)


def test_a_database_that_is_away_is_said_without_what_was_presented(tokens: Tokens, store: Store) -> None:
    made = tokens.create("Ana", ["lab"])
    with store.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE api_tokens RENAME TO gone")
    with pytest.raises(ServiceError, match=r"the tokens in .* cannot be used") as raised:
        tokens.known(made.token)
    assert made.token_id not in str(raised.value)
    assert raised.value.__suppress_context__
