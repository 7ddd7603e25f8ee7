"""What becomes of an answer, once it is known which answer to its request was the first. Pure.

| the answer | entry's kind | its waterfall | its unbilled cost |
|---|---|---|---|
| is the first, COMPLETED | RESPONSE | the answer's | 0 |
| is the first, FAILED | RESPONSE | nothing | all that was spent |
| is a copy of an earlier one (same answer id) | none: that one is settled | | |
| is of the same publish as the first (same origin) | REEXECUTION | nothing | all that was spent |
| is of another publish | DUPLICATE | nothing | all that was spent |
| is of another publish, and of source DUPLICATE | DUPLICATE | the answer's, struck | all that was spent |
| is a check's, the first, COMPLETED | CHECK | what it cost, as the cache's own spending | 0 |
| is a check's, the first, FAILED | CHECK | nothing | all that was spent |
| is a summary's, the first, COMPLETED | SUMMARY | what it cost, as spending of the history strategy | 0 |
| is a summary's, the first, FAILED | SUMMARY | nothing | all that was spent |

The line on a source DUPLICATE is a saving that was made: a second publish would have been a second prediction, and was
found by its request id instead. Its list cost and its savings enter the ledger and cancel out. What finding it took
(the *cost* of a saving line) is struck from the waterfall, since a request is billed once, and is the unbilled cost.

A check is an execution beside a request that the cache has answered: it answers nobody, and what it costs is taken
off what the cache saves. Its entry goes to the cache first, which adds the verdict. So does the entry of a miss whose
answer is to be compared with what the cache would have served: that comparison is all it is charged for.

A summary of a conversation's older turns answers nobody either. Its identity is the turns that it stands for, so that
it is billed once whoever asked for it. A later one of the same turns is handed on beside its entry all the same: the
first may have failed, or been lost, and what was made then must not be thrown away and asked for again.

So on every entry ``list_cost − Σ (gross − cost) = effective_cost``, the effective cost of everything but a RESPONSE, a
CHECK and a SUMMARY is zero, and ``effective_cost + unbilled_cost`` is all that was spent.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from agents.budgets.reservation import check_of, reservation_of
from agents.claims import Claim, Claimant
from agents.rollup_key import fitted
from agents.stage import Emit, Position
from agents.waterfall import NOTHING, gpu_cost, holds, with_spending
from schemas import topics
from schemas.enums import EntryKind, Source, Status, Verdict
from schemas.errors import HeadraceError, WorkFailedError
from schemas.ledger import LedgerEntry, SavingLine, Usage, Waterfall
from schemas.records import Answer, CacheFill, Lookup, PredictionResponse, Summary


def claimant(answer: Answer) -> Claimant:
    """What an answer claims: its request. The length keeps tenant ``a/b``'s ``c`` apart from ``a``'s ``b/c``."""
    ticket = answer.ticket
    kind = "check/" if ticket.check else "summary/" if ticket.summary is not None else ""
    identity = f"{kind}{len(ticket.tenant)}/{ticket.tenant}/{ticket.request_id}".encode()
    return Claimant(identity, ticket.origin, answer.answer_id)


def settle(answer: Answer, position: Position, at: int, first: Claim) -> list[Emit]:
    """What to publish for ``answer``, which stands at ``position`` since ``at``, where ``first`` won its request.

    A function of the log alone: the same records, to the byte, however often the answer is delivered.

    Raises:
        WorkFailedError: its waterfall does not add up, so that it cannot be billed.
    """
    if first.offset == position.offset:
        if answer.ticket.check:
            return _checked(answer, position, at)
        if answer.ticket.summary is not None:
            return _summarised(answer, position, at)
        return _win(answer, position, at)
    if first.told:
        return []
    kind = EntryKind.REEXECUTION if first.origin == answer.ticket.origin else EntryKind.DUPLICATE
    spent = sum(line.cost for line in answer.waterfall.costs)
    billed = NOTHING
    if kind is EntryKind.DUPLICATE and answer.source is Source.DUPLICATE:
        billed = _spared(answer.waterfall)
    return [_entry(answer, settled_id(answer, position, at), kind, at, billed, spent), *_summary(answer, at)]


def refused(answer: Answer, error: HeadraceError) -> Answer:
    """The answer as a failure: what to settle where it could not be published as it is."""
    return msgspec.structs.replace(
        answer,
        status=Status.FAILED,
        source=Source.NONE,
        text=None,
        finish_reason=None,
        cached_from=None,
        usage=answer.usage if answer.source is Source.ENGINE else Usage(),
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
        Emit(topics.RESPONSES, ticket.reply_key or None, response, place=ticket.request_id.encode()),
        _entry(answer, number, EntryKind.RESPONSE, at, billed, spent),
    ]
    if completed and answer.source is Source.ENGINE and answer.lookup is not None and answer.text is not None:
        check = None
        if answer.lookup.nominee is not None:
            compared = msgspec.structs.replace(answer, usage=Usage(), decisions=[])
            check = _line(compared, f"{number}-check", EntryKind.CHECK, at, NOTHING, 0)
            check = msgspec.structs.replace(check, reservation=check_of(check.reservation))
        emits.append(_fill(answer, answer.lookup, answer.text, at, check))
    return emits


def _summarised(answer: Answer, position: Position, at: int) -> list[Emit]:
    """The summary's entry, and the summary where there is one."""
    number = settled_id(answer, position, at)
    spent = [msgspec.structs.replace(cost, strategy="history") for cost in answer.waterfall.costs]
    made = _summary(answer, at)
    billed, unbilled = (with_spending(NOTHING, spent), 0) if made else (NOTHING, sum(cost.cost for cost in spent))
    return [_entry(answer, number, EntryKind.SUMMARY, at, billed, unbilled), *made]


