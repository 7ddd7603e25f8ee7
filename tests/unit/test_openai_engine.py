"""The OpenAI-compatible engine against a server that misbehaves: what is tried again, and what never said."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from agents.inference import openai_engine
from agents.inference.engine import Completion, Prompt
from agents.inference.openai_engine import OpenAIEngine
from agents.policy_document import Model
from agents.tokens import LONG_PROMPT
from schemas.enums import Lane
from schemas.errors import EngineRowError, SetupError
from schemas.records import Message, Sampling
from tests.fakes.conversation import Watched
from tests.fakes.engine import WordTokens

KEY = "sk-very-secret"
ASKED = [Message(role="system", content="Be brief."), Message(role="user", content="two and two")]
USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 8}}
Answer = Callable[[httpx.Request], httpx.Response]


def said(text: str | None = "it is four", finish_reason: str = "stop", **fields: Any) -> httpx.Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}
    return httpx.Response(200, json={"id": "c-1", "choices": [choice], "usage": USAGE, **fields})


class Server:
    """Gives its answers one after the other, the last of them for ever."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        # A response can be read once.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.requests[-1].content)
        return body


@asynccontextmanager
async def running(server: Any, **fields: Any) -> AsyncIterator[OpenAIEngine]:
    model = Model(engine="openai", window=512, url="http://server/v1/", **fields)
    transport = httpx.MockTransport(server)
    engine = OpenAIEngine("ours", model, WordTokens(), patience_s=0.5, transport=transport)
    await engine.start()
    yield engine
    await engine.stop()


async def ask(engine: OpenAIEngine, **sampling: Any) -> Completion:
    return await engine.generate(Prompt("r-1", "bank", Lane.REALTIME, ASKED, Sampling(**sampling)))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_engine, "FIRST_PAUSE_S", 0.01)


async def test_an_answer_is_read_with_its_usage() -> None:
    async with running(Server(said())) as engine:
        answer = await ask(engine)
    assert (answer.text, answer.finish_reason) == ("it is four", "stop")
    assert (answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens) == (11, 8, 3)


async def test_a_request_says_what_the_sampling_says_and_no_more() -> None:
    server = Server(said())
    async with running(server) as engine:
        await ask(engine, max_tokens=9)
        plain = server.body
        await ask(engine, temperature=0.5, top_p=0.9, seed=3, stop=["."])
    assert str(server.requests[0].url) == "http://server/v1/chat/completions"
    assert plain == {
        "model": "ours",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "two and two"}],
        "temperature": 0.0,
        "top_p": 1.0,
        "max_tokens": 9,
    }
    assert {key: server.body[key] for key in ("temperature", "top_p", "seed", "stop")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 3,
        "stop": ["."],
    }


async def test_the_server_is_asked_for_the_name_that_it_knows() -> None:
    server = Server(said())
    async with running(server, served_as="vendor/model-1") as engine:
        await ask(engine)
    assert server.body["model"] == "vendor/model-1"


@pytest.mark.parametrize(("finish_reason", "ended"), [("stop", 1), ("length", 0)])
async def test_where_the_server_counts_nothing_we_count(finish_reason: str, ended: int) -> None:
    async with running(Server(said(finish_reason=finish_reason, usage=None))) as engine:
        answer = await ask(engine)
    assert answer.prompt_tokens == WordTokens().count(ASKED)
    assert (answer.cached_tokens, answer.completion_tokens) == (0, 3 + ended)


@pytest.mark.parametrize("length", [10, LONG_PROMPT])
async def test_a_long_prompt_is_counted_beside_the_event_loop(length: int) -> None:
    tokens = Watched()
    model = Model(engine="openai", window=512, url="http://server/v1/")
    engine = OpenAIEngine("ours", model, tokens, transport=httpx.MockTransport(Server(said(usage=None))))
    await engine.start()
    messages = [Message(role="user", content="x" * length)]
    await engine.generate(Prompt("r", "t", Lane.BATCH, messages, Sampling()))
    await engine.stop()
    assert set(tokens.on_loop) == {length == 10}


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429, text="slow down"),
        httpx.Response(500),
        httpx.Response(503, headers={"Retry-After": "0"}),
        httpx.Response(503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}),
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.RemoteProtocolError("Server disconnected"),
    ],
    ids=repr,
)
async def test_what_may_pass_is_tried_again(trouble: httpx.Response | Exception) -> None:
    server = Server(trouble, trouble, said())
    async with running(server) as engine:
        assert (await ask(engine)).text == "it is four"
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 404, 422])
async def test_a_refusal_fails_the_prompt_at_once_in_the_servers_words(status: int) -> None:
    server = Server(httpx.Response(status, text="context length exceeded"))
    async with running(server) as engine:
        with pytest.raises(EngineRowError, match=f"refused 'r-1': HTTP {status} context length exceeded"):
            await ask(engine)
    assert len(server.requests) == 1


async def test_an_outage_fails_the_prompt_in_the_end_and_says_what_was_seen() -> None:
    server = Server(httpx.ConnectError("All connection attempts failed"))
    async with running(server) as engine:
        with pytest.raises(EngineRowError, match=r"for 0\.\d s: ConnectError All connection attempts failed"):
            await ask(engine)
    assert 3 <= len(server.requests) <= 10


