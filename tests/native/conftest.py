"""Every corpus, each empty: in a real folder, and the one in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.corpus import Corpus
from tests.fakes.corpus import InMemoryCorpus
from tests.fakes.documents import MODEL, Another


@pytest.fixture(params=["lance", "memory"])
async def another(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Another]:
    # Here, as other files are to run without the native library.
    from agents.lance_corpus import LanceCorpus

    opened: list[Corpus] = []
    shared = InMemoryCorpus()

    async def one() -> Corpus:
        if request.param == "memory":
            return shared
        opened.append(await LanceCorpus.open(str(tmp_path / "corpus"), model=MODEL))
        return opened[-1]

    yield one
    for corpus in opened:
        await corpus.close()


@pytest.fixture
async def corpus(another: Another) -> Corpus:
    return await another()
