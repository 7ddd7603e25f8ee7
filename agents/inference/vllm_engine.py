"""vLLM in this process's care: its scheduler and its model run in child processes that end with it."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.chat_template import ChatTemplate
from agents.extras import VLLM
from agents.inference.engine import Completion, Prompt
from agents.policy_document import Model
from agents.tokens import is_long, unhurried
from schemas.enums import Lane
from schemas.errors import EngineDeadError, EngineRowError, InvalidRequestError, SetupError
from schemas.records import Message, Sampling

if TYPE_CHECKING:
    from types import ModuleType

    from vllm.v1.engine.async_llm import AsyncLLM

CPU_CACHE_BYTES = 1 << 30
"""For keys and values on a CPU, where vLLM would otherwise take nine tenths of the machine's memory."""
QUIET = {
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",  # standard output is for what was asked for
    "VLLM_NO_USAGE_STATS": "1",
}
FEW_CORES = 4
"""Up to so many, all of them compute; beyond, vLLM's own choice leaves some to its scheduler."""


class VllmEngine:
    """A model in vLLM, on GPUs or, with the CPU build, without.

    Prefix caching is on, apart for each tenant. At temperature 0 decoding is greedy.
    """

    def __init__(self, name: str, model: Model, template: ChatTemplate) -> None:
        """``template`` is that of the model."""
        self.model = name
        self.capacity = model.max_num_seqs
        self._settings = model
        self._template = template
        self._serial = count()
        self._core: ModuleType | None = None
        self._llm: AsyncLLM | None = None

    @property
    def token_capacity(self) -> int | None:
        """What the policy says, or else what fits into the memory for keys and values."""
        if self._settings.max_tokens_in_flight is not None or self._llm is None or self._core is None:
            return self._settings.max_tokens_in_flight
        return int(self._core.token_capacity(self._llm))

    @property
    def alive(self) -> bool:
        """Whether vLLM's processes are there."""
        return self._llm is not None and not self._llm.errored

    async def start(self) -> None:
        """Load the model and answer a first prompt: 10 to 60 seconds for a small one.

        Raises:
            SetupError: vLLM is not installed, or cannot load or run the model here.
        """
        building = asyncio.create_task(asyncio.to_thread(self._build))
        try:
            self._llm = await asyncio.shield(building)
        except asyncio.CancelledError:
            # The thread cannot be stopped; what it makes must not stay behind.
            building.add_done_callback(self._discard)
            raise
        try:
            # The first step allocates and compiles what the others find ready.
            hello = [Message(role="user", content="Hello")]
            await self.generate(Prompt("warm-up", "", Lane.BATCH, hello, Sampling(max_tokens=2)))
        except (EngineRowError, EngineDeadError) as error:
            await self.stop()
            raise SetupError(f"vLLM has loaded model {self.model!r} and cannot run it: {error}") from error

    async def stop(self) -> None:
        """End the engine's processes at once: whatever must be finished was awaited before."""
        llm, self._llm = self._llm, None
        if llm is not None and self._core is not None:
            self._core.shut_down(llm)

    async def generate(self, prompt: Prompt) -> Completion:
        """Answer one prompt.

        Raises:
            EngineRowError: vLLM refused or failed this prompt.
            EngineDeadError: vLLM's process is gone, or was never started.
        """
        llm, core = self._llm, self._core
        if llm is None or core is None:
            raise EngineDeadError(f"the engine of {self.model!r} is not running")
        try:
            ids = await unhurried(is_long(prompt.messages), lambda: self._template.render(prompt.messages))
        except InvalidRequestError as error:
            raise EngineRowError(str(error)) from error
        request_id = f"{prompt.key}#{next(self._serial)}"
        done: Completion = await core.generate(llm, ids, prompt, request_id, self._settings.lora)
        return done

    def _discard(self, building: asyncio.Task[AsyncLLM]) -> None:
        if self._core is not None and not building.cancelled() and building.exception() is None:
            self._core.shut_down(building.result())

    def _build(self) -> AsyncLLM:
        quiet = dict(QUIET)
        if Path(self._settings.path).is_dir():
            quiet["HF_HUB_OFFLINE"] = "1"
        with _environment(quiet):
            try:
                from agents.inference import vllm_core  # noqa: PLC0415 - takes ten seconds, and may not be installed
            except ImportError as error:
                why = f"model {self.model!r} needs vLLM, which cannot be imported ({error}): {VLLM}"
                raise SetupError(why) from error
            self._core = vllm_core
            cpu = vllm_core.cpu()
            with _environment(cpu_threads(sorted(os.sched_getaffinity(0))) if cpu else {}):
                try:
                    return vllm_core.build(arguments(self._settings, cpu=cpu))
                except SetupError:
                    raise
                except Exception as error:
                    raise SetupError(
                        f"vLLM cannot run model {self.model!r} from {self._settings.path!r}: {error}"
                    ) from error


