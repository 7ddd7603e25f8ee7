"""Answers, as every stage that makes one publishes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.stage import Emit
from agents.waterfall import NOTHING, with_spending
from schemas import topics
from schemas.enums import Source, Status
from schemas.errors import HeadraceError
from schemas.ledger import CostLine, Decision, Timings, Usage
from schemas.records import Answer, Ticket


def answered(answer: Answer) -> Emit:
    """The answer on its topic, where all answers to one request meet on one partition."""
    ticket = answer.ticket
    return Emit(topics.ANSWERS, f"{ticket.tenant}/{ticket.request_id}".encode(), answer)


def failure(
    answer_id: str,
    ticket: Ticket,
    error: HeadraceError,
    *,
    model: str,
    usage: Usage,
    spent: Iterable[CostLine],
    decisions: Sequence[Decision] = (),
) -> Answer:
    """The answer of a request that failed, with what was ``spent`` on it and decided about it until then."""
    return Answer(
        answer_id=answer_id,
        ticket=ticket,
        status=Status.FAILED,
        source=Source.NONE,
        text=None,
        finish_reason=None,
        model=model,
        usage=usage,
        timings=Timings(),
        waterfall=with_spending(NOTHING, spent),
        error_code=error.code,
        error_message=str(error),
        decisions=list(decisions),
    )
