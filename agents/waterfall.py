"""The waterfall: from what a request would have cost to what it did cost. Pure, and exact by construction.

List cost is the counterfactual: the request as published, at the policy's baseline model, in real time. Strategies
then act one after another, and each is credited with the fall of the price from before it to after it. Such a sum
telescopes, so ``list_cost − Σ savings = effective_cost`` holds to the nano-dollar whatever rounding a price needs.

The order is the order in which they act on a prompt that reaches the engine: what context removes, routing, the
prefix cache, the batch lane. Where the model's GPUs are paid for by the hour, its tokens have no price: the one step
from the baseline's price to the prediction's part of that bill is the strategy *self_hosting*, whose saving is negative
while the GPUs are hardly used. A cache or a flight comes last and takes the rest: its saving is what the miss
*would have cost* with everything else still in force, and not one nano-dollar more.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from schemas.enums import Lane
from schemas.ledger import CostLine, SavingLine, Usage, Waterfall
from schemas.money import PriceBook, PriceCard, TokenKind, share_of

NOTHING = Waterfall(list_cost=0, savings=[], effective_cost=0, costs=[])
"""What a request costs that is billed to nobody."""


class GpuTime(NamedTuple):
    """What a prediction's part of an engine's GPU bill is."""

    cost: int
    version: str
    """Of the GPU-hour card."""
    prefill: int
    """Microseconds; how the cost is split into lines, as is ``decode``."""
    decode: int


class Pricing:
    """Prices one request's tokens by the cards that hold at the instant it was received."""

    def __init__(self, book: PriceBook, at: int) -> None:
        self._book = book
        self._at = at

    def execution(self, baseline: str, model: str, usage: Usage, lane: Lane, gpu: GpuTime | None = None) -> Waterfall:
        """The waterfall of a prediction that an engine made; with ``gpu``, on GPUs that are paid for by the hour.

        Raises:
            PolicyError: one of the models has no price card at that instant.
        """
        base = self._book.card(baseline, self._at)
        removed = tuple([(removal.strategy, removal.tokens) for removal in usage.removed])
        if gpu is not None:
            return _on_gpus(base, model, usage, gpu)
        card = self._book.card(model, self._at)
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


def gpu_cost(waterfall: Waterfall) -> int | None:
    """What the prediction's GPU time cost; None where its tokens have a price.

    GPU time of a model that failed before it is a strategy's own spending, and none of the prediction's.
    """
    costs = [line.cost for line in waterfall.costs if line.strategy is None and line.kind in {"prefill", "decode"}]
    return sum(costs) if costs else None


def holds(waterfall: Waterfall) -> bool:
    """Whether the two sums that make a waterfall agree with its effective cost."""
    saved = sum(line.gross - line.cost for line in waterfall.savings)
    return waterfall.list_cost - saved == waterfall.effective_cost == _total(waterfall.costs)


class _Falling:
    """A price on its way down from list cost."""

    def __init__(self, base: PriceCard, prompt: int, answer: int, removed: Iterable[tuple[str, int]]) -> None:
        """What context took out, priced as the baseline's."""
        self.list_cost = self.price = _total(_lines(base, prompt, 0, answer))
        self.savings: list[SavingLine] = []
        self.prompt = prompt
        for strategy, tokens in removed:
            self.prompt -= tokens
            self.to(_total(_lines(base, self.prompt, 0, answer)), strategy, tokens)

    def to(self, price: int, strategy: str, tokens: int = 0) -> None:
        if tokens or price != self.price:
            self.savings.append(SavingLine(strategy=strategy, tokens=tokens, gross=self.price - price, cost=0))
        self.price = price

    def ended(self, costs: list[CostLine]) -> Waterfall:
        return Waterfall(list_cost=self.list_cost, savings=self.savings, effective_cost=self.price, costs=costs)


@lru_cache(maxsize=4096)
def _execution(
    base: PriceCard, card: PriceCard, counts: tuple[int, int, int], removed: tuple[tuple[str, int], ...], *, batch: bool
) -> Waterfall:
    """The waterfall of one execution; kept, for an answer that the cache serves again has the same one again."""
    published, cached, answer = counts
    falling = _Falling(base, published, answer, removed)
    falling.to(_total(_lines(card, falling.prompt, 0, answer)), "routing")
    falling.to(_total(_lines(card, falling.prompt, cached, answer)), "prefix_cache", cached)
    costs = _lines(card, falling.prompt, cached, answer, batch=batch)
    falling.to(_total(costs), "batch_lane")
    return falling.ended(costs)


def _on_gpus(base: PriceCard, model: str, usage: Usage, gpu: GpuTime) -> Waterfall:
    removed = [(removal.strategy, removal.tokens) for removal in usage.removed]
    falling = _Falling(base, usage.published_tokens, usage.completion_tokens, removed)
    falling.to(gpu.cost, "self_hosting")
    prefill = share_of(gpu.cost, gpu.prefill, gpu.prefill + gpu.decode) if gpu.prefill else 0
    parts = [("prefill", falling.prompt, prefill), ("decode", usage.completion_tokens, gpu.cost - prefill)]
    return falling.ended(
        [
            CostLine(kind=kind, strategy=None, model=model, tokens=tokens, cost=cost, price_version=gpu.version)
            for kind, tokens, cost in parts
        ]
    )


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
