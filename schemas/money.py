"""Money: integers of nano-US-dollars, and what a token costs on a given day.

One nano-dollar is 10⁻⁹ USD. A price is kept per *million* tokens, because vendors quote it so and because
$0.0375 per million is 37.5 nano-dollars per token, which no integer holds.
No float enters this module: prices are read from decimal strings and every operation is on ``int``.
"""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Literal, NewType

import msgspec

from schemas.errors import PolicyError

NanoUSD = NewType("NanoUSD", int)
"""10⁻⁹ US dollars."""

TokenKind = Literal["input", "cached_input", "output"]

NANO = 1_000_000_000
MILLION = 1_000_000
_EXACT = Context(prec=38, Emax=38, Emin=-38, traps=[InvalidOperation, Inexact])
"""Where a result would be rounded, it is refused instead; an overflow is such a one."""


def nano_usd(dollars: str | int | Decimal) -> NanoUSD:
    """Read dollars, exactly: ``nano_usd("0.15") == 150_000_000``.

    Raises:
        PolicyError: not a finite decimal, finer than one nano-dollar, or of more digits than any amount.
    """
    if isinstance(dollars, float):
        raise PolicyError(f'{dollars!r} is a float: write money as a string, for example "{dollars}"')
    try:
        scaled = Decimal(dollars).scaleb(9, _EXACT)
    except InvalidOperation:
        raise PolicyError(f'{dollars!r} is not an amount of dollars: write a decimal such as "0.15"') from None
    except Inexact:
        raise PolicyError(
            f"{dollars!r} is larger or finer than any amount: write dollars, 9 digits after the point at most"
        ) from None
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise PolicyError(f"{dollars!r} is not a whole number of nano-dollars (9 digits after the point)")
    return NanoUSD(int(scaled))


def dollars(amount: int) -> str:
    """Write nano-dollars as dollars, exactly: ``dollars(-1_500_000_000) == "-1.500000000"``."""
    whole, rest = divmod(abs(amount), NANO)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:09d}"


def share_of(amount: int, parts: int, whole: int) -> NanoUSD:
    """``amount × parts / whole``, rounded half up. All three are non-negative, ``whole`` positive."""
    return NanoUSD((2 * amount * parts + whole) // (2 * whole))


class PriceCard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model's tokens cost from a day on. All rates are nano-dollars per million tokens."""

    model: str
    version: str
    """Written on every entry that was priced by this card."""
    effective_from: int
    """UTC epoch milliseconds: the first instant at which this card holds."""
    input_rate: int
    cached_input_rate: int
    """For prompt tokens that the engine found in its prefix cache."""
    output_rate: int
    batch_percent: int = 100
    """What the batch lane pays, in percent of the real-time price."""

    def cost(self, kind: TokenKind, tokens: int, *, batch: bool = False) -> NanoUSD:
        """What ``tokens`` of one kind cost, to the nearest nano-dollar."""
        rate = {"input": self.input_rate, "cached_input": self.cached_input_rate, "output": self.output_rate}
        return share_of(tokens * rate[kind], self.batch_percent if batch else 100, 100 * MILLION)


class PriceBook:
    """Every price card, by model and day. A new card never changes what an older day costs."""

    def __init__(self, cards: list[PriceCard]) -> None:
        self._cards: dict[str, list[PriceCard]] = {}
        for card in sorted(cards, key=lambda card: card.effective_from):
            self._cards.setdefault(card.model, []).append(card)

    def __contains__(self, model: str) -> bool:
        return model in self._cards

    def card(self, model: str, at: int) -> PriceCard:
        """The card that holds for ``model`` at ``at`` (UTC epoch milliseconds).

        Raises:
            PolicyError: the model has no card, or none that early.
        """
        held = None
        for card in self._cards.get(model, []):
            if card.effective_from <= at:
                held = card
        if held is None:
            raise PolicyError(f"no price card of model {model!r} is effective at {at} ms: add one to [[prices]]")
        return held
