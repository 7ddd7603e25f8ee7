"""The waterfall: from what a request would have cost to what it did cost. Pure, and exact by construction.

List cost is the counterfactual: the request as published, at the policy's baseline model, in real time. Strategies
then act one after another, and each is credited with the fall of the price from before it to after it. Such a sum
telescopes, so ``list_cost − Σ savings = effective_cost`` holds to the nano-dollar whatever rounding a price needs.

The order is the order in which they act on a prompt that reaches the engine: what context removes, routing, the
prefix cache, the batch lane. A cache or a flight comes last and takes the rest: its saving is what the miss
*would have cost* with everything else still in force, and not one nano-dollar more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from schemas.enums import Lane
from schemas.money import PriceBook, PriceCard, TokenKind
from schemas.records import CostLine, SavingLine, Usage, Waterfall

NOTHING = Waterfall(list_cost=0, savings=[], effective_cost=0, costs=[])
"""What a request costs that is billed to nobody."""


class Pricing:
    """Prices one request's tokens by the cards that hold at the instant it was received."""

    def __init__(self, book: PriceBook, at: int) -> None:
        self._book = book
        self._at = at

    def execution(self, baseline: str, model: str, usage: Usage, lane: Lane) -> Waterfall:
        """The waterfall of a prediction that an engine made.

        Raises:
            PolicyError: one of the models has no price card at that instant.
        """
        base = self._book.card(baseline, self._at)
        card = self._book.card(model, self._at)
        removed = tuple([(removal.strategy, removal.tokens) for removal in usage.removed])
        counts = (usage.published_tokens, usage.cached_tokens, usage.completion_tokens)
        return _execution(base, card, counts, removed, batch=lane is Lane.BATCH)

    def embedding(self, strategy: str, model: str, tokens: int) -> CostLine:
        """What ``strategy`` spent on embedding ``tokens`` by ``model``.

        Raises:
            PolicyError: the model has no price card at that instant.
        """
        card = self._book.card(model, self._at)
        cost = card.cost("input", tokens)
        return CostLine(
            kind="embedding",
            strategy=strategy,
            model=model,
            tokens=tokens,
            cost=cost,
            price_version=card.version,
        )


def avoided(waterfall: Waterfall, strategy: str) -> Waterfall:
    """The waterfall of a prediction that ``strategy`` made unnecessary: it saves all that was left to pay."""
    line = SavingLine(
        strategy=strategy,
        tokens=sum(cost.tokens for cost in waterfall.costs),
        gross=waterfall.effective_cost,
        cost=0,
    )
    return Waterfall(list_cost=waterfall.list_cost, savings=[*waterfall.savings, line], effective_cost=0, costs=[])


def with_spending(waterfall: Waterfall, spent: Iterable[CostLine]) -> Waterfall:
    """The waterfall with what strategies spent on themselves, each taken off its own saving."""
    savings = {line.strategy: line for line in waterfall.savings}
    costs = list(waterfall.costs)
    effective = waterfall.effective_cost
    for cost in spent:
        strategy = cost.strategy or ""
        before = savings.get(strategy) or SavingLine(strategy=strategy, tokens=0, gross=0, cost=0)
        savings[strategy] = SavingLine(
            strategy=strategy, tokens=before.tokens, gross=before.gross, cost=before.cost + cost.cost
        )
        costs.append(cost)
        effective += cost.cost
    return Waterfall(
        list_cost=waterfall.list_cost, savings=list(savings.values()), effective_cost=effective, costs=costs
    )


def holds(waterfall: Waterfall) -> bool:
    """Whether the two sums that make a waterfall agree with its effective cost."""
    saved = sum(line.gross - line.cost for line in waterfall.savings)
    return waterfall.list_cost - saved == waterfall.effective_cost == _total(waterfall.costs)


@lru_cache(maxsize=4096)
def _execution(
    base: PriceCard, card: PriceCard, counts: tuple[int, int, int], removed: tuple[tuple[str, int], ...], *, batch: bool
) -> Waterfall:
    """The waterfall of one execution; kept, for an answer that the cache serves again has the same one again."""
    prompt, cached, answer = counts
    price = list_cost = _total(_lines(base, prompt, 0, answer))
    savings = []

    def fall(strategy: str, tokens: int, to: int) -> None:
        nonlocal price
        if tokens or to != price:
            savings.append(SavingLine(strategy=strategy, tokens=tokens, gross=price - to, cost=0))
        price = to

    for strategy, tokens in removed:
        prompt -= tokens
        fall(strategy, tokens, _total(_lines(base, prompt, 0, answer)))
    fall("routing", 0, _total(_lines(card, prompt, 0, answer)))
    fall("prefix_cache", cached, _total(_lines(card, prompt, cached, answer)))
    costs = _lines(card, prompt, cached, answer, batch=batch)
    fall("batch_lane", 0, _total(costs))
    return Waterfall(list_cost=list_cost, savings=savings, effective_cost=price, costs=costs)


def _lines(card: PriceCard, prompt: int, cached: int, completion: int, *, batch: bool = False) -> list[CostLine]:
    kinds: list[tuple[TokenKind, int]] = [
        ("input", prompt - cached),
        ("cached_input", cached),
        ("output", completion),
    ]
    return [
        CostLine(
            kind=kind,
            strategy=None,
            model=card.model,
            tokens=tokens,
            cost=card.cost(kind, tokens, batch=batch),
            price_version=card.version,
        )
        for kind, tokens in kinds
        if tokens
    ]


def _total(lines: Iterable[CostLine]) -> int:
    return sum(line.cost for line in lines)
