"""What may be done with a request: one TOML file of models, prices, tenants and tasks.

It is checked when it is read: a key that it should not have is an error, not a typing mistake that stays silent.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from agents import json_schema
from agents.budgets.budget import Budget
from agents.budgets.budget import check as check_budgets
from agents.catalogue import with_catalogue
from schemas.enums import Lane
from schemas.errors import DeadlinePassedError, InvalidRequestError, PolicyError, UnknownNameError
from schemas.gpu import GpuBook, GpuCard
from schemas.money import NANO, PriceBook, PriceCard, nano_usd
from schemas.records import PredictionRequest

if TYPE_CHECKING:
    from agents.router import TrainedRouter

LONGEST_TTL_S = 90 * 24 * 3600
"""How long an answer may be served again at most."""


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
    """Sequences that the engine runs at once; admission keeps 1.1 times as many with it."""
    max_tokens_in_flight: int | None = None
    """Of prompts and the longest answers that they may get, how many tokens admission keeps with the engine at once.
    Null: as many as its memory holds, where that is known (vllm)."""
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


ROLES = ("system", "user", "assistant")
_TOPIC_PART = re.compile(r"[A-Za-z0-9._-]{1,200}")


class Policy:
    """The policy in force. Its version is a hash of what it says, and part of every fingerprint.

    Args:
        document: what the file says.
        routers: the file's routers, by task.
    """

    def __init__(self, document: Document, routers: Mapping[str, TrainedRouter] | None = None) -> None:
        self.document = document
        self.routers = routers or {}
        self.models = document.models
        self.embedder = document.embedder
        self.prices = PriceBook([_card(price) for price in document.prices])
        said = (document, *((task, router.written) for task, router in sorted(self.routers.items())))
        self.version = hashlib.sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()[:12]
        self.gpus = GpuBook([_gpu_card(price) for price in document.gpu_prices])
        self._check()

    def task(self, request: PredictionRequest, *, received_at: int) -> Task:
        """The task that governs ``request``, once every field of it has been checked.

        Raises:
            UnknownNameError: the tenant, the task, or the model is not in the policy, or not open to this tenant.
            InvalidRequestError: a field is empty or over its limit.
            DeadlinePassedError: its deadline lies before ``received_at`` (UTC epoch milliseconds).
        """
        tenant = self.document.tenants.get(request.tenant)
        if tenant is None:
            raise UnknownNameError(f"tenant {request.tenant!r} is not in the policy: add it to [tenants]")
        if request.task not in tenant.tasks:
            raise UnknownNameError(
                f"task {request.task!r} is not open to tenant {request.tenant!r}, which has {sorted(tenant.tasks)}"
            )
        task = self.document.tasks[request.task]
        if request.model is not None and request.model not in task.models:
            raise UnknownNameError(
                f"model {request.model!r} is not open to task {request.task!r}, which has {task.models}"
            )
        self._check_fields(request, task)
        if request.deadline is not None and request.deadline <= received_at:
            raise DeadlinePassedError(
                f"the deadline lies {received_at - request.deadline} ms before the request reached its topic"
            )
        return task

    def cost_center(self, request: PredictionRequest) -> str:
        """Who pays: the request's own cost centre, or else its tenant's."""
        return request.cost_center or self.document.tenants[request.tenant].cost_center

    def _check_fields(self, request: PredictionRequest, task: Task) -> None:
        limits = self.document.limits
        collection = task.retrieval.collection if task.retrieval else ""
        texts = [*(message.content for message in request.messages), *request.passages]
        problem = None
        if not 0 < len(request.request_id) <= limits.id_length:
            problem = f"request_id has {len(request.request_id)} characters: it must have 1 to {limits.id_length}"
        elif len(request.knowledge or "") > limits.id_length:
            problem = f"knowledge has over {limits.id_length} characters, which is the policy's limit"
        elif not request.messages:
            problem = "messages is empty: send at least one user message"
        elif len(request.messages) > limits.messages:
            problem = f"messages holds {len(request.messages)}: the policy's limit is {limits.messages}"
        elif request.messages[-1].role != "user" or not request.messages[-1].content.strip():
            problem = "the last message must be the user's, and not blank"
        elif unknown := {message.role for message in request.messages} - set(ROLES):
            problem = f"role {min(unknown)!r} is unknown: use one of {', '.join(ROLES)}"
        elif (size := sum(len(text.encode()) for text in texts)) > limits.content_bytes:
            problem = f"messages and passages hold {size} bytes: the policy's limit is {limits.content_bytes}"
        elif len(request.passages) > limits.passages:
            problem = f"passages holds {len(request.passages)}: the policy's limit is {limits.passages}"
        elif len(request.where) > limits.conditions:
            problem = f"where holds {len(request.where)} conditions: the policy's limit is {limits.conditions}"
        elif request.where and not collection:
            problem = f"where is given, and task {request.task!r} retrieves from no collection: leave it out"
        elif request.knowledge is not None and collection:
            problem = f"knowledge is given, and task {request.task!r} retrieves from {collection!r}: leave it out"
        elif not 1 <= request.sampling.max_tokens <= limits.max_tokens:
            problem = f"sampling.max_tokens is {request.sampling.max_tokens}: it must be 1 to {limits.max_tokens}"
        elif not 0 <= request.sampling.temperature <= 2:
            problem = f"sampling.temperature is {request.sampling.temperature}: it must be 0 to 2"
        elif not 0 < request.sampling.top_p <= 1:
            problem = f"sampling.top_p is {request.sampling.top_p}: it must be over 0 and at most 1"
        elif (schema := request.sampling.json_schema) is not None:
            if len(schema.encode()) > limits.json_schema_bytes:
                problem = f"sampling.json_schema has over {limits.json_schema_bytes} bytes, the policy's limit"
            elif wrong := json_schema.problem(schema):
                problem = f"sampling.json_schema {wrong}"
        if problem:
            raise InvalidRequestError(problem)

    def _check(self) -> None:
        """Every name that the file uses is one that it defines."""
        document = self.document
        for name, tenant in document.tenants.items():
            if not 0 <= tenant.error_bound <= 1:
                raise PolicyError(f"[tenants.{name}] error_bound is {tenant.error_bound}: it must be 0 to 1")
            for task_name in tenant.tasks:
                if task_name not in document.tasks:
                    raise PolicyError(f"[tenants.{name}] names task {task_name!r}, which is not in [tasks]")
        for name, model in document.models.items():
            if not _TOPIC_PART.fullmatch(name) or name.endswith(".batch"):
                raise PolicyError(
                    f"[models.{name}] cannot be part of a topic's name: use letters, digits, '.', '_' and '-', and no "
                    "'.batch' at the end; served_as may hold any name"
                )
            _at_least_one(f"[models.{name}]", model, "window", "max_num_seqs", "tensor_parallel")
        priced = {price.model for price in document.prices}
        for prices in (document.prices, document.gpu_prices):
            starts = Counter((price.model, price.effective_from) for price in prices)
            for (name, start), times in starts.items():
                if times > 1:
                    raise PolicyError(f"two prices of {name!r} take effect at the same instant, {start}: remove one")
        if document.embedder not in priced:
            raise PolicyError(f"embedder {document.embedder!r} has no card in [[prices]]")
        for name, router in self.routers.items():
            if router.written.embedder != document.embedder:
                raise PolicyError(
                    f"[tasks.{name}.router] was trained on vectors of {router.written.embedder!r}, and the policy's "
                    f"embedder is {document.embedder!r}: train it anew"
                )
            if not set(router.models) & set(document.tasks[name].models):
                raise PolicyError(f"[tasks.{name}.router] knows {router.models}, none of which the task may use")
        for name, task in document.tasks.items():
            if not task.models:
                raise PolicyError(f"[tasks.{name}] models is empty: name at least one")
            if not 0 < task.threshold <= 1:
                raise PolicyError(f"[tasks.{name}] threshold is {task.threshold}: it must be over 0 and at most 1")
            if not 0 <= task.check_share <= 1:
                raise PolicyError(f"[tasks.{name}] check_share is {task.check_share}: it must be 0 to 1")
            _at_least_one(f"[tasks.{name}]", task, "ttl_seconds", "deadline_seconds", "max_entries")
            if task.ttl_seconds > LONGEST_TTL_S:
                raise PolicyError(f"[tasks.{name}] ttl_seconds is {task.ttl_seconds}: at most {LONGEST_TTL_S}, 90 days")
            _check_context(f"[tasks.{name}", task)
            used = [*task.models, *(route.model for route in task.routes), *task.fallbacks]
            if task.retrieval and task.retrieval.reranker and task.retrieval.reranker not in priced:
                raise PolicyError(f"[tasks.{name}] reranker {task.retrieval.reranker!r} has no card in [[prices]]")
            used += [part.model for part in (task.history, task.compression) if part and part.model]
            for model_name in used:
                if model_name not in document.models:
                    raise PolicyError(f"[tasks.{name}] names model {model_name!r}, which is not in [models]")
            for model_name in [*used, task.baseline]:
                if model_name not in priced and (model_name not in self.gpus or model_name == task.baseline):
                    raise PolicyError(f"[tasks.{name}] uses model {model_name!r}, which has no card in [[prices]]")
        if document.platform in document.tenants:
            raise PolicyError(f"platform is {document.platform!r}, which is in [tenants] as well: name it otherwise")
        check_budgets(document.budgets, document.tenants, document.tasks)


def load(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: the file is missing, is not TOML, has an unknown key or a wrong value, or contradicts itself.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        document = msgspec.convert(with_catalogue(written, path.parent), Document)
        return Policy(document, _routers(document, path.parent))
    except FileNotFoundError:
        raise PolicyError(f"there is no policy file {path}: set HEADRACE_POLICY") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, PolicyError) as error:
        raise PolicyError(f"{path}: {error}") from error


def _routers(document: Document, directory: Path) -> dict[str, TrainedRouter]:
    files = {name: task.router.file for name, task in document.tasks.items() if task.router}
    if not files:
        return {}
    from agents import router  # noqa: PLC0415 - numpy, which most commands need not wait for

    return {name: router.load(directory / file) for name, file in files.items()}


def _check_context(where: str, task: Task) -> None:
    """What a task says of retrieval, history, compression and routing."""
    if task.example_tokens < 0:
        raise PolicyError(f"{where}] example_tokens is {task.example_tokens}: it must not be negative")
    if task.retrieval:
        _at_least_one(f"{where}.retrieval]", task.retrieval, "candidates", "tokens")
    if task.history:
        _at_least_one(f"{where}.history]", task.history, "tokens", "summary_tokens")
        if task.history.keep_turns < 0:
            raise PolicyError(f"{where}.history] keep_turns is {task.history.keep_turns}: it must not be negative")
    if task.compression:
        if not 0 < task.compression.keep <= 1:
            raise PolicyError(f"{where}.compression] keep is {task.compression.keep}: it must be over 0 and at most 1")
        if task.compression.method == "llmlingua" and not task.compression.model:
            raise PolicyError(f"{where}.compression] names no model: LLMLingua needs a small one of [models]")
    if task.router and not 0 < task.router.bar <= 1:
        raise PolicyError(f"{where}.router] bar is {task.router.bar}: it must be over 0 and at most 1")


def _at_least_one(where: str, table: msgspec.Struct, *names: str) -> None:
    for name in names:
        if getattr(table, name) < 1:
            raise PolicyError(f"{where} {name} is {getattr(table, name)}: it must be at least 1")


def _card(price: Price) -> PriceCard:
    if not 0 <= price.batch_percent <= 100:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: batch_percent must be 0 to 100")
    rates = [nano_usd(rate) for rate in (price.input, price.cached_input or price.input, price.output)]
    if min(rates) < 0 or max(rates) > 1_000_000 * NANO:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: a rate is negative or beyond a million dollars")
    return PriceCard(
        model=price.model,
        version=price.version,
        effective_from=_start(price),
        input_rate=rates[0],
        cached_input_rate=rates[1],
        output_rate=rates[2],
        batch_percent=price.batch_percent,
    )


def _gpu_card(price: GpuPrice) -> GpuCard:
    where = f"GPU price {price.version!r} of {price.model!r}"
    rate = nano_usd(price.gpu_hour)
    if not 0 <= rate <= 1_000_000 * NANO:
        raise PolicyError(f"{where}: gpu_hour is negative or beyond a million dollars")
    _at_least_one(where, price, "gpus")
    return GpuCard(
        model=price.model,
        version=price.version,
        effective_from=_start(price),
        gpus=price.gpus,
        hourly_rate=rate,
    )


def _start(price: Price | GpuPrice) -> int:
    if price.effective_from.tzinfo is None:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: effective_from needs a time zone, such as Z")
    return int(price.effective_from.timestamp()) * 1000
