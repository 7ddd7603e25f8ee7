"""What became of the workload, found from what came out of the river. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

import msgspec

from agents.ledger.queries import Savings
from agents.ledger.reconcile import Reconciliation
from schemas.enums import Source, Status
from schemas.records import DeadLetter, PredictionResponse
from streams.demo.workload import Item, Malformed, Workload

HITS = frozenset({Source.EXACT_CACHE, Source.SEMANTIC_CACHE, Source.SINGLE_FLIGHT})
"""Sources that hand one request's answer to another."""


class Answered(NamedTuple):
    """A response as it lay on its topic."""

    response: PredictionResponse
    timestamp: int
    """Kafka's, UTC epoch milliseconds."""


class Latency(msgspec.Struct, frozen=True):
    """From Kafka's timestamp of a request to that of its response, in milliseconds."""

    p50: int
    p99: int


class WrongHit(msgspec.Struct, frozen=True):
    """A request that was given the answer to another question."""

    request_id: str
    source: Source
    question: str
    answered_as: str
    """The question whose answer it was given, or the request id where that is none of the workload's."""


class Letter(msgspec.Struct, frozen=True):
    """One malformed event and what became of it."""

    what: str
    code: str
    """Of its dead letter; empty where there is none."""
    reason: str


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the report says and the verdict rests on. Money is nano-USD."""

    published: int
    """Events on the requests topics: well-formed, malformed, and second publishes."""
    requests: int
    """Well-formed requests, each counted once."""
    answered: int
    """Of those, with a COMPLETED response."""
    published_twice: int
    """Requests whose very bytes were published a second time. They are due no second response."""
    duplicates_answered: int
    """Request ids that have more than one response record."""
    refused: int
    """FAILED responses to malformed events whose request id could be read."""
    dead_letters: int
    letters: list[Letter]
    wrong_hits: list[WrongHit]
    by_source: dict[Source, int]
    money: Savings
    """The waterfall, by the ledger. A second publish is in its list cost too, and taken off again as a duplicate."""
    latency_ms: dict[Source, Latency]
    difference: int
    """Absolute nano-USD by which any two accounts of this run disagree."""
    complaints: list[str]
    """What was promised and not kept. Empty: the demo passed."""


def find(
    workload: Workload,
    answered: Sequence[Answered],
    letters: Sequence[DeadLetter],
    money: Savings,
    accounts: Reconciliation,
) -> Findings:
    """Hold what came out against what went in.

    Args:
        workload: what was published.
        answered: every record of the responses topic.
        letters: every dead letter.
        money: the ledger's waterfall.
        accounts: responses, entries and roll-ups, reconciled.
    """
    items = {item.request.request_id: item for item in workload.items}
    times = Counter(found.response.request_id for found in answered)
    first = {found.response.request_id: found for found in reversed(answered)}
    completed = [
        found
        for request_id, found in first.items()
        if request_id in items and found.response.status is Status.COMPLETED
    ]
    saved = sum(line.net for line in money.strategies)
    difference = accounts.difference_nano_usd + abs(money.list_cost - saved - money.effective_cost)
    judged = [_letter(bad, letters) for bad in workload.malformed]
    return Findings(
        published=workload.events,
        requests=len(items),
        answered=len(completed),
        published_twice=len(workload.again),
        duplicates_answered=sum(count > 1 for count in times.values()),
        refused=sum(bad.request_id in first for bad in workload.malformed),
        dead_letters=len(letters),
        letters=judged,
        wrong_hits=_wrong_hits(items, completed),
        by_source=dict(Counter(found.response.source for found in completed)),
        money=money,
        latency_ms=_latencies(completed),
        difference=difference,
        complaints=[*_unkept(workload, first, times, letters), *_unbalanced(difference, accounts)],
    )


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least ``share`` of ``values`` do not exceed (nearest rank). Not of an empty list."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def is_letter_of(bad: Malformed, letter: DeadLetter) -> bool:
    """Whether the letter holds the event: its very bytes, or a later stage's record of the same request."""
    if letter.value == bad.value:
        return True
    return bad.request_id is not None and bad.request_id.encode() in letter.value


def _letter(bad: Malformed, letters: Iterable[DeadLetter]) -> Letter:
    for letter in letters:
        if is_letter_of(bad, letter):
            return Letter(bad.what, letter.code, letter.reason)
    return Letter(bad.what, "", "")


def _wrong_hits(items: dict[str, Item], completed: Iterable[Answered]) -> list[WrongHit]:
    wrong = []
    for found in completed:
        response = found.response
        if response.source not in HITS:
            continue
        item, giver = items[response.request_id], items.get(response.cached_from or "")
        if giver is None or giver.label != item.label:
            answered_as = giver.request.messages[-1].content if giver else str(response.cached_from)
            asked = item.request.messages[-1].content
            wrong.append(WrongHit(response.request_id, response.source, asked, answered_as))
    return wrong


def _latencies(completed: Iterable[Answered]) -> dict[Source, Latency]:
    taken: dict[Source, list[int]] = defaultdict(list)
    for found in completed:
        taken[found.response.source].append(found.timestamp - found.response.received_at)
    return {source: Latency(percentile(ms, 0.50), percentile(ms, 0.99)) for source, ms in sorted(taken.items())}


def _unkept(
    workload: Workload, first: dict[str, Answered], times: dict[str, int], letters: Collection[DeadLetter]
) -> Iterable[str]:
    known = set()
    for item in workload.items:
        request_id = item.request.request_id
        known.add(request_id)
        if (found := first.get(request_id)) is None:
            yield f"{request_id} has no response"
        elif found.response.status is not Status.COMPLETED:
            yield f"{request_id} failed: {found.response.error_code}: {found.response.error_message}"
    for bad in workload.malformed:
        held = [letter for letter in letters if is_letter_of(bad, letter)]
        if not held:
            yield f"no dead letter holds the bytes of: {bad.what}"
        elif len(held) > 1:
            yield f"{len(held)} dead letters hold the bytes of: {bad.what}"
        elif held[0].code != bad.code or not held[0].reason:
            yield f"the dead letter of {bad.what} says {held[0].code!r}, {held[0].reason!r}; {bad.code} was due"
        if bad.request_id is None:
            continue
        known.add(bad.request_id)
        if (refusal := first.get(bad.request_id)) is None:
            yield f"{bad.request_id} ({bad.what}) has no FAILED response"
        elif refusal.response.status is not Status.FAILED:
            yield f"{bad.request_id} ({bad.what}) was answered: {refusal.response.text!r}"
    for letter in letters:
        if not any(is_letter_of(bad, letter) for bad in workload.malformed):
            yield f"a dead letter of no malformed event: {letter.code} from {letter.origin}: {letter.reason}"
    for request_id, count in times.items():
        if count > 1:
            yield f"{request_id} has {count} responses"
        if request_id not in known:
            yield f"a response to {request_id}, which was never asked"


def _unbalanced(difference: int, accounts: Reconciliation) -> Iterable[str]:
    if difference:
        yield f"the accounts disagree by {difference} nano-USD"
    for one in accounts.differences:
        yield f"the accounts disagree on {one.request_id or 'a sum'}: {one.what}"
