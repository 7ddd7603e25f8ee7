"""``cache``: look at what is cached, and make it void."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
from rich.text import Text

from schemas.errors import ServiceError, UnknownNameError
from streams.cli.output import Format, FormatOption, err, out, print_json, print_rows, say
from streams.cli.running import run

if TYPE_CHECKING:
    from agents.cache.entries import Entries, Entry, Stored
    from agents.cache.rules import Rule

app = typer.Typer(no_args_is_help=True, help="The cache: look at what it holds, and make void what is wrong.")

TenantOption = Annotated[str | None, typer.Option(help="Only this tenant's.")]
TaskOption = Annotated[str | None, typer.Option(help="Only this task's.")]

_PATIENCE_MS = 5_000
_QUESTION_WIDTH = 48
_SHORT = 8
"""Characters of a hash that are enough to tell it from the others in a table."""


class Checks(NamedTuple):
    """What the checks of one entry, or of many, found."""

    right: int = 0
    wrong: int = 0


@app.command()
def inspect(
    tenant: TenantOption = None,
    task: TaskOption = None,
    scope: Annotated[str | None, typer.Option(help="Only the scope that begins like this.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Entries to show.")] = 50,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show entries: what each answers, how old it is, what it rests on, and what checks found of it."""

    def wanted(entry: Entry) -> bool:
        of_the_tenant = tenant is None or entry.tenant == tenant
        return of_the_tenant and (task is None or entry.task == task) and entry.scope.startswith(scope or "")

    found, checks, cut = run(_inspected(wanted, limit))
    found.sort(key=lambda one: (one.entry.tenant, one.entry.task, -one.entry.answered_at))
    totals = _totals(found, checks)
    if form is Format.JSON:
        entries = [_whole(one, checks[one.entry.fingerprint]) for one in found]
        print_json({"entries": entries, "totals": totals, "cut": cut})
        return
    rows = [_row(one, checks[one.entry.fingerprint]) for one in found]
    # A fingerprint is there to be copied: it must stay on its line.
    print_rows(rows, form, title="Entries", right=["fingerprint", "age", "left", "right", "wrong"])
    print_rows(totals, form, title="By tenant and task", right=["entries", "scopes", "right", "wrong"])
    if cut:
        say(f"there are more than {limit}, in no order: these and their totals are the first found; see --limit")


@app.command()
def invalidate(
    tenant: Annotated[str | None, typer.Option(help="What this tenant was answered.")] = None,
    task: Annotated[str | None, typer.Option(help="What was answered under this task.")] = None,
    knowledge: Annotated[str | None, typer.Option(help="What rests on this version of the knowledge.")] = None,
    model: Annotated[str | None, typer.Option(help="What this model answered.")] = None,
    entry: Annotated[list[str] | None, typer.Option(help="The entry of this fingerprint. Repeatable.")] = None,
    request: Annotated[str | None, typer.Option(help="What was answered to this request id of --tenant.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many they are.")] = False,
) -> None:
    """Make entries void, at once on every worker, and delete them. Of several names, those that bear all of them.

    The request ids themselves keep their answers: a request that is published again is answered as before.
    """
    names = {"tenant": tenant, "task": task, "knowledge": knowledge, "model": model}
    given = {name: value for name, value in names.items() if value is not None}
    if sum((bool(entry), request is not None, bool(given) and request is None)) != 1:
        raise typer.BadParameter("say which: names such as --tenant and --model, or --entry, or --request and --tenant")
    if request is not None and given.keys() != {"tenant"}:
        raise typer.BadParameter("--request needs --tenant and nothing else: an id belongs to its tenant")
    if entry:
        named = list(dict.fromkeys(entry))
        what, gone = f"of {len(named)} named", run(_dropped(named, dry_run=dry_run))
    elif request is not None and tenant is not None:
        what, gone = f"of request {request}", run(_dropped_of(tenant, request, dry_run=dry_run))
    else:
        what, gone = "of " + ", ".join(f"{k} {v}" for k, v in given.items()), run(_swept(given, dry_run=dry_run))
    entries = f"{gone:,} {'entry' if gone == 1 else 'entries'} {what}"
    if dry_run:
        out().print(Text(f"{entries} would go; nothing was changed"))
    else:
        out().print(Text(f"✓ {entries} went", style="green"))


@asynccontextmanager
async def _entries() -> AsyncIterator[Entries]:
    from agents.cache.redis_entries import RedisEntries
    from agents.redis_client import connect
    from streams import settings as of

    client = connect(of.load().redis)
    try:
        yield RedisEntries(client, now=_now_ms, limit_ms=_PATIENCE_MS)
    except ServiceError as error:
        raise ServiceError(f"{error} (HEADRACE_REDIS says where the cache is)") from error
    finally:
        await client.aclose()


