"""``explain``: what became of one request, who decided what, and what it cost."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.errors import UnknownNameError
from schemas.money import dollars
from streams.cli.finance import LedgerOption, ledger_url
from streams.cli.output import Format, FormatOption, out, print_json

if TYPE_CHECKING:
    from agents.ledger.recorded import Recorded
    from schemas.ledger import Decision

_COLORS = {Verdict.SAME: "green", Verdict.DIFFERENT: "red", Verdict.UNKNOWN: "yellow"}
_FOUND = {
    Verdict.SAME: "the model says the same",
    Verdict.DIFFERENT: "the model says something else",
    Verdict.UNKNOWN: "it came to no verdict",
}


def explain(
    request_id: Annotated[str, typer.Argument(help="As it was published.", show_default=False)],
    tenant: Annotated[str | None, typer.Option(help="Whose; needed where several tenants have the id.")] = None,
    ledger: LedgerOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """What became of a request and why: each decision with its reasons, each cost, and whether it was checked."""
    from streams.accounts import opened

    with opened(ledger_url(ledger)) as queries:
        entries = queries.recorded(request_id, tenant)
    _require_one(entries, request_id, tenant)
    if form is Format.JSON:
        print_json(_as_json(entries))
    else:
        out().print(_as_tree(entries))


def _require_one(entries: list[Recorded], request_id: str, tenant: str | None) -> None:
    if not entries:
        whose = "" if tenant is None else f" of tenant {tenant!r}"
        raise UnknownNameError(
            f"the ledger has no entry for request {request_id!r}{whose}: either it is not settled yet, or it is on "
            "another ledger (--ledger)"
        )
    tenants = sorted({entry.tenant for entry in entries})
    if len(tenants) > 1:
        raise UnknownNameError(
            f"request {request_id!r} is of several tenants, {', '.join(tenants)}: say which by --tenant"
        )


def _verdict(entries: list[Recorded]) -> Verdict | None:
    """What the model said of the answer that the cache gave; None where it was not asked."""
    checks = [one for one in entries if one.kind is EntryKind.CHECK and one.source is Source.SEMANTIC_CACHE]
    return checks[-1].verdict or Verdict.UNKNOWN if checks else None


def _as_json(entries: list[Recorded]) -> dict[str, Any]:
    first, verdict = entries[0], _verdict(entries)
    return {
        "request_id": first.request_id,
        "tenant": first.tenant,
        "task": first.task,
        "cost_center": first.cost_center,
        "checked": verdict is not None,
        "verdict": verdict,
        "entries": [_entry_as_json(entry) for entry in entries],
    }


def _entry_as_json(entry: Recorded) -> dict[str, Any]:
    return {
        "entry_id": entry.entry_id,
        "kind": entry.kind,
        "source": entry.source,
        "status": entry.status,
        "model": entry.model,
        "lane": entry.lane,
        "occurred_at": entry.occurred_at,
        "policy_version": entry.policy_version,
        "verdict": entry.verdict,
        "decisions": [{"stage": one.stage, "choice": one.choice, "why": one.why} for one in entry.decisions],
        "list_cost_nano_usd": entry.waterfall.list_cost,
        "savings": [
            {
                "strategy": line.strategy,
                "tokens": line.tokens,
                "gross_nano_usd": line.gross,
                "cost_nano_usd": line.cost,
                "net_nano_usd": line.gross - line.cost,
            }
            for line in entry.waterfall.savings
        ],
        "effective_cost_nano_usd": entry.waterfall.effective_cost,
        "costs": [
            {
                "kind": line.kind,
                "strategy": line.strategy,
                "model": line.model,
                "tokens": line.tokens,
                "cost_nano_usd": line.cost,
                "price_version": line.price_version,
            }
            for line in entry.waterfall.costs
        ],
        "unbilled_cost_nano_usd": entry.unbilled_cost,
    }


def _as_tree(entries: list[Recorded]) -> Tree:
    first, verdict = entries[0], _verdict(entries)
    whose = f"{first.tenant}, task {first.task}, cost centre {first.cost_center}"
    tree = Tree(Text.assemble((_plain(first.request_id), "bold"), _plain(f" of {whose}")), guide_style="dim")
    for entry in entries:
        branch = tree.add(_headline(entry))
        for decision in entry.decisions:
            _add(branch, decision)
        if entry.kind is EntryKind.RESPONSE and entry.source is Source.SEMANTIC_CACHE and verdict is None:
            branch.add(Text("not checked against the model", style="dim"))
        branch.add(_waterfall(entry))
    return tree


def _headline(entry: Recorded) -> Text:
    at = datetime.fromtimestamp(entry.occurred_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    if entry.kind is EntryKind.CHECK:
        verdict = entry.verdict or Verdict.UNKNOWN
        what = " of the hit, " if entry.source is Source.SEMANTIC_CACHE else " of what the cache would have served, "
        said = (f"{verdict}: {_FOUND[verdict]}", f"bold {_COLORS[verdict]}")
    else:
        what = f" from {entry.source}, "
        said = (entry.status, "green" if entry.status is Status.COMPLETED else "red")
    return Text.assemble((entry.kind, "bold"), what, said, _plain(f" · {entry.model} · {at}"))


def _add(branch: Tree, decision: Decision) -> None:
    node = branch.add(Text.assemble(_plain(f"{decision.stage}: "), (_plain(decision.choice), "cyan")))
    for sentence in decision.why:
        node.add(Text(_plain(sentence)))


def _waterfall(entry: Recorded) -> Table:
    """From list cost to what is billed, and what was spent on what."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    waterfall = entry.waterfall
    if waterfall.list_cost or waterfall.savings:
        table.add_row("list cost", dollars(waterfall.list_cost))
        for saving in waterfall.savings:
            spent = f"net of {dollars(saving.cost)}, which it cost" if saving.cost else ""
            table.add_row(f"− {saving.strategy}", dollars(saving.cost - saving.gross), spent)
    table.add_row(Text("= billed", style="bold"), Text(dollars(waterfall.effective_cost), style="bold"))
    for line in waterfall.costs:
        purpose = f", for {line.strategy}" if line.strategy else ""
        note = f"{line.tokens:,} tokens of {line.model}{purpose}"
        table.add_row(f"  {line.kind}", dollars(line.cost), _plain(note))
    if entry.unbilled_cost:
        table.add_row("billed to nobody", dollars(entry.unbilled_cost))
    return table


def _plain(text: str) -> str:
    """Without what would steer a terminal: some of it was written by whoever published the request."""
    return "".join(character if character.isprintable() else "�" for character in text)
