"""What the demo publishes: a bank's questions, with what is known of each beforehand. Pure; the same for a seed.

Popularity follows Zipf's law, over the intents of a task and over the wordings of an intent: a few questions are
asked often, most of them seldom. Every intent is asked at least once in its commonest wording, and every trap once,
after the intent that it looks like has probably been answered.
"""

from __future__ import annotations

import itertools
import random
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from schemas.enums import Lane
from schemas.record import Record
from schemas.records import Message, PredictionRequest, Sampling

T = TypeVar("T")

QUESTIONS = [Path(__file__).with_name(name) for name in ("questions.toml", "handbook.toml")]
HANDBOOK = Path(__file__).with_name("handbook")
COLLECTION, OWNER = "handbook", "retail"
"""Where the handbook goes before anybody asks, and whose it is."""
POLICY = Path(__file__).with_name("bank.toml")

INTENT_EXPONENT, WORDING_EXPONENT = 1.1, 0.5
"""Of Zipf's law: the thing of rank r is asked r**-exponent times as often as the first."""
EARLY, LATE = 0.4, 0.4
"""First askings lie in the first two fifths of the stream, traps in the last three."""
DRAFTS = 0.2
"""The share of research questions that ask for a fresh draft."""
BATCH_NOTES = 0.25
"""The share of research questions that can wait."""


class Intent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One question in several wordings, the commonest first, and what looks like it and is not."""

    task: str
    label: str
    wordings: list[str]
    traps: list[str]
    history: list[str] = []
    """The conversation so far: the user's turn, the assistant's, and so on."""


class Conversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user and an assistant say in turn, the user first and last. Each of the user's turns is a request."""

    task: str
    label: str
    turns: list[str]


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    intent: list[Intent]
    conversation: list[Conversation] = []


class Item(NamedTuple):
    """A well-formed request."""

    request: PredictionRequest
    lane: Lane
    label: str
    """Two requests may share an answer if and only if their labels are equal."""
    trap: bool


class Malformed(NamedTuple):
    """An event that must end in the dead letters."""

    what: str
    """What is wrong with it, for people."""
    code: str
    """Of the dead letter that it must become."""
    value: bytes
    request_id: str | None
    """Where it can be read: then a FAILED response is due as well."""


class Publish(NamedTuple):
    """One event as it goes onto a requests topic."""

    lane: Lane
    key: bytes
    value: bytes


class Workload(NamedTuple):
    """All of it."""

    items: list[Item]
    malformed: list[Malformed]
    again: list[str]
    """Request ids that are published twice."""
    publishes: list[Publish]
    """In the order in which they are sent."""
    talks: list[list[Publish]]
    """Beside them, each conversation's events in turn: a user says the next thing once the last one is answered."""

    @property
    def labels(self) -> dict[str, str]:
        """The label of every well-formed request, by its id."""
        return {item.request.request_id: item.label for item in self.items}

    @property
    def events(self) -> int:
        """How many are sent in all."""
        return len(self.publishes) + sum(map(len, self.talks))

    @property
    def due(self) -> set[str]:
        """The request ids that must have a response, be it a FAILED one."""
        refused = {bad.request_id for bad in self.malformed if bad.request_id is not None}
        return refused | {item.request.request_id for item in self.items}


class _Mix(NamedTuple):
    """How one task is asked."""

    share: float
    tenants: Sequence[str]
    """Drawn evenly: a name may stand more than once."""
    max_tokens: int
    system: str


MIX = {
    "desk-faq": _Mix(
        0.45, ["retail"], 32, "You are the customer desk of Northwind Bank. Answer the customer in one short sentence."
    ),
    "research-notes": _Mix(
        0.2,
        ["research"],
        48,
        "You are a research analyst at Northwind Bank. Answer in two sentences, plainly, for a portfolio manager who "
        "knows the terms. Name no company and give no investment advice.",
    ),
    "handbook": _Mix(
        0.1,
        ["retail"],
        24,
        "You are the customer desk of Northwind Bank. Answer from its handbook, in a few words.",
    ),
    "adviser": _Mix(0, ["retail"], 24, "You advise a customer of Northwind Bank. Answer in one sentence."),
    "statement-lines": _Mix(
        0.25,
        ["retail", "retail", "research"],
        6,
        "Sort the line of an account statement into one word: groceries, transport, housing, income, leisure, other.",
    ),
}


def intents() -> list[Intent]:
    """The questions, as they are written down."""
    return [intent for file in _files() for intent in file.intent]


def conversations() -> list[Conversation]:
    """The conversations, as they are written down."""
    return [conversation for file in _files() for conversation in file.conversation]


def _files() -> list[_File]:
    return [msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File) for path in QUESTIONS]


def build(encode: Callable[[Record], bytes], *, seed: int = 1, count: int = 300) -> Workload:
    """The workload of ``count`` well-formed requests, and beside them the malformed ones and the second publishes.

    Raises:
        ValueError: ``count`` has no room for every intent and every trap.
    """
    chance = random.Random(seed)  # noqa: S311 - a workload is no secret, and has to come out the same again
    talked = list(_talked(conversations()))
    asked = sorted([*talked, *_asked(chance, intents(), count - len(talked))], key=lambda placed: placed[0])
    items, publishes = list[Item](), list[Publish]()
    talks: dict[str, list[Publish]] = {}
    for number, (_, question) in enumerate(asked, start=1):
        items.append(_item(chance, number, question))
        events = publishes if question.talk is None else talks.setdefault(question.talk, [])
        events.append(_publish(items[-1], encode))
    again = _again(chance, publishes)
    malformed = _malformed(encode)
    for bad in malformed:
        publishes.insert(chance.randrange(len(publishes)), Publish(Lane.REALTIME, b"poison", bad.value))
    return Workload(items, malformed, again, publishes, list(talks.values()))