async def _inspected(wanted: Callable[[Entry], bool], limit: int) -> tuple[list[Stored], dict[str, Checks], bool]:
    """Up to ``limit`` entries, each once; what checks found of each; and whether there are more."""
    found: dict[str, Stored] = {}
    async with _entries() as entries:
        async for chunk in entries.stored():
            found.update((one.entry.fingerprint, one) for one in chunk if wanted(one.entry))
            if len(found) > limit:
                break
        shown = list(found.values())[:limit]
        counted: dict[str, Counter[bool]] = defaultdict(Counter)
        for tenant, task in {(one.entry.tenant, one.entry.task) for one in shown}:
            for outcome in await entries.outcomes(tenant, task):
                counted[outcome.fingerprint][outcome.same] += 1
    checks = {name: Checks(counted[name][True], counted[name][False]) for name in (o.entry.fingerprint for o in shown)}
    return shown, checks, len(found) > limit


async def _dropped(fingerprints: list[str], *, dry_run: bool) -> int:
    async with _entries() as entries:
        there = [entry is not None for entry in await entries.get(fingerprints)]
        gone = sum(there) if dry_run else await entries.drop(fingerprints)
    missing = [name for name, found in zip(fingerprints, there, strict=True) if not found]
    if not gone:
        raise UnknownNameError(f"nothing is cached under {', '.join(missing)}: see headrace cache inspect")
    if missing:
        say(f"nothing is cached under {', '.join(missing)}")
    return gone


async def _dropped_of(tenant: str, request: str, *, dry_run: bool) -> int:
    async with _entries() as entries:
        answered = (await entries.find(tenant, request, None)).answered
    if answered is None:
        raise UnknownNameError(
            f"no model's answer to request {request} of tenant {tenant} is known any more. If the cache answered it, "
            "its response names the request that the answer was made for: cached_from"
        )
    return await _dropped([answered.fingerprint], dry_run=dry_run)


async def _swept(names: dict[str, str], *, dry_run: bool) -> int:
    from agents.cache.rules import Rule

    rule = Rule(before=_now_ms(), **names)
    async with _entries() as entries:
        if not dry_run:
            await entries.void(rule)
            say("void from now on, on every worker; their memory is being freed")
        return await _sweep(entries, rule, dry_run=dry_run)


async def _sweep(entries: Entries, rule: Rule, *, dry_run: bool) -> int:
    void = 0
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[void]:,}")
    console = err()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("counting" if dry_run else "deleting", total=None, void=0)
        async for swept in entries.sweep(rule, dry_run=dry_run):
            void = swept.void
            progress.update(bar, completed=min(swept.looked, swept.keys), total=swept.keys, void=void)
    return void


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _row(stored: Stored, checks: Checks) -> dict[str, Any]:
    entry, now = stored.entry, _now_ms()
    question = " ".join(entry.question.split())
    return {
        "fingerprint": entry.fingerprint,
        "tenant": entry.tenant,
        "task": entry.task,
        "question": question if len(question) <= _QUESTION_WIDTH else f"{question[: _QUESTION_WIDTH - 1]}…",
        "age": _span(now - entry.answered_at),
        "left": _span(stored.expires_at - now),
        "model": entry.model,
        "knowledge": entry.knowledge,
        "cluster": entry.meaning[:_SHORT],
        "right": checks.right,
        "wrong": checks.wrong,
    }


def _whole(stored: Stored, checks: Checks) -> dict[str, Any]:
    entry = stored.entry
    return {
        "fingerprint": entry.fingerprint,
        "scope": entry.scope,
        "tenant": entry.tenant,
        "task": entry.task,
        "request_id": entry.request_id,
        "question": entry.question,
        "text": entry.text,
        "answered_at": entry.answered_at,
        "expires_at": stored.expires_at,
        "model": entry.model,
        "knowledge": entry.knowledge,
        "cluster": entry.meaning,
        "semantic": entry.embedding is not None,
        "right": checks.right,
        "wrong": checks.wrong,
    }


def _totals(found: list[Stored], checks: dict[str, Checks]) -> list[dict[str, Any]]:
    by_name: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for one in found:
        by_name[one.entry.tenant, one.entry.task].append(one.entry)
    return [
        {
            "tenant": tenant,
            "task": task,
            "entries": len(entries),
            "scopes": len({entry.scope for entry in entries}),
            "right": sum(checks[entry.fingerprint].right for entry in entries),
            "wrong": sum(checks[entry.fingerprint].wrong for entry in entries),
        }
        for (tenant, task), entries in sorted(by_name.items())
    ]


def _span(ms: int) -> str:
    """A span of time in the largest unit that it has."""
    seconds = max(0, ms) // 1000
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
