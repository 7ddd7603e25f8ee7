"""The worker that is killed: the real one, on models that start at once and never say quite the same twice.

``python -m tests.faults.worker WITNESSES``, with the settings in its environment. Ends with the process that started
it.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import msgspec

from agents.embedding import Embedded, Embedder
from agents.inference.engine import Completion, Engine, Prompt
from agents.policy import Policy
from agents.policy_document import Model
from agents.tokens import Tokens
from schemas.errors import ServiceError
from streams import app
from streams.settings import Settings, load
from tests.fakes.embedder import BagOfWords
from tests.fakes.engine import FakeEngine, WordTokens
from tests.faults.traffic import plain
from tests.faults.witness import Witnessed

SECONDS_PER_TOKEN = 0.02
"""So that an answer takes a fifth of a second: some are in hand at any instant, and the same is asked meanwhile."""


LETTERS = str.maketrans("0123456789", "ghijklmnop")
OUT_OF_REACH = 0.02
"""Of the texts, those that the embedder fails to embed: so a check that comes again may find something else."""


class Shaky(BagOfWords):
    """An embedder that is now and then out of reach."""

    async def embed(self, text: str) -> Embedded:
        if random.random() < OUT_OF_REACH:
            raise ServiceError("the embedder is out of reach")
        return await super().embed(text)


class Sober(FakeEngine):
    """Says the same to all wordings of a question, but for one word that is new each time."""

    async def generate(self, prompt: Prompt) -> Completion:
        *before, last = prompt.messages
        asked = msgspec.structs.replace(last, content=plain(last.content))
        return await super().generate(prompt._replace(messages=[*before, asked]))


def models(witnesses: Path) -> app.Models:
    """An embedder, tokenizers and engines without a model, each execution of which is witnessed."""

    async def embedder(_: Settings, policy: Policy) -> Embedder:
        return Shaky(name=policy.embedder, dimensions=256, window=64)

    def tokens(_: Model) -> Tokens:
        return WordTokens()

    def engine(name: str, model: Model, _: Tokens) -> Engine:
        fake = Sober(
            name,
            capacity=model.max_num_seqs,
            window=model.window,
            seconds_per_token=SECONDS_PER_TOKEN,
            vary=lambda: uuid4().hex.translate(LETTERS),
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
