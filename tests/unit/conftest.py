"""What several unit tests begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from agents.policy import Policy
from tests.fakes.cache import River, document, following, river_of


@pytest.fixture
async def river() -> AsyncIterator[River]:
    """A worker's cache, hearing its own news."""
    river = river_of(Policy(document()))
    async with following(river):
        yield river
