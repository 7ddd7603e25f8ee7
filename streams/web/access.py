"""Who asks, how often they may, and what they see: each request passes here, and gets its questions from here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Annotated, NamedTuple, NoReturn

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import Engine

from agents.budgets.budget import Budget
from agents.ledger.questions import Questions
from streams.web.terms import NO_TERMS, Terms
from streams.web.tokens import EVERY_TENANT, Token, Tokens

PER_MINUTE = 240
"""Requests of one token in a minute, unless told otherwise."""
_MISTAKES = RateLimitItemPerMinute(30)
"""Of one address: requests without a token that holds."""


class Reader(NamedTuple):
    """Whoever asked, as far as an endpoint needs to know."""

    token: Token
    questions: Questions
    """Confined to the token's tenants: an endpoint has no other way to the ledger."""
    budgets: Sequence[Budget]
    """Those of the token's tenants; of budgets that every tenant shares, none but for a token that sees them all."""


class Access:
    """Lets requests in. Calls block; they are safe from any thread.

    Args:
        engine: the ledger's database.
        tokens: who may ask.
        now: the time, in UTC epoch milliseconds.
        terms: what the policy allows.
        per_minute: requests of one token.
    """

    def __init__(
        self,
        engine: Engine,
        tokens: Tokens,
        now: Callable[[], int],
        *,
        terms: Terms = NO_TERMS,
        per_minute: int = PER_MINUTE,
    ) -> None:
        self.tokens = tokens
        self.now = now
        self.terms = terms
        self._engine = engine
        self._each = RateLimitItemPerMinute(per_minute)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def admit(self, presented: str | None, address: str) -> Reader:
        """The reader whose token was presented.

        Raises:
            HTTPException: 401 for a token that does not hold, 429 for too many requests.
        """
        token = self.tokens.known(presented) if presented else None
        if token is None:
            if not self._limiter.hit(_MISTAKES, address):
                self._too_many(_MISTAKES, address)
            raise HTTPException(
                401,
                "send a token that holds as Authorization: Bearer …; headrace finance token create makes one",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if not self._limiter.hit(self._each, token.token_id):
            self._too_many(self._each, token.token_id)
        questions = Questions(self._engine, None if token.every_tenant else token.tenants)
        budgets = [one for one in self.terms.budgets if token.covers([one.tenant or EVERY_TENANT])]
        return Reader(token, questions, budgets)

    def _too_many(self, limit: RateLimitItem, who: str) -> NoReturn:
        again = math.ceil(self._limiter.get_window_stats(limit, who).reset_time - time.time())
        raise HTTPException(
            429, f"more than {limit.amount} requests in a minute", headers={"Retry-After": str(max(1, again))}
        )


def access(request: Request) -> Access:
    """The service's."""
    found: Access = request.app.state.access
    return found


def reader(
    request: Request,
    access: Annotated[Access, Depends(access)],
    presented: Annotated[
        HTTPAuthorizationCredentials | None,
        Security(HTTPBearer(auto_error=False, scheme_name="token", description="From headrace finance token create.")),
    ],
) -> Reader:
    """Whoever asks."""
    found = access.admit(presented.credentials if presented else None, request.client.host if request.client else "")
    request.scope["headrace.token"] = found.token.token_id
    return found


def writer(reader: Annotated[Reader, Depends(reader)]) -> Reader:
    """Whoever asks, where they may change something."""
    if reader.token.scope != "write":
        raise HTTPException(403, "this needs a token of scope write")
    return reader


ReaderDep = Annotated[Reader, Depends(reader)]
WriterDep = Annotated[Reader, Depends(writer)]
AccessDep = Annotated[Access, Depends(access)]
