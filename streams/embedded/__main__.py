"""``python -m streams.embedded``: make ready, once, what the embedded services need.

Kafka's jars, the converted model, and the bytecode of vLLM's three processes. The parts run beside each other, a
line for each that had anything to do. Takes no time where all is there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from schemas.errors import SetupError
from streams.embedded import kafka, model
from streams.embedded.cache import Say

# What a worker and the engine's own processes import. Uncompiled, that is 5,000 files for each of them.
_IMPORTED = (
    "vllm.v1.engine.async_llm",
    "vllm.v1.worker.cpu_worker",
    "vllm.model_executor.models.llama",
    "vllm.model_executor.layers.quantization.utils",
    "sentence_transformers",
    "aiokafka.admin",
    "faust",
    "redis.asyncio",
    "sqlalchemy",
    "typer.rich_utils",
)


def jars(say: Say) -> None:
    """Fetch Kafka's jars, or say that Kafka will not be there."""
    if (why := kafka.unavailable()) is not None:
        say(f"no Kafka: {why}. The Tansu broker is used instead, which keeps everything in memory")
    else:
        kafka.install(say)


def bytecode(say: Say) -> None:
    """Import the heavy packages in a process that may write bytecode, whatever this user's shell says."""
    say("compiling the bytecode of vLLM and PyTorch")
    permitted = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    script = "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)"
    ran = subprocess.run(
        [sys.executable, "-c", script, *_IMPORTED],
        env=permitted | {"VLLM_LOGGING_LEVEL": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        end = "\n".join(ran.stderr.splitlines()[-5:])
        raise SetupError(f"the installed packages do not import; run `make clean setup`:\n{end}")


def main() -> int:
    """Run every part; return 1 if one of them cannot be mended here."""
    parts: dict[str, Callable[[Say], object]] = {"kafka": jars, "model": model.model_dir, "python": bytecode}
    failed = False
    with ThreadPoolExecutor(len(parts)) as pool:
        began = time.monotonic()

        def run(name: str) -> None:
            said: list[str] = []

            def say(line: str) -> None:
                said.append(line)
                print(f"  {name:<8} {line}", flush=True)

            parts[name](say)
            if said and (seconds := round(time.monotonic() - began)):
                print(f"  {name:<8} {said[-1]}: {seconds} s", flush=True)

        for name, outcome in [(name, pool.submit(run, name)) for name in parts]:
            try:
                outcome.result()
            except SetupError as error:
                failed = True
                print(f"  {name:<8} {error}", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
