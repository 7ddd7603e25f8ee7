"""What may be done with a request: one TOML file of models, prices, tenants and tasks.

It is checked when it is read: a key that it should not have is an error, not a typing mistake that stays silent.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from agents import json_schema
from agents.budgets.budget import check as check_budgets
from agents.catalogue import parsed, with_catalogue
from agents.policy_document import Document, GpuPrice, Price, Task
from agents.rollup_key import LONGEST_NAME, fits
from schemas.errors import DeadlinePassedError, InvalidRequestError, PolicyError, UnknownNameError
from schemas.gpu import GpuBook, GpuCard
from schemas.money import NANO, PriceBook, PriceCard, nano_usd
from schemas.records import PredictionRequest

if TYPE_CHECKING:
    from agents.router import TrainedRouter

LONGEST_TTL_S = 90 * 24 * 3600
"""How long an answer may be served again at most."""
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
        elif len(center := request.cost_center or "") > limits.id_length:
            problem = f"cost_center has over {limits.id_length} characters, which is the policy's limit"
        elif not fits(center):
            problem = f"cost_center has over {LONGEST_NAME} bytes as JSON, which is the ledger's limit"
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

    def weight(self, model: str, task: Task, at: int) -> PriceCard:
        """What a model's tokens are worth where it is decided whether to take some out.

        By its price card; by the baseline's where it is paid by the GPU hour, and nobody can tell beforehand.

        Raises:
            PolicyError: it has no price at that instant (UTC epoch milliseconds).
        """
        return self.prices.card(model if model in self.prices else task.baseline, at)

    def _check(self) -> None:
        """Every name that the file uses is one that it defines."""
        document = self.document
        centers = [tenant.cost_center for tenant in document.tenants.values()]
        for name in (*document.tenants, *centers, *document.tasks, document.platform, document.embedder):
            if not fits(name):
                raise PolicyError(f"the name {name[:40] + '…'!r} has over {LONGEST_NAME} bytes as JSON: shorten it")
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
            if not 0 < model.batch_share <= 1:
                raise PolicyError(
                    f"[models.{name}] batch_share is {model.batch_share}: it must be above 0, and 1 at most"
                )
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
            if task.compression and task.compression.model and task.compression.model not in priced:
                raise PolicyError(f"[tasks.{name}.compression] {task.compression.model!r} has no card in [[prices]]")
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


def load(path: Path, *, at: int | None = None) -> Policy:
    """Read a policy file.

    Args:
        path: the file.
        at: UTC epoch milliseconds, where the policy is to be worked by from then on: its GPU hours must have a price.

    Raises:
        PolicyError: the file cannot be read, is not TOML, has an unknown key or a wrong value, or contradicts itself;
            or a model's first GPU-hour card takes effect later than ``at``.
    """
    try:
        written = with_catalogue(parsed(path.read_bytes()), path.parent)
        document = msgspec.convert(written, Document)
        policy = Policy(document, _routers(document, path.parent))
        if at is not None:
            _check_gpu_hours(policy, at)
        return policy
    except OSError as error:
        why = f"the policy file {path} cannot be read ({error.strerror}): set HEADRACE_POLICY to one that can"
        raise PolicyError(why) from error
    except (msgspec.ValidationError, PolicyError) as error:
        raise PolicyError(f"{path}: {error}") from error


def _check_gpu_hours(policy: Policy, at: int) -> None:
    """Every model that is priced by the GPU hour is so already: its engine's time has no other price."""
    for card in policy.gpus.waiting(at):
        begins = datetime.fromtimestamp(card.effective_from // 1000, UTC)
        raise PolicyError(
            f"GPU price {card.version!r} of {card.model!r} takes effect at {begins:%Y-%m-%d %H:%M:%S} UTC only, and is "
            "the model's first: leave it out of [[gpu_prices]] until then, or add the card that holds now"
        )


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
