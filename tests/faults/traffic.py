"""What is published while things break: repeated, near, unique and doomed requests, and what each may come to. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from schemas.enums import Lane
from schemas.record import Record
from schemas.records import Message, PredictionRequest, Sampling

TENANTS = ("north", "south")
REFUSED, FICKLE = "[refused]", "[fickle]"
"""Marks of questions that the engine refuses always, or now and then."""
POLITE = (
    "", "", "Please. ", "Hello, ", "So ", "Hi, ", "Hello there, ", "Thanks. ", "Good morning, ", "Well, ",
    "Okay, ", "Hey, ", "Hi there, ", "Excuse me, ", "And ", "Sorry, ",
)  # fmt: skip
"""Beginnings that make another wording of a question, and no other question."""
_SYSTEM = {
    "questions": "You answer customers.",
    "wishes": "You grant wishes.",
    "lines": "You sort lines of an account statement.",
}
_PLACES = [
    "app", "website", "branch", "contract", "statement", "letter",
    "portal", "folder", "handbook", "archive",
]  # fmt: skip
_SUBJECTS = [
    "mortgage",
    "savings",
    "pension",
    "brokerage",
    "travel",
    "motor",
    "dental",
    "student",
    "business",
    "garden",
]
_THINGS = [
    "fee",
    "rate",
    "limit",
    "bonus",
    "notice",
    "penalty",
    "deposit",
    "refund",
    "premium",
    "discount",
    "interest",
    "transfer",
]
_OTHERS = [
    "harbour",
    "violin",
    "glacier",
    "orchard",
    "cinema",
    "marathon",
    "lighthouse",
    "vineyard",
    "carnival",
    "railway",
]
_SHOPS = [
    "bakery", "grocer", "cinema", "railway", "landlord", "florist",
    "chemist", "garage", "bookshop", "laundry",
]  # fmt: skip


class Request(NamedTuple):
    """What a request is known by."""

    tenant: str
    request_id: str


class Due(NamedTuple):
    """What a request may come to."""

    questions: frozenset[str]
    """Its last message: several, where it is published again with another one."""
    errors: frozenset[str]
    """Codes of the errors it may end in."""
    must_fail: bool
    """Whether it may not be answered at all."""


class Publish(NamedTuple):
    """One event."""

    at: float
    """Seconds from the beginning."""
    lane: Lane
    key: bytes
    value: bytes


class Traffic(NamedTuple):
    """All of it."""

    publishes: list[Publish]
    """By time."""
    due: dict[Request, Due]
    """What must be answered."""
    malformed: list[bytes]
    """What must end in the dead letters, and has nobody to answer to."""


class _Ask(NamedTuple):
    """A request in the making."""

    at: float
    lane: Lane
    task: str
    question: str
    temperature: float = 0.0
    errors: frozenset[str] = frozenset()
    patience_ms: int | None = None
    must_fail: bool = False


def traffic(
    encode: Callable[[Record], bytes], *, count: int, seconds: float, began: int, again: int, seed: int
) -> Traffic:
    """``count`` requests over ``seconds``, ``again`` of them published twice, and a few malformed events beside them.

    Args:
        encode: a record to its bytes.
        count: how many different requests.
        seconds: from the first to the last.
        began: the time of the first, UTC epoch milliseconds: deadlines count from it.
        again: how many are published a second time.
        seed: the same gives the same.
    """
    chance = random.Random(seed)
    asks = sorted(_asks(chance, count, seconds), key=lambda ask: ask.at)[:count]
    publishes: list[Publish] = []
    due: dict[Request, Due] = {}
    last_id: dict[str, str] = {}
    for number, ask in enumerate(asks):
        tenant = chance.choice(TENANTS)
        request_id = f"r-{number:05d}"
        other = TENANTS[tenant == TENANTS[0]]
        if number % 50 == 7 and (known := last_id.get(other)) and Request(tenant, known) not in due:
            request_id = known  # the other tenant's id: no concern of this one's
        last_id[tenant] = request_id
        key = f"k-{chance.randrange(997)}".encode()
        value = encode(_request(Request(tenant, request_id), ask, began))
        publishes.append(Publish(ask.at, ask.lane, key, value))
        due[Request(tenant, request_id)] = Due(frozenset({ask.question}), ask.errors, ask.must_fail)
    malformed = list(_malformed(encode, chance))
    second = _again(chance, publishes, due, asks, again, encode, seconds, began)
    bad = [Publish(chance.uniform(0, seconds), chance.choice(list(Lane)), b"malformed", value) for value in malformed]
    return Traffic(sorted([*publishes, *second, *bad], key=lambda publish: publish.at), due, malformed)


def plain(question: str) -> str:
    """The question without its politeness: equal for wordings that may share an answer."""
    for beginning in POLITE:
        question = question.removeprefix(beginning)
    return question.replace(" can I ", " do I ").casefold()


def _asks(chance: random.Random, count: int, seconds: float) -> Iterator[_Ask]:
    questions = [_question(chance, number) for number in range(60)]
    wishes = [_wish(number) for number in range(25)]
    lines = [_line(chance, number) for number in range(800)]
    made = 0
    while made < count:
        at = chance.uniform(0, seconds)
        kind = chance.random()
        if kind < 0.38:
            yield _Ask(at, Lane.REALTIME, "questions", _worded(chance, _zipf(chance, questions)))
        elif kind < 0.56:
            yield _Ask(at, Lane.REALTIME, "wishes", _worded(chance, _zipf(chance, wishes)))
        elif kind < 0.68:
            line = _zipf(chance, lines)
            yield _Ask(at, Lane.BATCH, "lines", line.upper() if chance.random() < 0.3 else line)
        elif kind < 0.84:
            lane = chance.choice(list(Lane))
            yield _Ask(at, lane, "questions", _question(chance, 1000 + made))
        elif kind < 0.92:
            yield _Ask(at, Lane.REALTIME, "questions", _zipf(chance, questions), temperature=0.7)
        elif kind < 0.95:  # many ask the same new thing at the same moment
            question = _question(chance, 100_000 + made)
            for _ in range(6):
                yield _Ask(at + chance.uniform(0, 0.03), Lane.REALTIME, "questions", question)
                made += 1
            continue
        elif kind < 0.97:
            question = f"{_question(chance, 200_000 + made)} {FICKLE}"
            yield _Ask(at, Lane.REALTIME, "questions", question, errors=frozenset({"ENGINE_ROW"}))
        elif kind < 0.98:
            question = f"{_question(chance, 300_000 + made)} {REFUSED}"
            yield _Ask(at, Lane.BATCH, "questions", question, errors=frozenset({"ENGINE_ROW"}), must_fail=True)
        elif kind < 0.99:
            late = frozenset({"DEADLINE_PASSED"})
            question = _question(chance, 400_000 + made)
            yield _Ask(at, Lane.REALTIME, "questions", question, errors=late, patience_ms=4000)
        else:
            unknown = frozenset({"UNKNOWN_NAME"})
            yield _Ask(at, Lane.REALTIME, "nobody's", "Does anybody hear me?", errors=unknown, must_fail=True)
        made += 1


def _again(
    chance: random.Random,
    publishes: list[Publish],
    due: dict[Request, Due],
    asks: list[_Ask],
    count: int,
    encode: Callable[[Record], bytes],
    seconds: float,
    began: int,
) -> Iterator[Publish]:
    """Second publishes: at once or much later, on either lane, under either key, with the same text or another."""
    plainly = [number for number, ask in enumerate(asks) if ask.patience_ms is None]
    known = list(due)
    for number in chance.sample(plainly, count):
        ask, first, request = asks[number], publishes[number], known[number]
        soon = chance.random() < 0.5
        at = first.at + (chance.uniform(0, 0.1) if soon else chance.uniform(0.5, max(0.5, seconds - first.at)))
        value = first.value
        if chance.random() < 0.3:
            question = _wish(500_000 + number) if ask.task == "wishes" else _question(chance, 500_000 + number)
            other = ask._replace(question=question, at=at)
            value = encode(_request(request, other, began))
            was = due[request]
            due[request] = was._replace(
                questions=was.questions | {other.question}, must_fail=was.must_fail and other.task == "nobody's"
            )
        lane = chance.choice(list(Lane)) if chance.random() < 0.3 else first.lane
        key = b"another-key" if chance.random() < 0.25 else first.key
        yield Publish(at, lane, key, value)


def _request(request: Request, ask: _Ask, began: int) -> PredictionRequest:
    messages = [
        Message(role="system", content=_SYSTEM.get(ask.task, "You are nobody.")),
        Message(role="user", content=ask.question),
    ]
    deadline = None if ask.patience_ms is None else began + int(1000 * ask.at) + ask.patience_ms
    return PredictionRequest(
        request_id=request.request_id,
        tenant=request.tenant,
        task=ask.task,
        messages=messages,
        sampling=Sampling(temperature=ask.temperature, max_tokens=64),
        deadline=deadline,
    )


def _malformed(encode: Callable[[Record], bytes], chance: random.Random) -> Iterator[bytes]:
    whole = encode(_request(Request("north", "cut-short"), _Ask(0, Lane.REALTIME, "questions", "Why?"), 0))
    for number in range(6):
        yield b"no Avro, number %d" % number
        yield whole[: chance.randrange(12, len(whole) - 8)] + bytes([255]) * (number + 1)
        yield encode(Message(role="user", content=f"another record, number {number}"))
        yield msgspec.json.encode({"request_id": f"json-{number}"})


def _question(chance: random.Random, number: int) -> str:
    """A question that no other number asks; long, so that one word more is no other direction."""
    one, two = chance.choice(_OTHERS), chance.choice(_OTHERS)
    subject, thing, place = chance.choice(_SUBJECTS), chance.choice(_THINGS), chance.choice(_PLACES)
    return (
        f"Where in the {place} do I find the yearly {thing} of my {subject} policy "
        f"number {number} for the {one} and the {two}?"
    )


def _wish(number: int) -> str:
    """A question that shares no word with any other number's."""
    mark = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return "I wish " + " ".join(f"{place}{mark}" for place in _PLACES)


def _worded(chance: random.Random, question: str) -> str:
    """The question in one of many wordings."""
    if chance.random() < 0.1:
        return question.replace(" do I ", " can I ")
    return chance.choice(POLITE) + question


def _line(chance: random.Random, number: int) -> str:
    return f"{chance.choice(_SHOPS)} {chance.choice(_OTHERS)} {number}"


def _zipf(chance: random.Random, ranked: list[str]) -> str:
    return chance.choices(ranked, [1 / rank for rank in range(1, len(ranked) + 1)])[0]
