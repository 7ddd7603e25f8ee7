"""Bearer tokens: who may ask the finance API, of which tenants, and whether to change anything.

A token is ``hr_<id>_<secret>``. The id finds it; of the secret only a SHA-256 is kept. The secret is 256 random bits,
so that there is nothing a slow hash would protect it from: no table holds it and nobody can try them all.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import SQLAlchemyError

from agents.ledger.tables import api_tokens
from schemas.errors import InvalidRequestError, ServiceError, UnknownNameError

PREFIX = "hr"
_SHAPE = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_([A-Za-z0-9_-]{{43}})")
EVERY_TENANT = "*"
DAY_MS = 86_400_000
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

    def create(self, name: str, tenants: Collection[str], scope: Scope = "read", days: int | None = None) -> NewToken:
        """Make a token.

        Args:
            name: whose it is.
            tenants: whose rows it may see; :data:`EVERY_TENANT` for all of them.
            scope: what it may do.
            days: how long it holds; until it is revoked where not given.

        Raises:
            InvalidRequestError: no name, no tenant, or a life of less than a day.
        """
        named = sorted({tenant.strip() for tenant in tenants} - {""})
        if not name.strip() or not named:
            raise InvalidRequestError("a token needs a name, and the tenants whose costs it may see")
        if days is not None and days < 1:
            raise InvalidRequestError(f"a token holds for whole days from 1 on, not for {days}")
        token_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        created_at = self._now()
        made = NewToken(
            token_id=token_id,
            name=name.strip(),
            tenants=[EVERY_TENANT] if EVERY_TENANT in named else named,
            scope=scope,
            created_at=created_at,
            expires_at=None if days is None else created_at + days * DAY_MS,
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
                    expires_at=made.expires_at,
                )
            )
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
        """Let a token hold no longer, from the next request on. Of one that was revoked before nothing changes.

        Raises:
            UnknownNameError: there is no such token.
        """
        fresh = api_tokens.update().where(api_tokens.c.token_id == token_id, api_tokens.c.revoked_at.is_(None))
        with self._transaction() as connection:
            connection.execute(fresh.values(revoked_at=self._now()))
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


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Mapping[Any, Any]) -> Token:
    fields = {name: row[name] for name in Token.__struct_fields__}
    return msgspec.convert(fields | {"tenants": msgspec.json.decode(row["tenants"])}, Token)
