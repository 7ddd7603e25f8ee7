"""The finance service's front door: the API, the console's files, and what every answer of theirs has in common."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.errors import BadRequestError, HeadraceError
from streams.web import questions, token_routes
from streams.web.access import PER_MINUTE, Access
from streams.web.openapi import Problem, described
from streams.web.terms import NO_TERMS, Terms
from streams.web.tokens import Tokens

log = logging.getLogger(__name__)

CONSOLE = Path(__file__).parent / "console"
HEADERS = {
    # Only what this service serves runs, is shown and is talked to; nobody may put it into a frame.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_API = "/v1/"


def service(
    engine: Engine, now: Callable[[], int], *, terms: Terms = NO_TERMS, per_minute: int = PER_MINUTE
) -> FastAPI:
    """The ASGI application. It reads the ledger's database and, for tokens, writes to it; it speaks to nothing else.

    Args:
        engine: the ledger's database.
        now: the time, in UTC epoch milliseconds.
        terms: what the policy allows.
        per_minute: how many requests of one token are answered in a minute.
    """
    app = FastAPI(
        title="Headrace finance",
        version="1",
        summary="What predictions cost, and what was saved of it.",
        description=(
            "Money is in integers of nano-US-dollars, time in UTC epoch milliseconds; in CSV and Parquet, money is in "
            "dollars as exact decimals. Periods are widened to whole hours. A token sees its own tenants only."
        ),
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.access = Access(engine, Tokens(engine, now), now, terms=terms, per_minute=per_minute)
    app.include_router(questions.router)
    app.include_router(token_routes.router)
    app.mount("/", StaticFiles(directory=CONSOLE, html=True))
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HeadraceError, _went_wrong)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(Lined)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


class Lined:
    """Middleware: the headers of every answer, and one line in the log for it.

    The line names the route, not the path, and neither query nor headers: what a person pastes in the wrong place, a
    token above all, does not reach the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = HEADERS | ({"Cache-Control": "no-store"} if scope["path"].startswith(_API) else {})
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            who = scope.get("headrace.token", "-")
            took = (time.perf_counter() - began) * 1000
            log.info("%s %s %d %.0f ms token %s", scope["method"], route, status, took, who)


def _document(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = described(app)
    return app.openapi_schema


def _problem(status: int, code: str, message: str, headers: Any = None) -> Response:
    body = msgspec.json.encode(Problem(code=code, message=message))
    return Response(body, status, media_type="application/json", headers=headers)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    return _problem(error.status_code, HTTPStatus(error.status_code).name, str(error.detail), error.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    # Where and why, and not what was sent.
    said = "; ".join(f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in error.errors())
    return _problem(422, "INVALID_REQUEST", said)


async def _went_wrong(_: Request, error: Exception) -> Response:
    assert isinstance(error, HeadraceError)  # noqa: S101 - what it is registered for
    if isinstance(error, BadRequestError):
        return _problem(422, error.code, str(error))
    log.error("%s", error)
    return _problem(503, error.code, "the ledger cannot be read just now; the service's log says why")
