"""The records that travel, as frozen structs. Each mirrors one ``headrace.<Name>.avsc`` beside this file.

The .avsc files are the source of truth; a test holds the two equal, field by field.
Times are UTC epoch milliseconds, money is integer nano-US-dollars, token counts are those of the named model.
"""

from __future__ import annotations

from schemas.enums import Lane, Source, Status
from schemas.ledger import CostLine, Decision, LedgerEntry, Timings, Usage, Waterfall
from schemas.record import Record


class Message(Record, frozen=True, kw_only=True):
    """One turn of a conversation."""

    role: str
    """``system``, ``user`` or ``assistant``."""
    content: str


class Sampling(Record, frozen=True, kw_only=True):
    """How the answer is drawn. The defaults are deterministic."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 256
    seed: int | None = None
    stop: list[str] = []
    json_schema: str | None = None
    """A JSON schema, as JSON, that the answer must follow; null for free text."""


Value = str | float | bool
"""Of a document's metadata. Dates and times are ISO 8601 strings, whose order is that of time."""


class Condition(Record, frozen=True, kw_only=True):
    """What a document's metadata must be like: all that is given here holds. A document without the field does not."""

    field: str
    any_of: list[Value] = []
    """It is one of these; empty for any."""
    at_least: Value | None = None
    at_most: Value | None = None


class PredictionRequest(Record, frozen=True, kw_only=True):
    """A prediction event. The topic it is published on chooses its lane."""

    request_id: str
    """Unique within the tenant for the settlement horizon; publishing it again gives no second answer."""
    tenant: str
    task: str
    """Names the policy that says what may be done with this request."""
    messages: list[Message]
    """At least one; the last is the user's."""
    sampling: Sampling = Sampling()
    model: str | None = None
    """One of the task's models, or null for the policy's choice."""
    cost_center: str | None = None
    """Who pays within the tenant; null for the tenant's own."""
    deadline: int | None = None
    """The instant after which an answer is worthless; null for the task's own limit."""
    knowledge: str | None = None
    """Names the version of the knowledge that the messages quote. Only requests that name the same share answers."""
    passages: list[str] = []
    """What the question is about, in parts of which the policy may leave out or shorten what does not bear on it."""
    where: list[Condition] = []
    """Of the documents of the task's collection, which may be retrieved from: those for which every condition holds."""


class Document(Record, frozen=True, kw_only=True):
    """A document to retrieve from, or the wish to remove it. The last of one id in a collection counts."""

    tenant: str
    collection: str
    document_id: str
    title: str
    text: str | None
    """Markdown. Null removes the document."""
    metadata: dict[str, Value] = {}


class Ticket(Record, frozen=True, kw_only=True):
    """Who asked, and where the answer goes: the part of a request that every later record carries."""

    request_id: str
    tenant: str
    task: str
    cost_center: str
    lane: Lane
    origin: str
    """``topic/partition@offset`` of the request. Tells a redelivery from a second publish."""
    reply_key: bytes
    """The key that the request was published under; its response has the same. Empty for none."""
    received_at: int
    """Kafka's timestamp of the request."""
    deadline: int
    policy_version: str
    check: bool = False
    """The request has its answer from the cache already: this execution checks that answer, and answers nobody."""
    summary: str | None = None
    """Hex; names the turns of a conversation that this execution summarises. It answers nobody."""


class Nominee(Record, frozen=True, kw_only=True):
    """The entry whose answer the cache served for a request, or would have served next."""

    fingerprint: str
    meaning: str
    """Names what its answer says: equal for entries whose answers are known to say the same."""
    text: str
    """Its answer."""
    tier: str
    """The tier of the cache that judged it."""
    features: list[float]
    """What that tier saw."""
    chosen: bool
    """The tier would serve it; else it was only the next best."""
    served: bool
    share: float
    """The probability, over 0 and at most 1, with which such a judgement is checked."""


