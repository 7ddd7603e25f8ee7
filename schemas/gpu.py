"""GPU hours: what the machines behind a model cost, and how much of that any stretch of time is.

Money is in nano-USD, and time in UTC epoch *microseconds*, as engines tell it. No float enters this module.
"""

from __future__ import annotations

import msgspec

from schemas.errors import PolicyError
from schemas.money import NanoUSD

HOUR_US = 3_600_000_000


class GpuCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the GPUs that serve a model cost from a day on, whether they work or not."""

    model: str
    version: str
    """Written on every entry that was priced by this card."""
    effective_from: int
    """UTC epoch milliseconds: the first instant at which this card holds."""
    gpus: int
    """That one engine of the model occupies."""
    hourly_rate: int
    """Nano-dollars for one GPU and hour."""

    def accrued(self, at: int) -> int:
        """What an engine has cost under this card up to ``at``, rounded down.

        A bill is the difference of two of these, so that bills of adjoining stretches add up to that of the whole.
        """
        return self.gpus * self.hourly_rate * (at - 1000 * self.effective_from) // HOUR_US


class GpuBook:
    """Every GPU-hour card, by model and day. A new card never changes what an older hour costs."""

    def __init__(self, cards: list[GpuCard]) -> None:
        self._cards: dict[str, list[GpuCard]] = {}
        for card in sorted(cards, key=lambda card: card.effective_from):
            self._cards.setdefault(card.model, []).append(card)

    def __contains__(self, model: str) -> bool:
        """Whether the model is priced by GPU hours."""
        return model in self._cards

    def waiting(self, at: int) -> list[GpuCard]:
        """The first card of every model that has none in force at ``at`` (UTC epoch milliseconds)."""
        return [cards[0] for cards in self._cards.values() if cards[0].effective_from > at]

    def card(self, model: str, at: int) -> GpuCard:
        """The card that holds for ``model`` at ``at``.

        Raises:
            PolicyError: the model has none that early.
        """
        held = [card for card in self._cards.get(model, []) if 1000 * card.effective_from <= at]
        if not held:
            raise PolicyError(f"no GPU-hour card of model {model!r} is effective at {at} µs: add one to [[gpu_prices]]")
        return held[-1]

    def bill(self, model: str, since: int, until: int) -> NanoUSD:
        """What one engine of ``model`` costs from ``since`` until ``until``, each part by the card that held then.

        Raises:
            PolicyError: the model has no card as early as ``since``.
        """
        first = self.card(model, since)
        later = [card for card in self._cards[model] if since < 1000 * card.effective_from < until]
        cuts = [since, *(1000 * card.effective_from for card in later), until]
        parts = zip([first, *later], cuts, cuts[1:], strict=False)
        return NanoUSD(sum(card.accrued(end) - card.accrued(begin) for card, begin, end in parts))