class _Question(NamedTuple):
    intent: Intent
    text: str
    trap: int | None = None
    talk: str | None = None
    """The conversation that it is a turn of."""


def _asked(chance: random.Random, known: list[Intent], count: int) -> Iterator[tuple[float, _Question]]:
    """Questions, each with its place in the stream between 0 and 1."""
    needed = 0
    for intent in known:
        needed += 1 + len(intent.traps)
        yield chance.uniform(0, EARLY), _Question(intent, intent.wordings[0])
        for number, text in enumerate(intent.traps):
            yield chance.uniform(LATE, 1), _Question(intent, text, number)
    if count < needed:
        raise ValueError(f"the workload asks every question once: it needs at least {needed} requests, not {count}")
    by_task = {task: [intent for intent in known if intent.task == task] for task in MIX}
    shares = [mix.share for mix in MIX.values()]
    for task in chance.choices(list(MIX), shares, k=count - needed):
        intent = _zipf(chance, by_task[task], INTENT_EXPONENT)
        yield chance.random(), _Question(intent, _zipf(chance, intent.wordings, WORDING_EXPONENT))


def _talked(known: list[Conversation]) -> Iterator[tuple[float, _Question]]:
    """Each of the user's turns as a question that brings all turns before it; numbered as if they came evenly."""
    for conversation in known:
        for number in range(0, len(conversation.turns), 2):
            *before, text = conversation.turns[: number + 1]
            label = f"{conversation.label}/{number // 2 + 1}"
            intent = Intent(task=conversation.task, label=label, wordings=[text], traps=[], history=before)
            yield (number + 1) / (len(conversation.turns) + 1), _Question(intent, text, talk=conversation.label)


def _zipf(chance: random.Random, ranked: Sequence[T], exponent: float) -> T:
    weights = [rank**-exponent for rank in range(1, len(ranked) + 1)]
    return chance.choices(ranked, weights)[0]


def _item(chance: random.Random, number: int, question: _Question) -> Item:
    task = question.intent.task
    mix = MIX[task]
    tenant = chance.choice(mix.tenants)
    request_id = f"{tenant}-{number:04d}"
    roles = itertools.cycle(("user", "assistant"))
    turns = [*question.intent.history, question.text]
    messages = [
        Message(role="system", content=mix.system),
        *(Message(role=role, content=text) for role, text in zip(roles, turns, strict=False)),
    ]
    # What one tenant was told, another never is.
    label = f"{tenant}/{question.intent.label}" + ("" if question.trap is None else f"/trap-{question.trap + 1}")
    temperature, lane = 0.0, Lane.BATCH if task == "statement-lines" else Lane.REALTIME
    if task == "research-notes":
        if chance.random() < DRAFTS:
            temperature, label = 0.7, f"{label}/draft-{number}"
        elif chance.random() < BATCH_NOTES:
            lane = Lane.BATCH
    sampling = Sampling(temperature=temperature, max_tokens=mix.max_tokens)
    request = PredictionRequest(request_id=request_id, tenant=tenant, task=task, messages=messages, sampling=sampling)
    return Item(request, lane, label, question.trap is not None)


def _publish(item: Item, encode: Callable[[Record], bytes]) -> Publish:
    return Publish(item.lane, item.request.request_id.encode(), encode(item.request))


def _again(chance: random.Random, publishes: list[Publish]) -> list[str]:
    """Publish some requests a second time: half of them while the first is in flight, the others much later."""
    chosen = chance.sample(publishes[: len(publishes) // 3], 10)
    for number, publish in enumerate(chosen):
        after = publishes.index(publish) + 1
        place = after if number % 2 else chance.randrange(3 * len(publishes) // 4, len(publishes))
        publishes.insert(place, publish)
    return [publish.key.decode() for publish in chosen]


def _malformed(encode: Callable[[Record], bytes]) -> list[Malformed]:
    """One event for each way to get it wrong."""
    asked = [_user("How do I report a lost card?")]

    def refused(what: str, code: str, request: PredictionRequest) -> Malformed:
        return Malformed(what, code, encode(request), request.request_id)

    def request(request_id: str, **changed: object) -> PredictionRequest:
        fields: dict[str, object] = {"tenant": "retail", "task": "desk-faq", "messages": asked} | changed
        return msgspec.convert({"request_id": request_id, **fields}, PredictionRequest, from_attributes=True)

    whole = encode(request("retail-cut-short"))
    filing = "Item 7. Net interest income rose, and so did the cost of deposits. " * 400
    return [
        Malformed("text, not Avro", "UNDECODABLE", b"How do I report a lost card?", None),
        Malformed("JSON, not Avro", "UNDECODABLE", msgspec.json.encode(request("retail-as-json")), None),
        Malformed("Avro cut short", "UNDECODABLE", whole[: len(whole) // 2], None),
        Malformed("a schema that nobody knows", "UNDECODABLE", b"\xc3\x01" + bytes(range(8)) + b"\x02", None),
        Malformed("another record than a request", "UNDECODABLE", encode(asked[0]), None),
        refused("a tenant that is not in the policy", "UNKNOWN_NAME", request("wealth-0001", tenant="wealth")),
        refused("a task that is not the tenant's", "UNKNOWN_NAME", request("retail-notes", task="research-notes")),
        refused("no messages", "INVALID_REQUEST", request("retail-empty", messages=[])),
        refused("a deadline in the past", "DEADLINE_PASSED", request("retail-too-late", deadline=1)),
        refused(
            "a prompt beyond the model's window",
            "PROMPT_TOO_LONG",
            request("research-filing", tenant="research", task="research-notes", messages=[_user(filing)]),
        ),
    ]


def _user(text: str) -> Message:
    return Message(role="user", content=text)
