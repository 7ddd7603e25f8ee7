"""Engines keep one contract: the fake of the unit tests, vLLM in process, and an OpenAI-compatible server.

Both real ones run the embedded model; the server is vLLM's own.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio
import torch

from agents.chat_template import ChatTemplate
from agents.inference.engine import Completion, Engine, Prompt
from agents.inference.openai_engine import OpenAIEngine
from agents.inference.vllm_engine import VllmEngine, arguments
from agents.json_schema import complaint
from agents.policy_document import Model
from agents.tokens import Tokens
from bench.vllm_server import VllmServer
from schemas.enums import Lane
from schemas.errors import EngineDeadError, EngineRowError, SetupError
from schemas.records import Message, Sampling
from tests.fakes.engine import FakeEngine, WordTokens

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),  # where others use the machine as well, an engine takes minutes to start
    # What vLLM and torch say to themselves while they are imported.
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning"),
]

WINDOW, CAPACITY, CACHE_BYTES = 512, 4, 128 << 20
CAPITAL = "What is the capital of France?"
STORY = "Tell a long story about a river and all who live on it."
QUESTIONS = [
    CAPITAL,
    "How do I reset my password?",
    "Name three rivers of Europe.",
    "Is a whale a fish? Answer in one sentence.",
    "Write a haiku about money.",
]


@pytest.fixture(scope="session")
def template(smollm2: str) -> ChatTemplate:
    return ChatTemplate.load(smollm2)


def settings(path: str, url: str = "") -> Model:
    limits = {"window": WINDOW, "max_num_seqs": CAPACITY, "kv_cache_bytes": CACHE_BYTES}
    return Model(engine="openai" if url else "vllm", path=path, url=url, **limits)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vllm(smollm2: str, template: ChatTemplate) -> AsyncIterator[VllmEngine]:
    engine = VllmEngine("smollm2", settings(smollm2), template)
    await engine.start()
    yield engine
    await engine.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(smollm2: str) -> AsyncIterator[VllmServer]:
    limits = {"window": WINDOW, "max_num_seqs": CAPACITY, "cache_bytes": CACHE_BYTES}
    dtype = arguments(settings(smollm2), cpu=torch.backends.cpu.get_cpu_capability()).get("dtype", "auto")
    async with VllmServer(smollm2, served_as="smollm2", dtype=dtype, **limits) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def openai(smollm2: str, template: ChatTemplate, server: VllmServer) -> AsyncIterator[OpenAIEngine]:
    engine = OpenAIEngine("smollm2", settings(smollm2, server.url), template)
    await engine.start()
    yield engine
    await engine.stop()


REAL = ["vllm", pytest.param("openai", marks=pytest.mark.slow)]


@pytest.fixture(scope="session", params=REAL)
def real(request: pytest.FixtureRequest) -> Engine:
    made: Engine = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="session", params=["fake", *REAL])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "fake":
        return FakeEngine(capacity=CAPACITY, window=WINDOW, seconds_per_token=0.001)
    made: Engine = request.getfixturevalue(request.param)
    return made


@pytest.fixture(scope="session")
def tokens(engine: Engine, request: pytest.FixtureRequest) -> Tokens:
    counts: Tokens = WordTokens() if isinstance(engine, FakeEngine) else request.getfixturevalue("template")
    return counts


def prompt(text: str, lane: Lane = Lane.REALTIME, tenant: str = "bank", **sampling: Any) -> Prompt:
    messages = [Message(role="user", content=text)]
    return Prompt("r-1", tenant, lane, messages, Sampling(**{"max_tokens": 24, **sampling}))


async def ask(engine: Engine, text: str, **sampling: Any) -> Completion:
    return await engine.generate(prompt(text, **sampling))


async def test_an_answer_has_a_text_and_exact_token_counts(engine: Engine, tokens: Tokens) -> None:
    for question in QUESTIONS:
        answer = await ask(engine, question, max_tokens=8)
        assert answer.text.strip()
        assert answer.prompt_tokens == tokens.count(prompt(question).messages)
        assert 0 <= answer.cached_tokens < answer.prompt_tokens
        assert 1 <= answer.completion_tokens <= 8


async def test_a_conversation_of_several_turns_is_counted_as_the_engine_counts_it(
    engine: Engine, tokens: Tokens
) -> None:
    turns = [("system", "Be brief."), ("user", CAPITAL), ("assistant", "Paris."), ("user", "  And of Perú? 🗻\n")]
    messages = [Message(role=role, content=content) for role, content in turns]
    answer = await engine.generate(Prompt("r", "bank", Lane.REALTIME, messages, Sampling(max_tokens=4)))
    assert answer.prompt_tokens == tokens.count(messages)


async def test_a_text_that_ends_by_itself_says_stop(engine: Engine) -> None:
    # A greeting: of the capital of France, bfloat16 and float32 may say different things.
    answer = await ask(engine, "Hello")
    assert answer.finish_reason == "stop"
    assert answer.completion_tokens < 24


async def test_a_text_that_is_cut_says_length_and_has_just_as_many_tokens(engine: Engine) -> None:
    answer = await ask(engine, STORY, max_tokens=7)
    assert (answer.finish_reason, answer.completion_tokens) == ("length", 7)


async def test_a_text_ends_before_a_stop_string(engine: Engine) -> None:
    whole = (await ask(engine, CAPITAL)).text
    third = whole.split()[2]
    cut = await ask(engine, CAPITAL, stop=[third])
    assert cut.finish_reason == "stop"
    assert third not in cut.text
    assert whole.startswith(cut.text)


async def test_at_temperature_0_an_answer_is_the_same_again(engine: Engine) -> None:
    assert (await ask(engine, STORY, max_tokens=12)).text == (await ask(engine, STORY, max_tokens=12)).text


async def test_a_seed_repeats_a_draw(engine: Engine) -> None:
    drawn = [await ask(engine, STORY, max_tokens=12, temperature=1.0, seed=seed) for seed in (7, 7, 8)]
    assert drawn[0].text == drawn[1].text != drawn[2].text


CITY = json.dumps(
    {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "people": {"type": "integer"}},
        "required": ["city", "people"],
        "additionalProperties": False,
    }
)


async def test_an_answer_follows_its_schema(real: Engine) -> None:
    for question in (CAPITAL, STORY):
        answer = await ask(real, question, json_schema=CITY, max_tokens=64)
        assert complaint(CITY, answer.text) is None
        assert answer.finish_reason == "stop"


async def test_a_schema_that_an_engine_cannot_keep_fails_its_prompt_alone(real: Engine) -> None:
    with pytest.raises(EngineRowError):
        await ask(real, CAPITAL, json_schema='{"type": "array", "items": {"$ref": "#/$defs/none"}}')
    assert (await ask(real, CAPITAL)).text


async def test_an_engine_is_alive_and_vllm_says_how_much_it_holds(engine: Engine, vllm: VllmEngine) -> None:
    assert engine.alive
    assert (vllm.token_capacity or 0) >= WINDOW


async def test_the_time_that_an_answer_took_is_told(engine: Engine) -> None:
    began = time.perf_counter()
    timings = (await ask(engine, CAPITAL)).timings
    told = timings.queue + timings.prefill + timings.decode
    assert min(timings.queue, timings.prefill, timings.decode) >= 0
    assert 0 < told <= (time.perf_counter() - began) * 1e6


async def test_a_prompt_that_comes_again_is_found_in_the_prefix_cache(engine: Engine) -> None:
    text = f"{type(engine).__name__} knows: " + "the river runs to the sea and back again. " * 30
    first, second = await ask(engine, text, max_tokens=2), await ask(engine, text, max_tokens=2)
    assert first.cached_tokens == 0
    assert 0 < second.cached_tokens < second.prompt_tokens == first.prompt_tokens
    assert second.text == first.text


async def test_a_prompt_longer_than_the_window_fails_alone(engine: Engine) -> None:
    waiting = asyncio.create_task(ask(engine, CAPITAL))
    with pytest.raises(EngineRowError, match=r"(?i)window|maximum"):
        await ask(engine, "word " * WINDOW)
    assert (await waiting).text


async def test_more_calls_than_it_runs_at_once_are_all_answered_each_with_its_own(
    engine: Engine, tokens: Tokens
) -> None:
    asked = [prompt(f"{CAPITAL} {'Please. ' * at}", max_tokens=3) for at in range(3 * CAPACITY)]
    answers = await asyncio.gather(*(engine.generate(one) for one in asked))
    assert [answer.prompt_tokens for answer in answers] == [tokens.count(one.messages) for one in asked]


async def test_both_lanes_are_taken(engine: Engine) -> None:
    # One after the other: alone in a step and beside another, bfloat16 rounds differently.
    answers = [await engine.generate(prompt(CAPITAL, lane=lane)) for lane in (Lane.BATCH, Lane.REALTIME)]
    assert answers[0].text == answers[1].text


async def test_a_cancelled_call_makes_room_for_the_next(engine: Engine) -> None:
    kept, *dropped = [asyncio.create_task(ask(engine, f"{STORY} {at}", max_tokens=400)) for at in range(CAPACITY)]
    await asyncio.sleep(0.1 if isinstance(engine, FakeEngine) else 2)
    for task in dropped:
        task.cancel()
    await asyncio.wait(dropped)
    # As many as were cancelled, of two tokens each, are done before the one that began with those and goes on: had
    # they kept their places, one place would have had to take all of these, after its own four hundred.
    await asyncio.gather(*(ask(engine, f"{CAPITAL} {at}", max_tokens=2) for at in range(CAPACITY)))
    assert not kept.done()
    assert all(task.cancelled() for task in dropped)
    kept.cancel()
    await asyncio.wait([kept])


async def test_a_call_that_is_cut_short_tells_what_it_had_made(vllm: VllmEngine) -> None:
    async def cut_after(engine: Engine, seconds: float) -> list[Completion]:
        made: list[Completion] = []
        asked = prompt(STORY, max_tokens=400)._replace(cut_short=made.append)
        calling = asyncio.create_task(engine.generate(asked))
        await asyncio.sleep(seconds)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        return made

    for engine in (vllm, FakeEngine(seconds_per_token=0.05)):
        assert await cut_after(engine, 0) == []  # a turn of the event loop: a millisecond may be a tenth of a second
        wait, cut = 0.05, list[Completion]()
        while not cut:
            wait *= 2
            cut = await cut_after(engine, wait)
        (made,) = cut
        assert made.finish_reason == "abort"
        whole = await ask(engine, STORY, max_tokens=made.completion_tokens)
        assert 0 < whole.completion_tokens == made.completion_tokens
        assert (whole.text, whole.prompt_tokens) == (made.text, made.prompt_tokens)


async def test_one_tenant_finds_nothing_that_another_has_cached(vllm: VllmEngine) -> None:
    for engine in (vllm, FakeEngine()):
        text = "A tenant's own words: " + "the price of water rises with the tide of the sea. " * 20
        for tenant in ("bank", "bank", "press"):
            answer = await engine.generate(prompt(text, tenant=tenant, max_tokens=1))
        assert answer.cached_tokens == 0


async def test_in_vllms_own_queue_real_time_overtakes_batch(vllm: VllmEngine) -> None:
    ended: list[str] = []

    async def one(name: str, lane: Lane, max_tokens: int) -> None:
        await vllm.generate(prompt(STORY, lane, max_tokens=max_tokens))
        ended.append(name)

    async with asyncio.TaskGroup() as group:
        for at in range(CAPACITY):  # they end one after another, so that one place at a time falls free
            group.create_task(one("early", Lane.REALTIME, 20 + 10 * at))
        await asyncio.sleep(0.3)
        assert not ended
        group.create_task(one("batch", Lane.BATCH, 4))
        await asyncio.sleep(0.1)
        group.create_task(one("realtime", Lane.REALTIME, 4))
    assert ended.index("realtime") < ended.index("batch")


@pytest.mark.slow
async def test_vllm_in_process_and_its_server_give_the_same_answers(vllm: VllmEngine, openai: OpenAIEngine) -> None:
    for question in QUESTIONS:
        inside, outside = [await ask(engine, question) for engine in (vllm, openai)]
        assert inside._replace(cached_tokens=0, timings=None) == outside._replace(cached_tokens=0, timings=None)  # type: ignore[arg-type]


@pytest.mark.slow
async def test_where_a_server_counts_no_tokens_ours_are_the_same(
    smollm2: str, template: ChatTemplate, server: VllmServer, openai: OpenAIEngine
) -> None:
    class WithoutUsage(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            body = await response.aread()
            assert b'"usage":' in body
            return httpx.Response(response.status_code, content=body.replace(b'"usage":', b'"left_out":'))

    counting = OpenAIEngine("smollm2", settings(smollm2, server.url), template, transport=WithoutUsage())
    await counting.start()
    for question in (CAPITAL, STORY):
        ours, theirs = [await ask(engine, question) for engine in (counting, openai)]
        assert (ours.prompt_tokens, ours.completion_tokens) == (theirs.prompt_tokens, theirs.completion_tokens)
    await counting.stop()


@pytest.mark.slow
async def test_a_model_that_the_server_does_not_have_is_refused_in_its_words(smollm2: str, server: VllmServer) -> None:
    engine = OpenAIEngine("another", settings(smollm2, server.url), WordTokens())
    await engine.start()
    with pytest.raises(EngineRowError, match=r"HTTP 404 .*another"):
        await ask(engine, CAPITAL)
    await engine.stop()


async def test_a_folder_without_a_model_is_named_with_the_model_that_needs_it(
    template: ChatTemplate, vllm: VllmEngine, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match=f"cannot run model 'empty' from '{tmp_path}'"):
        await VllmEngine("empty", settings(str(tmp_path)), template).start()


async def test_when_its_process_is_killed_vllm_is_dead_for_those_who_wait_and_those_who_come(vllm: VllmEngine) -> None:
    # The last test of this file: it ends the engine that the others share.
    waiting = [asyncio.create_task(ask(vllm, STORY, max_tokens=400)) for _ in range(2)]
    await asyncio.sleep(0.5)
    (core,) = [child for child in multiprocessing.active_children() if child.name == "EngineCore"]
    workers = psutil.Process(core.pid).children(recursive=True)
    began = time.perf_counter()
    core.kill()
    for one in waiting:
        with pytest.raises(EngineDeadError):
            await one
    with pytest.raises(EngineDeadError):
        await ask(vllm, CAPITAL)
    assert not vllm.alive
    assert time.perf_counter() - began < 60, "they waited for an answer, not for the news"
    _, alive = await asyncio.to_thread(psutil.wait_procs, workers, 60)
    # A zombie is dead: whoever has inherited it has not looked yet.
    assert all(one.status() == psutil.STATUS_ZOMBIE for one in alive)
