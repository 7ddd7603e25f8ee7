"""``finance``: the service that finance asks over HTTP, and who may."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.finance import LedgerOption, ledger_url
from streams.cli.output import Format, FormatOption, print_json, print_rows, say

if TYPE_CHECKING:
    from streams.web.tokens import Token, Tokens

app = typer.Typer(no_args_is_help=True, help="The finance API and console, and the tokens that open them.")
token = typer.Typer(no_args_is_help=True, help="Who may ask the finance API, and of which tenants.")
app.add_typer(token, name="token")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8077,
    per_minute: Annotated[int, typer.Option(min=1, help="Requests of one token in a minute.")] = 240,
    ledger: LedgerOption = None,
) -> None:
    """Serve the API and the console until Ctrl-C. It reads the ledger's database, and no Kafka.

    With HEADRACE_POLICY it also knows the budgets, and each tenant's bound on wrong answers.
    """
    import logging

    import uvicorn

    from agents import policy as policies
    from agents.ledger.store import Store
    from streams import settings as of
    from streams.web.service import service
    from streams.web.terms import NO_TERMS, terms_of

    settings = of.load()
    terms = NO_TERMS if settings.policy is None else terms_of(policies.load(settings.policy))
    terms = terms._replace(invoiced=settings.invoiced)
    store = Store(ledger_url(ledger))
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not _is_loopback(host):
        say("tokens travel as they are: put a proxy with TLS before this address")
    say(f"console: http://{host}:{port}/  document: http://{host}:{port}/openapi.json")
    try:
        # Its own access log would show query strings; the service writes a line that does not.
        app = service(store.engine, _now_ms, terms=terms, per_minute=per_minute)
        uvicorn.run(app, host=host, port=port, access_log=False, log_config=None)
    finally:
        store.close()


@token.command()
def create(
    name: Annotated[str, typer.Option(help="Whose it is.")],
    tenant: Annotated[list[str] | None, typer.Option(help="A tenant whose costs it may see. Repeatable.")] = None,
    every_tenant: Annotated[bool, typer.Option("--every-tenant", help="It may see the whole ledger.")] = False,
    write: Annotated[bool, typer.Option("--write", help="It may also make and revoke tokens of its tenants.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="How long it holds; until revoked if not given.")] = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a token, and show it: this once, for only a hash of it is kept."""
    import msgspec

    from streams.web.tokens import EVERY_TENANT

    if every_tenant == bool(tenant):
        raise typer.BadParameter("say whose costs it may see: --tenant, or --every-tenant")
    with _tokens(ledger) as tokens:
        made = tokens.create(name, [EVERY_TENANT] if every_tenant else tenant or [], "write" if write else "read", days)
    if form is Format.JSON:
        print_json(msgspec.to_builtins(made))
        return
    say(f"token {made.token_id} of {made.name}, scope {made.scope}, for {_whose(made)}: it is shown this once")
    typer.echo(made.token)


@token.command("list")
def list_(ledger: LedgerOption = None, form: FormatOption = Format.TABLE) -> None:
    """Show every token, and whether it holds. No secret is kept that could be shown."""
    import msgspec

    with _tokens(ledger) as tokens:
        found = tokens.all()
    if form is Format.JSON:
        print_json(msgspec.to_builtins(found))
        return
    print_rows([_row(one, _now_ms()) for one in found], form, title="Tokens")


@token.command()
def revoke(
    token_id: Annotated[str, typer.Argument(help="The token's id, as list shows it.")],
    ledger: LedgerOption = None,
) -> None:
    """Let a token hold no longer, from the next request on, nor any that it made, nor any that those made."""
    with _tokens(ledger) as tokens:
        revoked = tokens.revoke(token_id)
    say(f"token {revoked.token_id} of {revoked.name} holds no longer, nor does any that it made")


@contextmanager
def _tokens(ledger: str | None) -> Iterator[Tokens]:
    from agents.ledger.store import Store
    from streams.web.tokens import Tokens

    store = Store(ledger_url(ledger))
    try:
        yield Tokens(store.engine, _now_ms)
    finally:
        store.close()


def _row(token: Token, now: int) -> dict[str, Any]:
    state = "revoked" if token.revoked_at is not None else "holds" if token.holds(now) else "expired"
    return {
        "token_id": token.token_id,
        "name": token.name,
        "tenants": _whose(token),
        "scope": token.scope,
        "created": _day(token.created_at),
        "expires": _day(token.expires_at),
        "state": state,
    }


def _whose(token: Token) -> str:
    return "every tenant" if token.every_tenant else ", ".join(token.tenants)


def _day(at: int | None) -> str:
    return "" if at is None else datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
