"""Raw vLLM, in a process of its own: ``vllm.LLM.generate`` on the token ids that it is given, and nothing else.

``python -m bench.raw_vllm ENGINE_ARGS``, a JSON object. Each line on standard input is a batch, a JSON array of token
ids with the longest answer; each line on standard output says how long it took and how many tokens were made.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from agents.inference.vllm_engine import QUIET, cpu_threads

Batch = list[tuple[list[int], int]]
"""Prompts with the longest answer that each may get."""


class Generated(msgspec.Struct):
    """What became of a batch."""

    seconds: float
    tokens: int


class RawVllm:
    """The process, from outside. Made by :func:`raw_vllm`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def generate(self, batch: Sequence[tuple[list[int], int]]) -> Generated:
        """Let it answer a batch of prompts."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(msgspec.json.encode(batch) + b"\n")
        await process.stdin.drain()
        return msgspec.json.decode(await process.stdout.readline(), type=Generated)


@asynccontextmanager
async def raw_vllm(arguments: dict[str, Any]) -> AsyncIterator[RawVllm]:
    """A process with ``arguments``, fields of vLLM's ``EngineArgs``; warm."""
    threads = cpu_threads(sorted(os.sched_getaffinity(0))) if arguments.get("enforce_eager") else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.raw_vllm", msgspec.json.encode(arguments).decode()),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**QUIET, **threads, **os.environ},
        limit=1 << 24,
    )
    raw = RawVllm(process)
    try:
        await raw.generate([([1, 2, 3], 2)])
        yield raw
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


def main() -> None:
    """Answer batches until there are no more."""
    from vllm import LLM, SamplingParams  # noqa: PLC0415

    llm = LLM(**msgspec.json.decode(sys.argv[1]))
    for line in sys.stdin.buffer:
        batch = msgspec.json.decode(line, type=Batch)
        prompts: list[Any] = [{"prompt_token_ids": ids} for ids, _ in batch]
        limits = [SamplingParams(temperature=0, max_tokens=longest) for _, longest in batch]
        began = time.perf_counter()
        done = llm.generate(prompts, limits, use_tqdm=False)
        seconds = time.perf_counter() - began
        tokens = sum(len(one.outputs[0].token_ids) for one in done)
        sys.stdout.buffer.write(msgspec.json.encode(Generated(seconds, tokens)) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
