"""Any server that speaks OpenAI's chat completions: vLLM's, TensorRT-LLM's, SGLang, llama.cpp, a vendor.

https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, NamedTuple

import httpx
import msgspec

from agents.inference.breaker import Breaker
from agents.inference.engine import Completion, Prompt
from agents.policy_document import Model
from agents.tokens import Tokens, is_long, unhurried
from schemas.errors import EngineRowError, SetupError
from schemas.ledger import Timings
from schemas.records import Message

PATIENCE_S = 30.0
"""For how long a prompt is tried again while the server is away or overloaded."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
ANSWER_S = 600.0
"""A backstop: deadlines are shorter."""
CONNECT_S = 5.0
QUOTED = 500
"""Characters of a server's own error message to pass on."""

_AWAY = frozenset({502, 503, 504})
"""What stands for a server that is not there."""
_TRY_AGAIN = frozenset({408, 429, 500}) | _AWAY


class _Details(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said
    finish_reason: str | None = None


class _Reply(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class _Trouble(NamedTuple):
    """Why a try failed that another may mend, and how long the server asks to wait before it."""

    what: str
    wait_s: float


class OpenAIEngine:
    """A model on a server that is somebody else's to run: its outage fails prompts, never this worker.

    The server's token counts are taken where it gives them, and ours where it does not. It tells nothing of where
    its time went, so the whole of it stands under ``decode``. A call has no limit of its own but a backstop: whoever
    asks has a deadline, and cancels the call and its retries when it passes.
    """

    def __init__(
        self,
        name: str,
        model: Model,
        tokens: Tokens,
        *,
        patience_s: float = PATIENCE_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``tokens`` counts as the model behind ``model.url`` does; ``transport`` stands in for the network."""
        self.model = name
        self.capacity = model.max_num_seqs
        self._settings = model
        self._tokens = tokens
        self._patience_s = patience_s
        self._transport = transport
        self._url = f"{model.url.rstrip('/')}/chat/completions"
        self._key = ""
        self._client: httpx.AsyncClient | None = None
        self._breaker = Breaker(FIRST_PAUSE_S, LONGEST_PAUSE_S)

    @property
    def token_capacity(self) -> int | None:
        """What the policy says."""
        return self._settings.max_tokens_in_flight

    @property
    def alive(self) -> bool:
        """Whether it was started: a server that is away comes back."""
        return self._client is not None

    async def start(self) -> None:
        """Open the connections' pool; the server itself need not be there yet.

        Raises:
            SetupError: the model's key is not in the environment, or its url is no url.
        """
        settings = self._settings
        if not settings.url.startswith(("http://", "https://")):
            raise SetupError(f"model {self.model!r}: url {settings.url!r} must begin with http:// or https://")
        headers = {"Content-Type": "application/json"}
        if settings.api_key_env:
            self._key = os.environ.get(settings.api_key_env, "")
            if not self._key:
                raise SetupError(f"model {self.model!r}: set {settings.api_key_env} to the key of {settings.url}")
            headers["Authorization"] = f"Bearer {self._key}"
        self._client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S, pool=None),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=self.capacity),
            transport=self._transport,
        )

    async def stop(self) -> None:
        """Close the connections; the server ends what it was still working on."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def generate(self, prompt: Prompt) -> Completion:
        """Answer one prompt, trying again while the server is away or overloaded.

        A reply without a text is a wrong completion where the server says what it bills for it.

        Raises:
            EngineRowError: the server refused the prompt, stayed away, or said what cannot be understood.
        """
        client = self._client
        if client is None:
            raise EngineRowError(f"the engine of {self.model!r} is not started")
        clock, breaker = asyncio.get_running_loop().time, self._breaker
        begun, body, pause = clock(), self._body(prompt), FIRST_PAUSE_S
        while True:
            if breaker.allows(clock()):
                outcome = await self._ask(client, prompt, body)
                if isinstance(outcome, Completion):
                    return outcome
                problem, wait = outcome.what, max(pause, outcome.wait_s)
                pause = min(2 * pause, LONGEST_PAUSE_S)
            else:
                problem, wait = breaker.problem, breaker.wait_s(clock())
            now = clock()
            if breaker.away_s(now) > self._patience_s:
                raise EngineRowError(f"{self._url} has been away for {breaker.away_s(now):.1f} s: {problem}")
            if now + wait > begun + self._patience_s:
                raise EngineRowError(f"{self._url} failed {prompt.key!r} for {now - begun:.1f} s: {problem}")
            await asyncio.sleep(wait)

    async def _ask(self, client: httpx.AsyncClient, prompt: Prompt, body: bytes) -> Completion | _Trouble:
        """One try. Raises what another try would not mend."""
        clock = asyncio.get_running_loop().time
        sent = clock()
        try:
            response = await client.post(self._url, content=body)
        except httpx.ReadTimeout as error:
            raise EngineRowError(f"{self._url} gave no answer within {ANSWER_S:g} s") from error
        except httpx.TransportError as error:
            trouble = _Trouble(f"{type(error).__name__} {error}".rstrip(), 0.0)
            self._breaker.failed(clock(), trouble.what)
            return trouble
        if response.is_success:
            self._breaker.answered()
            return await self._completion(prompt, response.content, clock() - sent)
        trouble = _Trouble(self._problem(response), _retry_after(response))
        if response.status_code in _AWAY:
            self._breaker.failed(clock(), trouble.what)
        else:
            self._breaker.answered()
        if response.status_code not in _TRY_AGAIN:
            raise EngineRowError(f"{self._url} refused {prompt.key!r}: {trouble.what}")
        return trouble

    def _body(self, prompt: Prompt) -> bytes:
        sampling = prompt.sampling
        body: dict[str, Any] = {
            "model": self._settings.served_as or self.model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        # Left out where they say nothing: not every server knows them.
        if sampling.seed is not None:
            body["seed"] = sampling.seed
        if sampling.stop:
            body["stop"] = sampling.stop
        if sampling.json_schema is not None:
            schema = {"name": "answer", "schema": msgspec.Raw(sampling.json_schema.encode()), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return msgspec.json.encode(body)

    async def _completion(self, prompt: Prompt, content: bytes, seconds: float) -> Completion:
        try:
            reply = msgspec.json.decode(content, type=_Reply)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise EngineRowError(f"{self._url} answered what is no chat completion: {error}") from error
        text = reply.choices[0].message.content if reply.choices else None
        wrong = f"{self._url} answered {prompt.key!r} without a text" if text is None else None
        if wrong and reply.usage is None:
            raise EngineRowError(wrong)
        said = text or ""
        finish_reason = (reply.choices and reply.choices[0].finish_reason) or "stop"
        if (usage := reply.usage) is None:
            usage = await unhurried(is_long(prompt.messages), lambda: self._counted(prompt, said, finish_reason))
        details = usage.prompt_tokens_details
        return Completion(
            text=said,
            finish_reason=finish_reason,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=(details and details.cached_tokens) or 0,
            completion_tokens=usage.completion_tokens,
            timings=Timings(decode=round(seconds * 1_000_000)),
            wrong=wrong,
        )

    def _counted(self, prompt: Prompt, text: str, finish_reason: str) -> _Usage:
        asked = list(prompt.messages)
        empty, full = (self._tokens.count([*asked, Message(role="assistant", content=said)]) for said in ("", text))
        # A text that ended by itself ended with a token of its own.
        ended = 1 if finish_reason == "stop" else 0
        return _Usage(prompt_tokens=self._tokens.count(asked), completion_tokens=full - empty + ended)

    def _problem(self, response: httpx.Response) -> str:
        said = response.text[:QUOTED]
        # Some servers quote the key that they refuse.
        return f"HTTP {response.status_code} {said.replace(self._key, '***') if self._key else said}"


def _retry_after(response: httpx.Response) -> float:
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() else 0.0