def _summary(answer: Answer, at: int) -> list[Emit]:
    """The summary that an answer is, for whoever prompts with it; nothing where it is none, or says nothing."""
    ticket, text = answer.ticket, (answer.text or "").strip()
    if ticket.summary is None or answer.status is not Status.COMPLETED or not text:
        return []
    summary = Summary(turns=ticket.summary, tenant=ticket.tenant, task=ticket.task, text=text, made_at=at)
    return [Emit(topics.SUMMARIES, ticket.summary.encode(), summary)]


def _checked(answer: Answer, position: Position, at: int) -> list[Emit]:
    """The check's entry: by way of the cache, where there is a text to compare."""
    number = settled_id(answer, position, at)
    spent = [msgspec.structs.replace(cost, strategy="semantic_cache") for cost in answer.waterfall.costs]
    judged = msgspec.structs.replace(answer, source=Source.SEMANTIC_CACHE)
    if answer.status is not Status.COMPLETED or answer.lookup is None or answer.text is None:
        failed = _line(judged, number, EntryKind.CHECK, at, NOTHING, sum(cost.cost for cost in spent))
        unknown = msgspec.structs.replace(failed, verdict=Verdict.UNKNOWN)
        return [Emit(topics.LEDGER, unknown.tenant.encode(), unknown)]
    check = _line(judged, number, EntryKind.CHECK, at, with_spending(NOTHING, spent), 0)
    return [_fill(answer, answer.lookup, answer.text, at, check)]


def _fill(answer: Answer, lookup: Lookup, text: str, at: int, check: LedgerEntry | None) -> Emit:
    ticket = answer.ticket
    fill = CacheFill(
        tenant=ticket.tenant,
        task=ticket.task,
        request_id=ticket.request_id,
        lookup=lookup,
        text=text,
        finish_reason=answer.finish_reason,
        model=answer.model,
        usage=answer.usage,
        answered_at=at,
        check=check,
        gpu_cost=gpu_cost(answer.waterfall),
    )
    return Emit(topics.FILLS, lookup.fingerprint.encode(), fill)


def _entry(  # noqa: PLR0917 - one value for each column of the table above
    answer: Answer, number: str, kind: EntryKind, at: int, billed: Waterfall, unbilled: int
) -> Emit:
    entry = _line(answer, number, kind, at, billed, unbilled)
    return Emit(topics.LEDGER, entry.tenant.encode(), entry)


def _line(  # noqa: PLR0917 - as above
    answer: Answer, number: str, kind: EntryKind, at: int, billed: Waterfall, unbilled: int
) -> LedgerEntry:
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
        decisions=answer.decisions,
        reservation=reservation_of(ticket),
    )
    return fitted(entry)


def _spared(waterfall: Waterfall) -> Waterfall:
    """The waterfall of a prediction that nobody made, without what finding that out cost."""
    if any(line.strategy is None for line in waterfall.costs) or not holds(waterfall):
        return NOTHING  # something was predicted after all
    savings = [
        SavingLine(strategy=line.strategy, tokens=line.tokens, gross=line.gross, cost=0) for line in waterfall.savings
    ]
    return Waterfall(list_cost=waterfall.list_cost, savings=savings, effective_cost=0, costs=[])
