"""vLLM's own OpenAI-compatible server, on the embedded model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

import httpx

from streams.embedded.service import HOST, Service


class VllmServer(Service):
    """One server of one model folder, as small as it gets."""

    name: ClassVar[str] = "vLLM"
    start_seconds: ClassVar[float] = 240.0

    def __init__(
        self, model: str, *, served_as: str, window: int, max_num_seqs: int, cache_bytes: int, dtype: str = "auto"
    ) -> None:
        super().__init__()
        self._arguments = {
            "model": model,
            "served-model-name": served_as,
            "max-model-len": window,
            "max-num-seqs": max_num_seqs,
            "kv-cache-memory-bytes": cache_bytes,
            "dtype": dtype,
            "host": HOST,
            "port": self.port,
        }

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://{self.address}/v1"

    def command(self) -> list[str]:
        """Run the server's module: the CPU wheel's ``vllm serve`` does not work."""
        quiet = ["VLLM_NO_USAGE_STATS=1", "VLLM_LOGGING_LEVEL=WARNING", "HF_HUB_OFFLINE=1", "OMP_WAIT_POLICY=passive"]
        given = [word for name, value in self._arguments.items() for word in (f"--{name}", str(value))]
        flags = ["--enforce-eager", "--enable-prefix-caching", "--enable-prompt-tokens-details"]
        server = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *given, *flags]
        return ["env", "-C", str(Path(self.directory)), *quiet, *server]

    async def probe(self) -> None:
        """List its models."""
        async with httpx.AsyncClient() as client:
            (await client.get(f"{self.url}/models", timeout=10)).raise_for_status()
