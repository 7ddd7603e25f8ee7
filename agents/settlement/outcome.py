"""What becomes of an answer, once it is known which answer to its request was the first. Pure.

| the answer | entry's kind | its waterfall | its unbilled cost |
|---|---|---|---|
| is the first, COMPLETED | RESPONSE | the answer's | 0 |
| is the first, FAILED | RESPONSE | nothing | all that was spent |
| is a copy of an earlier one (same answer id) | none: that one is settled | | |
| is of the same publish as the first (same origin) | REEXECUTION | nothing | all that was spent |
| is of another publish | DUPLICATE | nothing | all that was spent |
| is of another publish, and of source DUPLICATE | DUPLICATE | the answer's, struck | all that was spent |

The last line is a saving that was made: a second publish would have been a second prediction, and was found by its
request id instead. Its list cost and its savings enter the ledger and cancel out. What finding it took (the *cost* of
a saving line) is struck from the waterfall, since a request is billed once, and is the unbilled cost.

So on every entry ``list_cost − Σ (gross − cost) = effective_cost``, the effective cost of everything but a RESPONSE
is zero, and ``effective_cost + unbilled_cost`` is all that was spent.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from agents.claims import Claim, Claimant
from agents.stage import Emit, Position
from agents.waterfall import NOTHING, holds
from schemas import topics
from schemas.errors import HeadraceError, WorkFailedError
from schemas.records import (
    Answer,
    CacheFill,
    EntryKind,
    LedgerEntry,
    PredictionResponse,
    SavingLine,
    Source,
    Status,
    Waterfall,
)


def claimant(answer: Answer) -> Claimant:
    """What an answer claims: its request. The length keeps tenant ``a/b``'s ``c`` apart from ``a``'s ``b/c``."""
    ticket = answer.ticket
    identity = f"{len(ticket.tenant)}/{ticket.tenant}/{ticket.request_id}".encode()
    return Claimant(identity, ticket.origin, answer.answer_id)


def settle(answer: Answer, position: Position, at: int, first: Claim) -> list[Emit]:
    """What to publish for ``answer``, which stands at ``position`` since ``at``, where ``first`` won its request.

    A function of the log alone: the same records, to the byte, however often the answer is delivered.

    Raises:
        WorkFailedError: its waterfall does not add up, so that it cannot be billed.
    """
    if first.offset == position.offset:
        return _win(answer, position, at)
    if first.told:
        return []
    kind = EntryKind.REEXECUTION if first.origin == answer.ticket.origin else EntryKind.DUPLICATE
    spent = sum(line.cost for line in answer.waterfall.costs)
    billed = NOTHING
    if kind is EntryKind.DUPLICATE and answer.source is Source.DUPLICATE:
        billed = _spared(answer.waterfall)
    return [_entry(answer, settled_id(answer, position, at), kind, at, billed, spent)]


def refused(answer: Answer, error: HeadraceError) -> Answer:
    """The answer as a failure: what to settle where it could not be published as it is."""
    return msgspec.structs.replace(
        answer,
        status=Status.FAILED,
        source=Source.NONE,
        text=None,
        finish_reason=None,
        cached_from=None,
        error_code=error.code,
        error_message=str(error),
        lookup=None,
    )


def settled_id(answer: Answer, position: Position, at: int) -> str:
    """The id of what came of an answer: of its ledger entry, and of its response where it has one.

    Finance joins a response to its bill by it. It begins with the place in the log, so that ids grow with time and
    an index of them is appended to; the hash keeps a topic that was made anew from repeating an older one's ids.
    """
    named = msgspec.json.encode((answer.ticket.tenant, answer.ticket.request_id, at))
    return f"{position.partition:04d}-{position.offset:014d}-{blake2b(named, digest_size=8).hexdigest()}"


def _win(answer: Answer, position: Position, at: int) -> list[Emit]:
    ticket = answer.ticket
    completed = answer.status is Status.COMPLETED
    if completed and not holds(answer.waterfall):
        raise WorkFailedError(f"{position}: the answer's waterfall does not add up: {answer.waterfall}")
    billed, spent = (answer.waterfall, 0) if completed else (NOTHING, sum(c.cost for c in answer.waterfall.costs))
    number = settled_id(answer, position, at)
    response = PredictionResponse(
        response_id=number,
        request_id=ticket.request_id,
        tenant=ticket.tenant,
        task=ticket.task,
        status=answer.status,
        source=answer.source,
        text=answer.text,
        finish_reason=answer.finish_reason,
        model=answer.model,
        cached_from=answer.cached_from,
        error_code=answer.error_code,
        error_message=answer.error_message,
        usage=answer.usage,
        timings=answer.timings,
        waterfall=billed,
        received_at=ticket.received_at,
        answered_at=at,
    )
    emits = [
        Emit(topics.RESPONSES, ticket.reply_key, response),
        _entry(answer, number, EntryKind.RESPONSE, at, billed, spent),
    ]
    if completed and answer.source is Source.ENGINE and answer.lookup is not None and answer.text is not None:
        fill = CacheFill(
            tenant=ticket.tenant,
            task=ticket.task,
            request_id=ticket.request_id,
            lookup=answer.lookup,
            text=answer.text,
            finish_reason=answer.finish_reason,
            model=answer.model,
            usage=answer.usage,
            answered_at=at,
        )
        emits.append(Emit(topics.FILLS, answer.lookup.fingerprint.encode(), fill))
    return emits


def _entry(  # noqa: PLR0917 - one value for each column of the table above
    answer: Answer, number: str, kind: EntryKind, at: int, billed: Waterfall, unbilled: int
) -> Emit:
    ticket = answer.ticket
    entry = LedgerEntry(
        entry_id=number,
        kind=kind,
        request_id=ticket.request_id,
        tenant=ticket.tenant,
        cost_center=ticket.cost_center,
        task=ticket.task,
        model=answer.model,
        lane=ticket.lane,
        source=answer.source,
        status=answer.status,
        occurred_at=at,
        waterfall=billed,
        unbilled_cost=unbilled,
        usage=answer.usage,
        policy_version=ticket.policy_version,
    )
    return Emit(topics.LEDGER, ticket.tenant.encode(), entry)


def _spared(waterfall: Waterfall) -> Waterfall:
    """The waterfall of a prediction that nobody made, without what finding that out cost."""
    if any(line.strategy is None for line in waterfall.costs) or not holds(waterfall):
        return NOTHING  # something was predicted after all
    savings = [
        SavingLine(strategy=line.strategy, tokens=line.tokens, gross=line.gross, cost=0) for line in waterfall.savings
    ]
    return Waterfall(list_cost=waterfall.list_cost, savings=savings, effective_cost=0, costs=[])
