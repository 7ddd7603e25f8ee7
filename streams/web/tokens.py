"""Bearer tokens: who may ask the finance API, of which tenants, and whether to change anything.

A token is ``hr_<id>_<secret>``. The id finds it; of the secret only a SHA-256 is kept. The secret is 256 random bits,
so that there is nothing a slow hash would protect it from: no table holds it and nobody can try them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from agents.ledger.tables import api_token_makers, api_tokens
from schemas.errors import InvalidRequestError, ServiceError, UnknownNameError

PREFIX = "hr"
_SHAPE = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
EVERY_TENANT = "*"
DAY_MS = 86_400_000
LONGEST_DAYS = 3660
"""How long a token may hold, unless it does so until it is revoked."""
_ID_BYTES, _SECRET_BYTES = 8, 32
_NO_HASH = "0" * 64

Scope = Literal["read", "write"]
"""``write`` may also make and revoke tokens, of its own tenants."""


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a token: all but its secret. Times are UTC epoch milliseconds."""

    token_id: str
    name: str
    """Whose it is, as whoever made it wrote."""
    tenants: list[str]
    """Whose rows it may see; ``*`` alone is every tenant."""
    scope: Scope
    created_at: int
    expires_at: int | None = None
    revoked_at: int | None = None

    @property
    def every_tenant(self) -> bool:
        """Whether it may see the whole ledger."""
        return EVERY_TENANT in self.tenants

    def covers(self, tenants: Collection[str]) -> bool:
        """Whether it may see all of these."""
        return self.every_tenant or set(tenants) <= set(self.tenants)

    def holds(self, now: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class NewToken(Token, frozen=True, kw_only=True):
    """A token that was just made."""

    token: str
    """What to send as ``Authorization: Bearer …``. It is shown this once."""


class Tokens:
    """The tokens of a ledger. Calls block; they are safe from any thread.

    Every method raises ServiceError where the database cannot be reached.

    Args:
        engine: the ledger's database.
        now: the time, in UTC epoch milliseconds.
    """

    def __init__(self, engine: Engine, now: Callable[[], int]) -> None:
        self._engine = engine
        self._now = now

    def create(
        self,
        name: str,
        tenants: Collection[str],
        scope: Scope = "read",
        days: int | None = None,
        maker: Token | None = None,
    ) -> NewToken:
        """Make a token.

        Args:
            name: whose it is.
            tenants: whose rows it may see; :data:`EVERY_TENANT` for all of them.
            scope: what it may do.
            days: how long it holds; as long as its maker where not given, and until it is revoked where there is none.
            maker: the token that makes it, and that it ends with.

        Raises:
            InvalidRequestError: no name, no tenant, a life of less than a day, of more than :data:`LONGEST_DAYS` or
                beyond its maker's, or a maker that holds no longer.
        """
        named = sorted({tenant.strip() for tenant in tenants} - {""})
        if not name.strip() or not named:
            raise InvalidRequestError("a token needs a name, and the tenants whose costs it may see")
        if days is not None and not 1 <= days <= LONGEST_DAYS:
            raise InvalidRequestError(f"a token holds for 1 to {LONGEST_DAYS} days, not for {days}")
        token_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        created_at = self._now()
        expires_at = _end(created_at, days, None if maker is None else maker.expires_at)
        made = NewToken(
            token_id=token_id,
            name=name.strip(),
            tenants=[EVERY_TENANT] if EVERY_TENANT in named else named,
            scope=scope,
            created_at=created_at,
            expires_at=expires_at,
            token=f"{PREFIX}_{token_id}_{secret}",
        )
        with self._transaction() as connection:
            connection.execute(
                api_tokens.insert().values(
                    token_id=token_id,
                    name=made.name,
                    secret_hash=_hash(secret),
                    tenants=msgspec.json.encode(made.tenants).decode(),
                    scope=scope,
                    created_at=created_at,
                    expires_at=expires_at,
                )
            )
            if maker is not None:
                connection.execute(api_token_makers.insert().values(token_id=token_id, made_by=maker.token_id))
                # Whoever revokes the maker now waits for this transaction, and then finds what it made: in SQLite
                # because of the insert, in PostgreSQL because of the lock on the maker's row.
                found = select(api_tokens).where(api_tokens.c.token_id == maker.token_id).with_for_update(read=True)
                if not _token(connection.execute(found).mappings().one()).holds(created_at):
                    raise InvalidRequestError("the token that was to make this one holds no longer")
        return made

    def known(self, presented: str) -> Token | None:
        """The token that somebody presents, where it is one of ours and holds.

        How long it takes tells nothing of a secret: hashes are compared, in constant time.
        """
        shaped = _SHAPE.fullmatch(presented)
        if shaped is None:
            return None
        token_id, secret = shaped.groups()
        with self._transaction() as connection:
            row = connection.execute(select(api_tokens).where(api_tokens.c.token_id == token_id)).mappings().first()
        same = hmac.compare_digest(_hash(secret), row["secret_hash"] if row is not None else _NO_HASH)
        if row is None or not same:
            return None
        token = _token(row)
        return token if token.holds(self._now()) else None

    def all(self) -> list[Token]:
        """Every token ever made, the newest first."""
        with self._transaction() as connection:
            query = select(api_tokens).order_by(api_tokens.c.created_at.desc(), api_tokens.c.token_id)
            return [_token(row) for row in connection.execute(query).mappings()]

    def named(self, token_id: str) -> Token | None:
        """The token of that id."""
        with self._transaction() as connection:
            row = connection.execute(select(api_tokens).where(api_tokens.c.token_id == token_id)).mappings().first()
        return None if row is None else _token(row)

    def revoke(self, token_id: str) -> Token:
        """Let a token hold no longer, from the next request on, nor any that it made, nor any that those made.

        Of one that was revoked before nothing changes.

        Raises:
            UnknownNameError: there is no such token.
        """
        ended: Sequence[str] = [token_id]
        with self._transaction() as connection:
            while ended:
                fresh = api_tokens.update().where(api_tokens.c.token_id.in_(ended), api_tokens.c.revoked_at.is_(None))
                connection.execute(fresh.values(revoked_at=self._now()))
                made = select(api_token_makers.c.token_id).where(api_token_makers.c.made_by.in_(ended))
                ended = connection.scalars(made).all()
        revoked = self.named(token_id)
        if revoked is None:
            raise UnknownNameError(f"there is no token {token_id!r}: see headrace finance token list")
        return revoked

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            # Without the statement's values: among them may be what somebody presented.
            cause = getattr(error, "orig", None) or type(error).__name__
            raise ServiceError(f"the tokens in {self._engine.url!r} cannot be used: {cause}") from None


def _end(created_at: int, days: int | None, makers: int | None) -> int | None:
    """When a token expires whose maker expires at ``makers``; times are UTC epoch milliseconds, None is never."""
    if days is None:
        return makers
    wanted = created_at + days * DAY_MS
    if makers is not None and wanted > makers:
        raise InvalidRequestError(
            f"a token ends with the one that makes it, which is before {days} days have passed: "
            f"ask for at most {(makers - created_at) // DAY_MS}, or leave days out, and it holds as long"
        )
    return wanted


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Mapping[Any, Any]) -> Token:
    fields = {name: row[name] for name in Token.__struct_fields__}
    return msgspec.convert(fields | {"tenants": msgspec.json.decode(row["tenants"])}, Token)
