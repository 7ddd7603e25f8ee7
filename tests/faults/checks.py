"""What a checked cache leaves behind: each check on the ledger once, at what it cost and no more. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from agents.waterfall import NOTHING, with_spending
from schemas.enums import EntryKind, Source
from schemas.ledger import LedgerEntry
from schemas.records import Answer
from tests.faults.accounts import spent
from tests.faults.traffic import Request


def comparing(entry: LedgerEntry) -> int:
    """What comparing two answers cost, beside making the second one."""
    lines = entry.waterfall.costs if entry.kind is EntryKind.CHECK else []
    return sum(line.cost for line in lines if line.kind == "embedding")


def but_for_comparing(entry: LedgerEntry) -> LedgerEntry:
    """The entry as it would be, had nothing been compared: what a check's entry says however often it comes.

    Its fill may be delivered again, and then meet an embedder that is back, or gone. The second comparison may find
    something else, and cost something else; the ledger keeps the first. Nothing beside that may differ.
    """
    if entry.kind is not EntryKind.CHECK:
        return entry
    execution = [line for line in entry.waterfall.costs if line.kind != "embedding"]
    return msgspec.structs.replace(entry, verdict=None, waterfall=with_spending(NOTHING, execution))


def faults_of_checks(
    made: Mapping[Request, Sequence[Answer]], entries: Iterable[LedgerEntry]
) -> Iterator[tuple[str, object]]:
    """What is wrong, each with what it was found in.

    Args:
        made: the different answers that checks got to each request, the first of the log first.
        entries: the ledger's, each once.
    """
    charged: defaultdict[Request, list[LedgerEntry]] = defaultdict(list)
    compared: defaultdict[Request, list[LedgerEntry]] = defaultdict(list)
    for entry in entries:
        if entry.kind is EntryKind.CHECK:
            of_a_hit = entry.source is not Source.ENGINE
            (charged if of_a_hit else compared)[Request(entry.tenant, entry.request_id)].append(entry)
            if any(line.strategy != "semantic_cache" for line in entry.waterfall.costs):
                yield "a check is charged to somebody else", entry
            if entry.waterfall != with_spending(NOTHING, entry.waterfall.costs):
                yield "a check's bill is not what it spent", entry
    for request, answers in made.items():
        if request not in charged:
            yield "a check is on no entry", request
            continue
        entry = charged[request][0]
        if entry.waterfall.effective_cost - comparing(entry) + entry.unbilled_cost != spent(answers[0].waterfall):
            yield "the costs of a check differ", entry
    for request in charged.keys() - made.keys():
        yield "a check that nobody made is on the ledger", request
    for request, some in [*charged.items(), *compared.items()]:
        if len(some) > 1:
            yield "checked twice", f"{request}: {[entry.entry_id for entry in some]}"
    for request, some in compared.items():
        if any(entry.waterfall.effective_cost != comparing(entry) or entry.unbilled_cost for entry in some):
            yield "a comparison costs more than comparing", request
