"""What the budgets say to a request."""

from __future__ import annotations

from typing import NamedTuple

from agents.stage import Emit
from schemas.errors import BudgetExceededError


class Admission(NamedTuple):
    """Whether a request may spend."""

    reserved: int = 0
    """Nano-USD that are held back for it."""
    model: str | None = None
    """The model that it has to go to instead, where it may go to a cheaper one only."""
    short: BudgetExceededError | None = None
    """Why it may not."""
    alerts: tuple[Emit, ...] = ()
    """To be published whatever becomes of it."""
