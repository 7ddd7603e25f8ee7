"""The part of the vLLM engine that cannot be imported without vLLM.

vLLM computes in processes of its own. Its workers end with the engine core, but the engine core does not end with the
process that started it: killed outright, that leaves an engine behind which holds its memory for good, or waits for
ever to be told what to load (seen with 0.32). So the engine core is put on a leash before it does anything else.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

import torch
from vllm import SamplingParams
from vllm.engine.arg_utils import AsyncEngineArgs
from vllm.lora.request import LoRARequest
from vllm.outputs import RequestOutput
from vllm.platforms import current_platform
from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams
from vllm.v1.engine.async_llm import AsyncLLM
from vllm.v1.engine.core import EngineCoreProc
from vllm.v1.engine.exceptions import EngineDeadError as CoreDeadError

from agents.inference.engine import Completion, Prompt
from schemas.enums import Lane
from schemas.errors import EngineDeadError, EngineRowError
from schemas.ledger import Timings

ABORT_S = 1.0
"""For what an aborted request has made: vLLM says it at once, but of a request that it does not know yet."""


def _leash() -> None:
    """Bind the process that this is called in, an engine core, to the one that started it."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("an engine core has to be a child process")
    # A group of its own: an interrupt at the terminal is for the worker, which finishes what is in flight first.
    os.setpgrp()

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=follow, daemon=True, name="leash").start()


_run_engine_core = EngineCoreProc.run_engine_core


def _run_leashed(*arguments: Any, **named: Any) -> None:
    _leash()
    _run_engine_core(*arguments, **named)


class _LLM(AsyncLLM):  # type: ignore[misc]
    def __del__(self) -> None:
        """Nothing: ``stop`` shuts it down, and while the interpreter ends vLLM's own way of it only fails."""


def cpu() -> str | None:
    """What the processor can do, as torch calls it (``AVX512``); None where this vLLM is no build for CPUs."""
    return torch.backends.cpu.get_cpu_capability() if current_platform.is_cpu() else None


def build(given: Mapping[str, Any]) -> AsyncLLM:
    """Start the engine's processes, load the model, and return when it is ready. Takes a while, and blocks.

    ``given`` are fields of vLLM's ``EngineArgs``.
    """
    arguments = AsyncEngineArgs(**given)
    # vLLM has no hook that early in the engine core's life.
    EngineCoreProc.run_engine_core = staticmethod(_run_leashed)
    try:
        return _LLM.from_engine_args(arguments)
    finally:
        EngineCoreProc.run_engine_core = staticmethod(_run_engine_core)


def shut_down(engine: AsyncLLM) -> None:
    """End the engine's processes at once: asked to end, they take up to ten seconds, and have nothing to save."""
    log = logging.getLogger("vllm")
    level = log.level
    log.setLevel(logging.ERROR)  # it warns of every process that it ends by force
    engine.shutdown(timeout=0)
    log.setLevel(level)


def token_capacity(engine: AsyncLLM) -> int:
    """Tokens whose keys and values fit into the engine's memory."""
    cache = engine.vllm_config.cache_config
    return int(cache.num_gpu_blocks * cache.block_size)


async def generate(engine: AsyncLLM, ids: list[int], prompt: Prompt, request_id: str, lora: str = "") -> Completion:
    """Generate from token ids; ``request_id`` is unique among those in flight, ``lora`` an adapter's folder.

    Raises:
        EngineRowError: the engine refused or failed this one.
        EngineDeadError: the engine is gone.
    """
    sampling = prompt.sampling
    parameters = SamplingParams(
        temperature=sampling.temperature,
        top_p=sampling.top_p,
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
        stop=list(sampling.stop),
        output_kind=RequestOutputKind.FINAL_ONLY,
        structured_outputs=StructuredOutputsParams(json=sampling.json_schema) if sampling.json_schema else None,
    )
    adapter = LoRARequest("lora", 1, lora) if lora else None
    # The salt keeps one tenant from learning, by what was cached, what another one asked.
    tokens = {"type": "token", "prompt_token_ids": ids, "cache_salt": prompt.tenant}
    priority = 0 if prompt.lane is Lane.REALTIME else 1
    outputs = engine.generate(tokens, parameters, request_id, lora_request=adapter, priority=priority)
    try:
        # In a task of its own: of a call that is cancelled vLLM throws away what was made; of one that is aborted it
        # hands that over.
        last = await asyncio.shield(answering := asyncio.create_task(_last(outputs)))
    except asyncio.CancelledError:
        made = None
        with suppress(Exception):  # whatever becomes of it, the call was cancelled
            async with asyncio.timeout(ABORT_S):
                await engine.abort(request_id)
                made = await answering
        if made is not None and made.outputs[0].token_ids:
            prompt.cut_short(_completion(made))
        raise
    except CoreDeadError as error:
        raise EngineDeadError("the vLLM engine's process is gone: its own log says why") from error
    except Exception as error:
        if engine.errored:
            raise EngineDeadError(f"the vLLM engine is gone: {error}") from error
        raise EngineRowError(f"vLLM refused {prompt.key!r}: {error.__cause__ or error}") from error
    if last is None or last.outputs[0].finish_reason not in ("stop", "length"):
        reason = last and last.outputs[0].finish_reason
        raise EngineRowError(f"vLLM ended {prompt.key!r} before it was done ({reason})")
    return _completion(last)


async def _last(outputs: AsyncIterator[RequestOutput]) -> RequestOutput | None:
    last = None
    async for output in outputs:
        last = output
    return last


def _completion(done: RequestOutput) -> Completion:
    text, at = done.outputs[0], done.metrics
    return Completion(
        text=text.text,
        finish_reason=text.finish_reason,
        prompt_tokens=len(done.prompt_token_ids),
        cached_tokens=done.num_cached_tokens or 0,
        completion_tokens=len(text.token_ids),
        timings=Timings(
            queue=_microseconds(at.queued_ts, at.scheduled_ts),
            prefill=_microseconds(at.scheduled_ts, at.first_token_ts),
            decode=_microseconds(at.first_token_ts, at.last_token_ts),
        ),
        preemptions=at.num_preemptions,
    )


def _microseconds(begin: float, end: float) -> int:
    return max(0, round((end - begin) * 1_000_000))