class Lookup(Record, frozen=True, kw_only=True):
    """What the cache stage learned of a request, for whoever fills the cache with its answer."""

    fingerprint: str
    """Hex; equal for requests that must have the same answer."""
    scope: str
    """Hex; the fingerprint without the last user message: within it, near questions may share an answer."""
    cacheable: bool
    question: str
    """The last user message, canonical."""
    embedding: bytes | None = None
    """Of the question: float16, little-endian, unit length. Null where the policy is exact-only."""
    knowledge: str = ""
    """The collection that the task retrieves from, else what the request named; empty where neither is."""
    nominee: Nominee | None = None
    """Whose answer to compare with the one that is made now; null where nothing is to be learned."""
    retrieved_at: int | None = None
    """An instant before all that the answer rests on was retrieved; null where nothing was."""


class CacheMiss(Record, frozen=True, kw_only=True):
    """A request that no cache could answer."""

    ticket: Ticket
    lookup: Lookup
    messages: list[Message]
    sampling: Sampling
    model: str | None
    costs: list[CostLine]
    """What was spent so far."""
    decisions: list[Decision] = []
    passages: list[str] = []
    where: list[Condition] = []


class InferenceTask(Record, frozen=True, kw_only=True):
    """A prompt that is ready for an engine."""

    ticket: Ticket
    lookup: Lookup
    messages: list[Message]
    sampling: Sampling
    model: str
    usage: Usage
    costs: list[CostLine]
    decisions: list[Decision] = []
    fallbacks: list[str] = []
    """Models that the prompt fits as well, to be asked in turn where this one fails."""


class Answer(Record, frozen=True, kw_only=True):
    """One outcome of a request. Settlement makes the first of them its response."""

    answer_id: str
    """Unique to this outcome: a second copy of the same record carries the same."""
    ticket: Ticket
    status: Status
    source: Source
    text: str | None
    finish_reason: str | None
    """``stop`` or ``length``, as the engine said."""
    model: str
    usage: Usage
    timings: Timings
    waterfall: Waterfall
    cached_from: str | None = None
    """The request id whose execution made this text, where a cache or a flight supplied it."""
    error_code: str | None = None
    error_message: str | None = None
    lookup: Lookup | None = None
    """Set where the text may fill the cache."""
    decisions: list[Decision] = []


class PredictionResponse(Record, frozen=True, kw_only=True):
    """The one response to a request: the same bytes, however often it is delivered."""

    response_id: str
    request_id: str
    tenant: str
    task: str
    status: Status
    source: Source
    text: str | None
    finish_reason: str | None
    model: str
    cached_from: str | None
    error_code: str | None
    error_message: str | None
    usage: Usage
    timings: Timings
    waterfall: Waterfall
    """The costs are billed; a FAILED response is billed nothing."""
    received_at: int
    answered_at: int


class CacheFill(Record, frozen=True, kw_only=True):
    """An answer that an engine made and settlement chose: what the cache may serve again."""

    tenant: str
    task: str
    request_id: str
    lookup: Lookup
    text: str
    finish_reason: str | None
    model: str
    usage: Usage
    answered_at: int
    check: LedgerEntry | None = None
    """What to write on the ledger once the answer is compared with the lookup's nominee, whose verdict it lacks."""
    gpu_cost: int | None = None
    """What its GPU time cost, in nano-USD; null where tokens have a price."""


class Summary(Record, frozen=True, kw_only=True):
    """What stands for the older turns of a conversation in later prompts."""

    turns: str
    """Hex; names exactly the turns that it replaces."""
    tenant: str
    task: str
    text: str
    made_at: int


class DeadLetter(Record, frozen=True, kw_only=True):
    """A record that could not be worked on, with everything needed to mend and replay it."""

    origin: str
    """``topic/partition@offset``."""
    key: bytes | None
    value: bytes
    """The raw bytes, as they were."""
    code: str
    reason: str
    stage: str
    occurred_at: int
