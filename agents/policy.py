"""What may be done with a request: one TOML file of models, prices, tenants and tasks.

It is checked when it is read: a key that it should not have is an error, not a typing mistake that stays silent.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from agents import json_schema
from agents.catalogue import with_catalogue
from schemas.enums import Lane
from schemas.errors import DeadlinePassedError, InvalidRequestError, PolicyError, UnknownNameError
from schemas.money import NANO, PriceBook, PriceCard, nano_usd
from schemas.records import PredictionRequest

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


class Tenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An organisation whose data and money are its own."""

    cost_center: str
    tasks: list[str]
    error_bound: float = 0.01
    """Of a task's requests, the share that may get a wrong answer from the semantic cache. Where checks measure more,
    the cache tightens by itself."""


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


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a request may hold. A request over a limit is refused, never cut."""

    messages: int = 256
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
    limits: Limits = Limits()
    embedder: str = "all-MiniLM-L6-v2"
    """The embedding model's name on its price card."""


ROLES = ("system", "user", "assistant")
_TOPIC_PART = re.compile(r"[A-Za-z0-9._-]{1,200}")


class Policy:
    """The policy in force. Its version is a hash of what it says, and part of every fingerprint."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.models = document.models
        self.embedder = document.embedder
        self.prices = PriceBook([_card(price) for price in document.prices])
        self.version = hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()[:12]
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
        self._check_fields(request)
        if request.deadline is not None and request.deadline <= received_at:
            raise DeadlinePassedError(
                f"the deadline lies {received_at - request.deadline} ms before the request reached its topic"
            )
        return task

    def cost_center(self, request: PredictionRequest) -> str:
        """Who pays: the request's own cost centre, or else its tenant's."""
        return request.cost_center or self.document.tenants[request.tenant].cost_center

    def _check_fields(self, request: PredictionRequest) -> None:
        limits = self.document.limits
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
        elif (size := sum(len(message.content.encode()) for message in request.messages)) > limits.content_bytes:
            problem = f"messages hold {size} bytes: the policy's limit is {limits.content_bytes}"
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
        starts = Counter((price.model, price.effective_from) for price in document.prices)
        for (name, start), times in starts.items():
            if times > 1:
                raise PolicyError(f"two prices of {name!r} take effect at the same instant, {start}: remove one")
        if document.embedder not in priced:
            raise PolicyError(f"embedder {document.embedder!r} has no card in [[prices]]")
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
            used = [*task.models, *(route.model for route in task.routes)]
            for model_name in used:
                if model_name not in document.models:
                    raise PolicyError(f"[tasks.{name}] names model {model_name!r}, which is not in [models]")
            for model_name in [*used, task.baseline]:
                if model_name not in priced:
                    raise PolicyError(f"[tasks.{name}] uses model {model_name!r}, which has no card in [[prices]]")


def load(path: Path) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: the file is missing, is not TOML, has an unknown key or a wrong value, or contradicts itself.
    """
    try:
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        return Policy(msgspec.convert(with_catalogue(written, path.parent), Document))
    except FileNotFoundError:
        raise PolicyError(f"there is no policy file {path}: set HEADRACE_POLICY") from None
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, PolicyError) as error:
        raise PolicyError(f"{path}: {error}") from error


def _at_least_one(where: str, table: msgspec.Struct, *names: str) -> None:
    for name in names:
        if getattr(table, name) < 1:
            raise PolicyError(f"{where} {name} is {getattr(table, name)}: it must be at least 1")


def _card(price: Price) -> PriceCard:
    if price.effective_from.tzinfo is None:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: effective_from needs a time zone, such as Z")
    if not 0 <= price.batch_percent <= 100:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: batch_percent must be 0 to 100")
    rates = [nano_usd(rate) for rate in (price.input, price.cached_input or price.input, price.output)]
    if min(rates) < 0 or max(rates) > 1_000_000 * NANO:
        raise PolicyError(f"price {price.version!r} of {price.model!r}: a rate is negative or beyond a million dollars")
    return PriceCard(
        model=price.model,
        version=price.version,
        effective_from=int(price.effective_from.timestamp()) * 1000,
        input_rate=rates[0],
        cached_input_rate=rates[1],
        output_rate=rates[2],
        batch_percent=price.batch_percent,
    )
