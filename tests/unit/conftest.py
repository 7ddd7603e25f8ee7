"""What several unit tests begin with."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agents.policy import Policy
from tests.fakes.cache import River, document, following, river_of


@pytest.fixture
async def river() -> AsyncIterator[River]:
    """A worker's cache, hearing its own news."""
    river = river_of(Policy(document()))
    async with following(river):
        yield river


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user's machine on which nothing of Headrace is set, with its state in a folder of its own."""
    for name in list(os.environ):
        if name.startswith("HEADRACE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HEADRACE_STATE_DIR", str(tmp_path))
    return tmp_path
