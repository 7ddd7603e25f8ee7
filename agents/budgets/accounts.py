"""The port to where budgets are counted: one account a budget, shared by all workers.

An account may be lost at any instant, or be found to be an older state of itself. It is then *unknown*: nothing is
granted on it until somebody has :meth:`~Accounts.begin`-ed it, read the log, and installed what the log says. What is
settled meanwhile is put aside and counted at the installation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Line(NamedTuple):
    """What to hold on one account."""

    account: str
    limit: int
    """Nano-USD for each period."""
    strict: bool
    """Whether the limit may not be passed."""
    periods: Sequence[int]
    """The starts of those that the spending may fall into; the amount is held in each."""
    oldest: int
    """Periods that started before this are over for good, and may be forgotten."""


class Shortage(NamedTuple):
    """One period of one account that had no room."""

    account: str
    period: int
    spent: int
    held: int
    """Beside what was asked for."""


class Hold(NamedTuple):
    """What came of asking to hold an amount."""

    unknown: tuple[str, ...] = ()
    """Accounts that must be rebuilt first. Nothing is held then."""
    short: Shortage | None = None
    """The strict account that had no room. Nothing is held then."""
    news: tuple[Shortage, ...] = ()
    """Those that are short for the first time in their period, or were so first by this very reservation."""


class Charge(NamedTuple):
    """What a settlement means to one account."""

    account: str
    period: int
    """The one that the entry lies in."""
    thresholds: Mapping[int, int]
    """Nano-USD by percent: those whose crossing is news."""


class Settlement(NamedTuple):
    """A ledger entry, as budgets see it."""

    reservation: str
    partition: int
    offset: int
    """Of the entry on the ledger's topic; -1 for a reservation that is given back without an entry."""
    effective: int
    charges: Sequence[Charge]


class Crossing(NamedTuple):
    """A threshold that an entry's settlement reached first."""

    account: str
    period: int
    percent: int
    spent: int
    held: int


class Account(NamedTuple):
    """An account as the log has it."""

    spent: Mapping[int, int]
    """Nano-USD by period."""
    held: Mapping[str, tuple[int, Sequence[int]]]
    """Amounts and their periods, by reservation."""
    offsets: Mapping[int, int]
    """By partition of the ledger's topic: the last one that ``spent`` has in it."""


class Accounts(Protocol):
    """Where budgets are counted. Every call is one atomic step, and raises ServiceError where it cannot be made."""

    async def hold(self, reservation: str, amount: int, lines: Sequence[Line]) -> Hold:
        """Hold ``amount`` on all accounts or on none, instead of what the same reservation held before."""
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> list[list[Crossing]]:
        """Count entries as spent, once each, and end their reservations. In the order of their offsets."""
        ...

    async def begin(self, account: str) -> str | None:
        """Start to rebuild an account, or join who has started. Returns a token for :meth:`install`; None where the
        account is known after all."""
        ...

    async def install(self, account: str, token: str, state: Account) -> None:
        """End the rebuilding that ``token`` stands for; without effect where it is not under way any more."""
        ...

    async def forget(self, accounts: Sequence[str]) -> None:
        """Make accounts unknown."""
        ...
