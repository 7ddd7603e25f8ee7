"""SIGKILL of vLLM's own process while it works: the worker ends by itself, and its successor answers all it had."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bench.engine_river import Work, engine_river
from schemas.enums import Status

MODEL = 'engine = "vllm"\npath = "embedded"\nwindow = 512\nmax_num_seqs = 4\nkv_cache_bytes = 134217728'
REQUESTS = 24


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_every_request_is_answered_once_when_the_engines_process_is_killed(tmp_path: Path) -> None:
    async with engine_river(tmp_path / "river", MODEL) as river:
        names = await river.publish([Work(f"What lives in the river of number {at}?", 32) for at in range(REQUESTS)])
        while not any(name in river.received for name in names):
            await river.listen()
        river.kill_engine()
        while river.worker.running:
            await river.listen()
        assert sum(name in river.received for name in names) < REQUESTS, "it was done before the blow"
        log = river.worker.log.read_text()
        assert "the worker stops; what it had in hand goes to another" in log
        # Of the worker itself: what is left of the engine says a thing or two while it is torn down.
        assert "[ERROR]" not in log[log.index("the worker stops") :]
        await river.worker.start()
        assert httpx.get(f"http://{river.worker.address}/readyz").text == "ok\n"
        run = await river.answers(names)
        await river.listen(3.0)
    assert {one.record.status for one in run.responses} == {Status.COMPLETED}
    assert {len(river.received[name]) for name in names} == {1}
