"""The budgets' view of the log: what a newer release wrote is never left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from schemas.codec import SINGLE_OBJECT, Codec
from schemas.errors import ServiceError
from schemas.ledger import RollUp
from streams.budget_log import BudgetLog


def test_a_budget_is_not_rebuilt_without_what_a_newer_release_wrote() -> None:
    log = BudgetLog({}, Codec(), [])
    poison, newer = (cast("Any", SimpleNamespace(value=value)) for value in (b"", SINGLE_OBJECT + bytes(8) + b"more"))
    assert log._decoded([poison], RollUp) == []
    with pytest.raises(ServiceError, match="waits for a worker"):
        log._decoded([poison, newer], RollUp)
