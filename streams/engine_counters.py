"""What engines count of themselves: the token counters on vLLM's Prometheus endpoint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from agents.ledger.queries import EngineTokens
from schemas.errors import ServiceError

PROMPT, COMPLETION = "vllm:prompt_tokens_total", "vllm:generation_tokens_total"
_MODEL = "model_name"


async def counted(urls: Iterable[str]) -> dict[str, EngineTokens]:
    """Prompt and completion tokens since each engine started, by the name under which it serves its model.

    Args:
        urls: of the metrics of each engine, for example ``http://gpu-1:8000/metrics``.

    Raises:
        ServiceError: one cannot be read, or has no such counters.
    """
    sums: dict[str, dict[str, int]] = defaultdict(lambda: {PROMPT: 0, COMPLETION: 0})
    async with httpx.AsyncClient(timeout=10) as client:
        for url in urls:
            found = False
            for sample in _samples(await _read(client, url)):
                if sample.name in {PROMPT, COMPLETION}:
                    sums[sample.labels.get(_MODEL, "")][sample.name] += int(sample.value)
                    found = True
            if not found:
                raise ServiceError(f"{url} has no {PROMPT}: name the metrics of an engine, not of a worker")
    return {model: EngineTokens(one[PROMPT], one[COMPLETION]) for model, one in sums.items()}


async def _read(client: httpx.AsyncClient, url: str) -> str:
    try:
        answer = await client.get(url)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise ServiceError(f"the engine's metrics at {url} cannot be read: {error}") from error
    return answer.text


def _samples(text: str) -> Iterable[Sample]:
    return (sample for family in text_string_to_metric_families(text) for sample in family.samples)
