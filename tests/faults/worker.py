"""The worker that is killed: the real one, on models that start at once and never say the same twice.

``python -m tests.faults.worker WITNESSES``, with the settings in its environment. Ends with the process that started
it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

from agents.embedding import Embedder
from agents.inference.engine import Engine
from agents.policy import Model, Policy
from agents.tokens import Tokens
from streams import app
from streams.settings import Settings, load
from tests.fakes.embedder import BagOfWords
from tests.fakes.engine import FakeEngine, WordTokens
from tests.faults.witness import Witnessed

SECONDS_PER_TOKEN = 0.02
"""So that an answer takes a fifth of a second: some are in hand at any instant, and the same is asked meanwhile."""


def models(witnesses: Path) -> app.Models:
    """An embedder, tokenizers and engines without a model, each execution of which is witnessed."""

    async def embedder(_: Settings, policy: Policy) -> Embedder:
        return BagOfWords(name=policy.embedder, window=64)

    def tokens(_: Model) -> Tokens:
        return WordTokens()

    def engine(name: str, model: Model, _: Tokens) -> Engine:
        fake = FakeEngine(
            name,
            capacity=model.max_num_seqs,
            window=model.window,
            seconds_per_token=SECONDS_PER_TOKEN,
            vary=lambda: uuid4().hex,
        )
        return Witnessed(fake, witnesses)

    return app.Models(embedder=embedder, tokens=tokens, engine=engine)


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    app.run(load(), models(Path(sys.argv[1])))