WITHOUT_BF16 = "AVX2"
"""A processor that has no instructions for bfloat16: weights of that kind give 18 tokens/s at batch 8 on two such
cores, and 40 as float32."""
LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""That vLLM makes room for."""


def arguments(model: Model, *, cpu: str | None) -> dict[str, Any]:
    """What the catalogue says of a model, as fields of vLLM's ``EngineArgs``. Pure, but for the adapter's own file.

    Args:
        model: what it says.
        cpu: what the processor can do, as torch calls it; None on a GPU.

    Raises:
        SetupError: the adapter is no LoRA adapter, or of a higher rank than vLLM takes.
    """
    given: dict[str, Any] = {
        "model": model.path,
        "max_model_len": model.window,
        "max_num_seqs": model.max_num_seqs,
        "tensor_parallel_size": model.tensor_parallel,
        "scheduling_policy": "priority",
        "enable_prefix_caching": True,
        "disable_log_stats": False,  # without them there are no timings
        "use_tqdm_on_load": False,
    }
    if model.tokenizer:
        given["tokenizer"] = model.tokenizer
    if model.quantization:
        given["quantization"] = model.quantization
    if model.lora:
        given |= {"enable_lora": True, "max_loras": 1, "max_lora_rank": _lora_rank(Path(model.lora))}
    if cpu:
        # Compiling takes minutes on a few cores and gains little on the models that run there.
        given["enforce_eager"] = True
    if cpu == WITHOUT_BF16 and not model.quantization:
        given["dtype"] = "float32"
    if (cache_bytes := model.kv_cache_bytes or (CPU_CACHE_BYTES if cpu else None)) is not None:
        given["kv_cache_memory_bytes"] = cache_bytes
    return given


def _lora_rank(folder: Path) -> int:
    try:
        rank = int(json.loads((folder / "adapter_config.json").read_text())["r"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{folder} is no LoRA adapter: its adapter_config.json names no rank ({error!r})") from error
    room = next((room for room in LORA_RANKS if room >= rank), None)
    if room is None:
        raise SetupError(f"the LoRA adapter {folder} has rank {rank}: vLLM takes {LORA_RANKS[-1]} at most")
    return room


def cpu_threads(cores: list[int]) -> Mapping[str, str]:
    """OpenMP threads that wait awake for a moment, and asleep after it; on few cores, one on each of them.

    Left alone, they spin on the cores that the rest of the worker needs, or get one core less than there is:
    13 tokens/s at batch 8 on two cores, against 190 of threads that sleep at once. But a model's step has hundreds of
    parallel parts, and to be woken for each takes longer than many of them: with a wait of half a millisecond two
    AMX cores give 242 tokens/s where they gave 175 (the embedded model, 16 at once); ten times longer gives no more.
    """
    threads = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "10000"}
    if len(cores) <= FEW_CORES:
        threads["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(map(str, cores))
    return threads


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set what is not set, for the processes that are started meanwhile, and take it back afterwards."""
    mine = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name in mine:
            os.environ.pop(name, None)
