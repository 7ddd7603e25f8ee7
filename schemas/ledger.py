"""What is measured, decided and accounted, as frozen structs: tokens, money, and the entries of the ledger.

As in :mod:`schemas.records`, each mirrors one ``headrace.<Name>.avsc``.
"""

from __future__ import annotations

from schemas.enums import AlertKind, EntryKind, Lane, Source, Status, Verdict
from schemas.record import Record


class Decision(Record, frozen=True, kw_only=True):
    """What a stage chose to do with a request, for whoever asks why."""

    stage: str
    choice: str
    why: list[str]
    """One sentence each, the weightiest first."""


class CostLine(Record, frozen=True, kw_only=True):
    """Money that was spent."""

    kind: str
    """``input``, ``cached_input``, ``output`` or ``embedding``; of GPU time ``prefill`` or ``decode``, and on the
    platform's own entries ``idle``, ``lost`` or ``in_progress``; ``correction``."""
    strategy: str | None
    """The strategy that spent it, or null for the prediction itself."""
    model: str
    tokens: int
    cost: int
    price_version: str


class SavingLine(Record, frozen=True, kw_only=True):
    """Money that one strategy kept from being spent. What it saved, net, is ``gross − cost``."""

    strategy: str
    tokens: int
    gross: int
    cost: int
    """What the strategy itself spent; zero or more."""


class Waterfall(Record, frozen=True, kw_only=True):
    """From what a request would have cost to what it did cost.

    Holds exactly: ``list_cost − Σ (saving.gross − saving.cost) = effective_cost = Σ cost line.cost``.
    """

    list_cost: int
    """The request as published, at the policy's baseline model, in real time, with nothing taken out."""
    savings: list[SavingLine]
    effective_cost: int
    costs: list[CostLine]


class Removal(Record, frozen=True, kw_only=True):
    """Prompt tokens that one step took out."""

    strategy: str
    tokens: int


class Usage(Record, frozen=True, kw_only=True):
    """Tokens of one prediction. ``prompt_tokens = published_tokens − Σ removed.tokens``."""

    published_tokens: int = 0
    removed: list[Removal] = []
    prompt_tokens: int = 0
    cached_tokens: int = 0
    """Of the prompt's tokens, those that the engine's prefix cache held."""
    completion_tokens: int = 0
    """Of a failure: what an engine made of an answer that is not given."""


class Timings(Record, frozen=True, kw_only=True):
    """Where the engine spent its time on one prediction, in microseconds."""

    queue: int = 0
    """In line, in front of the engine and in it."""
    prefill: int = 0
    decode: int = 0


class LedgerEntry(Record, frozen=True, kw_only=True):
    """One line of the ledger."""

    entry_id: str
    kind: EntryKind
    request_id: str
    tenant: str
    cost_center: str
    task: str
    model: str
    lane: Lane
    source: Source
    status: Status
    occurred_at: int
    waterfall: Waterfall
    """What is billed."""
    unbilled_cost: int
    """What was spent and is billed to nobody: failures, re-executions, duplicates."""
    usage: Usage
    policy_version: str
    decisions: list[Decision] = []
    """In the order in which they were taken."""
    verdict: Verdict | None = None
    """Of a CHECK; null for every other kind."""
    reservation: str = ""
    """Names what budgets held back for it, which this entry settles; empty where there was nothing."""
    corrects: str | None = None
    """The id of the entry that a CORRECTION is added to; null for every other kind."""


class SavingTotal(Record, frozen=True, kw_only=True):
    """Sums of saving lines of one strategy."""

    tokens: int = 0
    gross: int = 0
    cost: int = 0


class RollUp(Record, frozen=True, kw_only=True):
    """Totals of all ledger entries of one hour that share who, what and where from."""

    tenant: str
    cost_center: str
    task: str
    model: str
    lane: Lane
    source: Source
    hour: int
    """The first millisecond of the hour."""
    entries: int = 0
    requests: int = 0
    """Entries of kind RESPONSE."""
    checks: int = 0
    """Entries of kind CHECK that have a verdict."""
    wrong: int = 0
    """Of those, the ones whose verdict is DIFFERENT."""
    list_cost: int = 0
    effective_cost: int = 0
    unbilled_cost: int = 0
    idle_cost: int = 0
    """What entries of kind IDLE came to, of both."""
    savings: dict[str, SavingTotal] = {}
    published_tokens: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    version: int = -1
    """The ledger offset that was applied last: a roll-up of a lower one is older."""


class Alert(Record, frozen=True, kw_only=True):
    """What a budget has to say. Money is in nano-USD."""

    alert_id: str
    """Equal for copies of one alert: it may be published more than once."""
    kind: AlertKind
    budget: str
    period_start: int
    percent: int
    """The share of the amount that is spent, or 100 where the budget was short."""
    amount: int
    """Of the budget, for one period."""
    spent: int
    """What the period's ledger entries are billed."""
    held: int
    """What is reserved beside that, for requests that are under way."""
    message: str
