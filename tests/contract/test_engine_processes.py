"""The engine's processes: what they say, whom an interrupt reaches, and that none outlives its worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),  # where others use the machine as well, an engine takes minutes to start
]

WORKER = """
import asyncio, signal, sys
from agents.chat_template import ChatTemplate
from agents.inference.engine import Prompt
from agents.inference.vllm_engine import VllmEngine
from agents.policy_document import Model
from schemas.enums import Lane
from schemas.records import Message, Sampling

async def main():
    path = sys.argv[1]
    model = Model(engine="vllm", window=512, path=path, max_num_seqs=4, kv_cache_bytes=128 << 20)
    engine = VllmEngine("m", model, ChatTemplate.load(path))
    await engine.start()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: print("interrupted", flush=True))
    print("ready", flush=True)
    while True:
        await asyncio.to_thread(sys.stdin.readline)
        ask = [Message(role="user", content="What is the capital of France?")]
        done = await engine.generate(Prompt("r", "t", Lane.REALTIME, ask, Sampling(max_tokens=16)))
        print(done.text, flush=True)

if __name__ == "__main__":
    asyncio.run(main())
"""


class Worker:
    """A process that has an engine, and answers a line on its standard input."""

    def __init__(self, folder: Path, model: str) -> None:
        script = folder / "worker.py"
        script.write_text(WORKER)
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, model],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                text=True,
            )

    def says(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline() or self.log.read_text()[-3000:]

    def ask(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        with self.process:  # closes its pipes and waits for it
            self.process.kill()


@pytest.fixture(scope="module")
def worker(smollm2: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    running = Worker(tmp_path_factory.mktemp("worker"), smollm2)
    yield running
    running.kill()


def test_an_engine_writes_nothing_on_standard_output(worker: Worker) -> None:
    assert worker.says() == "ready\n"


def test_an_interrupt_at_the_terminal_is_the_workers_and_not_the_engines(worker: Worker) -> None:
    os.killpg(worker.process.pid, signal.SIGINT)
    assert worker.says() == "interrupted\n"
    worker.ask()
    assert "Paris" in worker.says()


def left_behind(worker: Worker, seconds: float) -> list[psutil.Process]:
    """What still runs of the worker's engine so long after the worker was killed."""
    engine = psutil.Process(worker.process.pid).children(recursive=True)
    assert engine
    worker.kill()
    _, there = psutil.wait_procs(engine, seconds)
    alive = [process for process in there if process.status() != psutil.STATUS_ZOMBIE]
    for process in alive:
        process.kill()
    return alive


def test_when_the_worker_is_killed_outright_its_engine_does_not_stay_behind(worker: Worker) -> None:
    assert not left_behind(worker, 15)


def test_an_engine_that_is_still_loading_does_not_stay_behind_either(smollm2: str, tmp_path: Path) -> None:
    loading = Worker(tmp_path, smollm2)
    while not any("spawn_main" in " ".join(one.cmdline()) for one in psutil.Process(loading.process.pid).children()):
        time.sleep(0.1)
    # It notices when its imports are done.
    assert not left_behind(loading, 60)
