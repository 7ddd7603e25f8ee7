"""``correct``: an entry that turned out wrong gets another one beside it."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated

import typer

from schemas import topics
from schemas.errors import InvalidRequestError, UnknownNameError
from schemas.money import dollars, nano_usd
from streams.cli.finance import LedgerOption, ledger_url
from streams.cli.output import say

if TYPE_CHECKING:
    from agents.ledger.recorded import Recorded
    from schemas.ledger import LedgerEntry


def correct(
    request_id: Annotated[str, typer.Argument(help="The request whose entry is wrong.", show_default=False)],
    amount: Annotated[str, typer.Option(help="US dollars to add, such as 0.25; or to take off, -0.25.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept with the correction.")],
    entry: Annotated[str | None, typer.Option(help="Which of its entries, where several bill something.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose; needed where several tenants have the id.")] = None,
    ledger: LedgerOption = None,
) -> None:
    """Add to what an entry of the ledger billed, or take off it. The entry itself stays as it is."""
    from agents.ledger.correction import correction
    from streams.accounts import opened

    with opened(ledger_url(ledger)) as queries:
        found = queries.recorded(request_id, tenant)
    wrong = _chosen(found, request_id, entry)
    made = correction(wrong, nano_usd(amount), reason, at=time.time_ns() // 1_000_000)
    if any(one.entry_id == made.entry_id for one in found):
        raise InvalidRequestError(
            f"the ledger holds this correction already, as {made.entry_id}, and the same one counts once: "
            "to add the amount again, give another --reason"
        )
    asyncio.run(_publish(made))
    say(f"{dollars(made.waterfall.effective_cost)} US dollars are added to entry {wrong.entry_id}, by {made.entry_id}")


def _chosen(found: list[Recorded], request_id: str, entry: str | None) -> Recorded:
    from agents.ledger.correction import bills

    fitting = [one for one in found if one.entry_id == entry or (entry is None and bills(one))]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(f"{one.entry_id} ({one.kind} of {one.tenant})" for one in found) or "none"
    raise UnknownNameError(
        f"request {request_id!r} has {len(fitting)} such entries on the ledger: name one by --entry and --tenant. "
        f"It has {there}"
    )


async def _publish(made: LedgerEntry) -> None:
    from streams import settings as of
    from streams.client import codec_of, publisher

    settings = of.load()
    async with publisher(settings) as river:
        await river.put(topics.LEDGER, made.tenant.encode(), codec_of(settings).encode(made))
