"""A policy as it is written: the tables of the TOML file, and what each of their keys means."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from agents.budgets.budget import Budget
from schemas.enums import Lane


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model that some worker serves."""

    engine: Literal["vllm", "openai"]
    window: int
    """Prompt and completion tokens together."""
    path: str = ""
    """A Hugging Face name or a folder, or ``embedded`` for the small model that comes with Headrace.

    Where the engine is a server, its tokenizer is read from here all the same: budgets count its tokens.
    """
    url: str = ""
    """Of the OpenAI-compatible server, up to and with ``/v1``."""
    served_as: str = ""
    """The name that server knows the model by, where it is another than ours."""
    api_key_env: str = ""
    """The environment variable that holds the server's key."""
    tuned_for: list[str] = []
    """Tasks that the model was tuned for: it is shown no examples of them."""
    max_num_seqs: int = 32
    """Sequences that the engine runs at once; admission keeps a quarter more with it."""
    max_tokens_in_flight: int | None = None
    """Of prompts and the longest answers that they may get, how many tokens admission keeps with the engine at once.
    Null: as many as its memory holds, where that is known (vllm)."""
    batch_share: float = 0.25
    """Of what the engine runs at once, how much may be batch's while real time comes: more of it makes batch cheaper
    where the engine is paid for by the hour, and real time slower."""
    tokenizer: str = ""
    """Where the tokenizer is, if it is not in ``path``."""
    kv_cache_bytes: int | None = None
    """Memory for the keys and values of prompts (vllm). Null: 1 GiB on the CPU build, vLLM's own choice on GPUs."""
    tensor_parallel: int = 1
    """GPUs that share the model (vllm)."""
    quantization: str = ""
    """How the weights are kept, by vLLM's name for it (vllm); left out where the model's own files say."""
    lora: str = ""
    """The folder of a LoRA adapter to apply to the model (vllm)."""


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A price card as people write it: dollars per million tokens, as strings."""

    model: str
    version: str
    effective_from: datetime
    input: str
    output: str
    cached_input: str | None = None
    batch_percent: int = 100


class GpuPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GPU-hour card as people write it. A model that has one is priced by its engine's time, not by its tokens."""

    model: str
    version: str
    effective_from: datetime
    gpu_hour: str
    """US dollars for one GPU and hour, whether it works or not."""
    gpus: int = 1
    """That one engine of the model occupies."""


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation whose data and money are its own."""

    cost_center: str
    tasks: list[str]
    error_bound: float = 0.01
    """Of a task's requests, the share that may get a wrong answer from the semantic cache. Where checks measure more,
    the cache tightens by itself."""


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question and its answer, to show a model what is wanted."""

    question: str
    answer: str


class Retrieval(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How passages are chosen: those of the request, and those found in a collection of its tenant."""

    collection: str = ""
    """Where to look; nowhere where it is empty, so that only the request's own passages are chosen from."""
    candidates: int = 20
    """How many to find. All of them are what a prompt would hold without Headrace, and are in the list cost."""
    tokens: int = 1024
    """For the passages that are kept, before they are compressed."""
    reranker: str = ""
    """A cross-encoder for sentence-transformers: a folder or a name, which has a card in [[prices]]. Where it is empty,
    candidates keep the order of the fusion."""


class History(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the older turns of a conversation are replaced by a summary."""

    model: str
    """Makes the summaries."""
    tokens: int = 1024
    """Of turns before the last: beyond it the older ones are summarised."""
    keep_turns: int = 2
    """That are never summarised, besides the last, which asks."""
    summary_tokens: int = 192
    """A summary's length at most."""


class Compression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How passages are shortened. Nothing else is: neither instructions nor the question."""

    method: Literal["extractive", "llmlingua"] = "extractive"
    keep: float = 0.5
    """The share of the passages' tokens that is kept."""
    model: str = ""
    """LLMLingua's small language model: one of [models], whose price its tokens have."""


class Router(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A router that was trained on outcomes: ``headrace route train``."""

    file: str
    """Relative to the policy's own directory."""
    bar: float
    """The probability of a good answer that a model must be expected to reach."""


class Route(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rule: where every condition given holds, the request goes to ``model``."""

    model: str
    max_prompt_tokens: int | None = None
    lane: Lane | None = None


class Task(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be done with the requests of one task."""

    models: list[str]
    """The first is the default; a request may name any of them."""
    baseline: str
    """The model that list cost is counted at. It needs a price card, not a server."""
    routes: list[Route] = []
    """Tried in order, before the default."""
    cache: Literal["off", "exact", "semantic"] = "exact"
    """Applies to requests at temperature 0 only: another draw is another answer."""
    equivalence: Literal["strict", "intent"] = "strict"
    """When two questions may share an answer: strict, where only the same answer will do (facts, figures, advice);
    intent, where whoever wants the same thing is told the same (a desk's questions). Intent is learned from checks."""
    threshold: float = 0.95
    """Strict: the cosine from which on a stored question is served if no guard objects."""
    check_share: float = 0.02
    """Of the semantic hits, the share that the model is asked as well, to measure how many are wrong."""
    max_entries: int = 100_000
    """That near questions may be found among, for each system prompt; the oldest go first."""
    ttl_seconds: int = 24 * 3600
    """From insertion; a hit does not prolong it."""
    fold_case: bool = False
    multi_turn: Literal["off", "exact"] = "exact"
    """What the cache may do for a conversation of several turns."""
    deadline_seconds: int = 300
    """For a request that names none."""
    retrieval: Retrieval | None = None
    history: History | None = None
    """Without it, the oldest turns are left out, and only where the model's window is too small."""
    compression: Compression | None = None
    examples: list[Example] = []
    """All of them are what a prompt would hold without Headrace, and are in the list cost."""
    example_tokens: int = 256
    """For the examples that are shown: those nearest to the question."""
    router: Router | None = None
    """Asked where no rule of ``routes`` holds."""
    fallbacks: list[str] = []
    """Models to be asked in turn where the chosen one fails."""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may hold. A request over a limit is refused, never cut."""

    messages: int = 256
    passages: int = 256
    conditions: int = 32
    content_bytes: int = 512 * 1024
    id_length: int = 256
    max_tokens: int = 8192
    json_schema_bytes: int = 64 * 1024


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written, with its model catalogue in its place."""

    models: dict[str, Model]
    prices: list[Price]
    tenants: dict[str, Tenant]
    tasks: dict[str, Task]
    gpu_prices: list[GpuPrice] = []
    platform: str = "platform"
    """The name under which the ledger has GPU time that no tenant is charged for."""
    budgets: list[Budget] = []
    limits: Limits = Limits()
    embedder: str = "all-MiniLM-L6-v2"
    """The embedding model's name on its price card."""
