"""What several stages of a worker use: models, Redis, the corpus."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, cast
from uuid import uuid4

import msgspec
from redis.asyncio import Redis

from agents import embedders
from agents.budgets.budgets import Budgets
from agents.budgets.redis_accounts import RedisAccounts
from agents.chat_template import ChatTemplate
from agents.corpus import Corpus
from agents.embedding import Embedder
from agents.inference.engine import Engine
from agents.inference.openai_engine import OpenAIEngine
from agents.inference.vllm_engine import VllmEngine
from agents.policy import Policy
from agents.policy_document import Model
from agents.redis_client import connect
from agents.tokens import Tokens
from streams.budget_log import BudgetLog
from streams.embedded.cache import cache_dir
from streams.embedded.model import embedder_dir, model_dir
from streams.river import River, now_ms
from streams.settings import EMBEDDED, Settings

log = logging.getLogger(__name__)


class Models(NamedTuple):
    """Where models come from. A test puts smaller ones in their place."""

    embedder: Callable[[Settings, Policy], Awaitable[Embedder]]
    tokens: Callable[[Model], Tokens]
    engine: Callable[[str, Model, Tokens], Engine]


class Shared:
    """Each part is started when the first stage asks for it, and closed with the river."""

    def __init__(self, river: River, policy: Policy, models: Models) -> None:
        self.river = river
        self.policy = policy
        self.models = models
        self._embedder: Embedder | None = None
        self._redis: Redis | None = None
        self._corpus: Corpus | None = None
        self._budgets: Budgets | None = None
        self._tokens: dict[str, Tokens] = {}

    async def embedder(self) -> Embedder:
        """The policy's embedding model. Raises SetupError."""
        if self._embedder is None:
            self._embedder = await self.models.embedder(self.river.settings, self.policy)
            self.river.parts.push_async_callback(self._embedder.close)
        return self._embedder

    def redis(self) -> Redis:
        """A client of the settings' Redis."""
        if self._redis is None:
            self._redis = connect(self.river.settings.redis)
            self.river.parts.push_async_callback(self._redis.aclose)
        return self._redis

    async def corpus(self) -> Corpus:
        """The collections of all tenants, as vectors of the policy's embedder."""
        if self._corpus is None:
            from agents.lance_corpus import LanceCorpus  # noqa: PLC0415 - a second, for those only who retrieve

            self._corpus = await LanceCorpus.open(self.river.settings.corpus, model=self.policy.embedder)
            self.river.parts.push_async_callback(self._corpus.close)
        return self._corpus

    def budgets(self) -> Budgets | None:
        """What the policy's budgets hold; None where it has none."""
        if self._budgets is None and self.policy.document.budgets:
            accounts = RedisAccounts(self.redis(), now=now_ms, new_token=ids())
            log = BudgetLog(self.river.settings.kafka_options(), self.river.codec, self.policy.models)
            self._budgets = Budgets(self.policy, accounts, log, now=now_ms)
        return self._budgets

    def tokens(self) -> dict[str, Tokens]:
        """Every model's tokenizer, by the model's name. Raises SetupError."""
        if not self._tokens:
            self._tokens = {name: self.models.tokens(model) for name, model in self.policy.models.items()}
        return self._tokens


def real_models() -> Models:
    """The models that the policy and the settings name."""
    return Models(embedder=_embedder, tokens=_tokens, engine=_engine)


def ids() -> Callable[[], str]:
    """Makes ids that no other answer has: a random part, drawn once, and a count."""
    drawn, count = uuid4().hex, itertools.count()
    return lambda: f"{drawn}-{next(count)}"


def path_of(model: Model) -> str:
    """Where a model's weights and tokenizer are."""
    return str(model_dir(log.info)) if model.path == EMBEDDED else model.path


async def ended(task: asyncio.Task[None]) -> None:
    """End a task that runs in the background."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _embedder(settings: Settings, policy: Policy) -> Embedder:
    path = str(embedder_dir()) if settings.embedder == EMBEDDED else settings.embedder
    return await embedders.load(path, name=policy.embedder, cache=cache_dir())


def _tokens(model: Model) -> ChatTemplate:
    return ChatTemplate.load(model.tokenizer or path_of(model))


def _engine(name: str, model: Model, tokens: Tokens) -> Engine:
    if model.engine == "openai":
        return OpenAIEngine(name, model, tokens)
    return VllmEngine(name, msgspec.structs.replace(model, path=path_of(model)), cast(ChatTemplate, tokens))