async def test_a_wait_that_the_server_asks_for_is_kept_or_not_begun() -> None:
    patient = Server(httpx.Response(429, headers={"Retry-After": "60"}))
    async with running(patient) as engine:
        with pytest.raises(EngineRowError, match="HTTP 429"):
            await asyncio.wait_for(ask(engine), 5)
    assert len(patient.requests) == 1


async def test_an_answer_that_never_comes_is_not_asked_for_twice() -> None:
    server = Server(httpx.ReadTimeout("no"))
    async with running(server) as engine:
        with pytest.raises(EngineRowError, match="gave no answer"):
            await ask(engine)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(200, text="<html>"), "no chat completion"),
        (httpx.Response(200, json={"object": "list"}), "no chat completion"),
        (httpx.Response(200, content=b'{"choices": [{"message": {"content": "\xff"}}]}'), "no chat completion"),
        (httpx.Response(200, json={"choices": []}), "without a text"),
        (said(text=None, usage=None), "without a text"),
    ],
)
async def test_what_is_no_answer_fails_the_prompt(answer: httpx.Response, problem: str) -> None:
    async with running(Server(answer)) as engine:
        with pytest.raises(EngineRowError, match=problem):
            await ask(engine)


@pytest.mark.parametrize("answer", [said(text=None), httpx.Response(200, json={"choices": [], "usage": USAGE})])
async def test_what_is_billed_without_a_text_is_told_with_its_usage(answer: httpx.Response) -> None:
    async with running(Server(answer)) as engine:
        done = await ask(engine)
    assert done.wrong == "http://server/v1/chat/completions answered 'r-1' without a text"
    assert (done.text, done.prompt_tokens, done.cached_tokens, done.completion_tokens) == ("", 11, 8, 3)


async def test_while_the_server_is_away_one_prompt_at_a_time_asks_it() -> None:
    class Back(Server):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if len(self.requests) == 3:
                self.answers = [said()]
            return super().__call__(request)

    server = Back(httpx.ConnectError("refused"))
    async with running(server) as engine:
        first = await asyncio.gather(*(ask(engine) for _ in range(4)))
        assert len(first) == 4
        # One found out that it was away, one at a time tried, and when it was back the others asked.
        assert len(server.requests) == 3 + 4
        asked = len(server.requests)
        await asyncio.gather(*(ask(engine) for _ in range(4)))
    assert len(server.requests) == asked + 4


async def test_once_the_server_has_been_away_for_long_prompts_fail_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai_engine, "FIRST_PAUSE_S", 0.2)
    server = Server(httpx.Response(503, text="loading"))
    async with running(server) as engine:
        with pytest.raises(EngineRowError, match="HTTP 503 loading"):
            await ask(engine)
        await asyncio.sleep(0.5)
        asked = len(server.requests)
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            with pytest.raises(EngineRowError, match=r"has been away for \d\.\d s: HTTP 503 loading"):
                await ask(engine)
        assert asyncio.get_running_loop().time() - began < 0.2
    assert len(server.requests) - asked <= 1  # whose turn it was to try


async def test_overload_is_no_outage() -> None:
    server = Server(httpx.Response(429), said())
    async with running(server) as engine:
        answers = await asyncio.gather(*(ask(engine) for _ in range(3)))
    assert len(answers) == 3
    assert len(server.requests) == 4


async def test_a_schema_for_the_answer_is_passed_on_as_it_was_written() -> None:
    server = Server(said('{"fee": 3}'))
    async with running(server) as engine:
        await ask(engine, json_schema='{"required": ["fee"], "type": "object"}')
    assert server.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"required": ["fee"], "type": "object"}, "strict": True},
    }
    assert b'{"required": ["fee"], "type": "object"}' in server.requests[-1].content


async def test_it_is_alive_while_it_is_started_and_holds_what_the_policy_says() -> None:
    async with running(Server(said()), max_tokens_in_flight=500) as engine:
        assert (engine.alive, engine.token_capacity) == (True, 500)
    assert not engine.alive


async def test_cancelling_a_call_ends_it_also_while_it_waits_to_try_again() -> None:
    server = Server(httpx.Response(429, headers={"Retry-After": "0"}))
    async with running(server) as engine:
        call = asyncio.create_task(ask(engine))
        await asyncio.sleep(0.02)
        call.cancel()
        await asyncio.wait([call], timeout=1)
        asked = len(server.requests)
        await asyncio.sleep(0.1)
    assert call.cancelled()
    assert len(server.requests) == asked


async def test_the_key_goes_to_the_server_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("VENDOR_KEY", KEY)
    server = Server(httpx.Response(401, text=f"incorrect key provided: {KEY}"))
    async with running(server, api_key_env="VENDOR_KEY") as engine:
        with pytest.raises(EngineRowError, match=r"incorrect key provided: \*\*\*") as refused:
            await ask(engine)
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert KEY not in caplog.text + str(refused.value) + repr(engine)


async def test_a_key_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VENDOR_KEY", raising=False)
    with pytest.raises(SetupError, match="set VENDOR_KEY to the key of http://server/v1/"):
        async with running(Server(said()), api_key_env="VENDOR_KEY"):
            pass


async def test_a_url_without_a_scheme_is_named() -> None:
    engine = OpenAIEngine("ours", Model(engine="openai", window=1, url="server:80"), WordTokens())
    with pytest.raises(SetupError, match="'server:80' must begin with http"):
        await engine.start()
