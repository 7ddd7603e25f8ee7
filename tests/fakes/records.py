"""Records to test with: each has what its test does not care about filled in."""

from __future__ import annotations

import types
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from agents.stage import Delivery, Position
from schemas import enums
from schemas.enums import EntryKind, Lane, Source, Status
from schemas.ledger import CostLine, LedgerEntry, SavingLine, Timings, Usage, Waterfall
from schemas.record import Record
from schemas.records import Answer, Lookup, Nominee, Ticket

AT = 1_790_000_000_000
HOUR = 3_600_000
R = TypeVar("R", bound=Record)

ENUMS: dict[str, type[Enum]] = {
    name: kind
    for name, kind in vars(enums).items()
    if isinstance(kind, type) and issubclass(kind, Enum) and kind.__module__ == enums.__name__
}


def delivery(record: R, offset: int, *, topic: str = "t", partition: int = 0, at: int = AT) -> Delivery[R]:
    return Delivery(record, b"raw", b"key", Position(topic, partition, offset), at, {})


def ticket(request_id: str = "r-1", **fields: Any) -> Ticket:
    given = {
        "tenant": "bank",
        "task": "faq",
        "cost_center": "desk",
        "lane": Lane.REALTIME,
        "origin": "headrace.requests/0@1",
        "reply_key": b"reply",
        "received_at": AT - 100,
        "deadline": AT + 60_000,
        "policy_version": "v1",
        **fields,
    }
    return Ticket(request_id=request_id, **given)


def lookup(**fields: Any) -> Lookup:
    return Lookup(**{"fingerprint": "f1", "scope": "s1", "cacheable": True, "question": "why?", **fields})


def nominee(**fields: Any) -> Nominee:
    given = {
        "fingerprint": "f0",
        "meaning": "m0",
        "text": "since",
        "tier": "guards",
        "features": [0.97],
        "chosen": True,
        "served": True,
        "share": 0.02,
        **fields,
    }
    return Nominee(**given)


def spent(cost: int, strategy: str | None = None, tokens: int = 10) -> CostLine:
    return CostLine(kind="input", strategy=strategy, model="m", tokens=tokens, cost=cost, price_version="p1")


def predicted(cost: int, list_cost: int | None = None) -> Waterfall:
    """What an engine's answer cost, where routing saved the rest of its list cost."""
    saved = (cost if list_cost is None else list_cost) - cost
    savings = [SavingLine(strategy="routing", tokens=0, gross=saved, cost=0)] if saved else []
    return Waterfall(list_cost=cost + saved, savings=savings, effective_cost=cost, costs=[spent(cost)])


def answer(answer_id: str = "a-1", **fields: Any) -> Answer:
    given = {
        "ticket": ticket(),
        "status": Status.COMPLETED,
        "source": Source.ENGINE,
        "text": "because",
        "finish_reason": "stop",
        "model": "m",
        "usage": Usage(published_tokens=12, prompt_tokens=12, completion_tokens=4),
        "timings": Timings(),
        "waterfall": predicted(70, 100),
        "lookup": lookup(),
        **fields,
    }
    return Answer(answer_id=answer_id, **given)


def entry(entry_id: str = "e-1", **fields: Any) -> LedgerEntry:
    given = {
        "kind": EntryKind.RESPONSE,
        "request_id": "r-" + entry_id,
        "tenant": "bank",
        "cost_center": "desk",
        "task": "faq",
        "model": "m",
        "lane": Lane.REALTIME,
        "source": Source.ENGINE,
        "status": Status.COMPLETED,
        "occurred_at": AT,
        "waterfall": predicted(70, 100),
        "unbilled_cost": 0,
        "usage": Usage(published_tokens=12, prompt_tokens=12, completion_tokens=4),
        "policy_version": "v1",
        **fields,
    }
    return LedgerEntry(entry_id=entry_id, **given)


LONGS = st.integers(-(2**63), 2**63 - 1)


def any_of(kind: type[R]) -> st.SearchStrategy[R]:
    """Every value that a record of this type can have."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field.name: _values(hints[field.name]) for field in msgspec.structs.fields(kind)})


def _values(hint: Any) -> st.SearchStrategy[Any]:
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(max_size=40),
        int: LONGS,
        bool: st.booleans(),
        bytes: st.binary(max_size=40),
        float: st.floats(allow_nan=False),
        type(None): st.none(),
    }
    origin, inner = get_origin(hint), get_args(hint)
    if hint in plain:
        return plain[hint]
    if origin is list:
        return st.lists(_values(inner[0]), max_size=3)
    if origin is dict:
        return st.dictionaries(_values(inner[0]), _values(inner[1]), max_size=3)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_values(one) for one in inner))
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return any_of(hint)
