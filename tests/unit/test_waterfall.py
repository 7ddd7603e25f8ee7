"""List cost less savings is effective cost: of every entry, and of every sum of entries."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from agents.waterfall import NOTHING, GpuTime, Pricing, avoided, gpu_cost, holds, with_spending
from schemas.enums import Lane
from schemas.ledger import Removal, Usage, Waterfall
from schemas.money import PriceBook, PriceCard

STRATEGIES = ["retrieval", "history", "few_shot", "compression"]


@st.composite
def cards(draw: st.DrawFn, model: str) -> PriceCard:
    rates = [draw(st.integers(0, 10**12)) for _ in range(3)]
    return PriceCard(
        model=model,
        version=f"{model}-1",
        effective_from=0,
        input_rate=rates[0],
        cached_input_rate=rates[1],
        output_rate=rates[2],
        batch_percent=draw(st.integers(0, 100)),
    )


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    left = draw(st.integers(0, 10**6))
    removed = []
    published = left
    for strategy in draw(st.lists(st.sampled_from(STRATEGIES), unique=True)):
        tokens = draw(st.integers(0, 10**6))
        published += tokens
        removed.append(Removal(strategy=strategy, tokens=tokens))
    return Usage(
        published_tokens=published,
        removed=removed,
        prompt_tokens=left,
        cached_tokens=draw(st.integers(0, left)),
        completion_tokens=draw(st.integers(0, 10**5)),
    )


@st.composite
def pricings(draw: st.DrawFn) -> Pricing:
    return Pricing(PriceBook([draw(cards("base")), draw(cards("small")), draw(cards("embedder"))]), at=1)


executed = st.builds(
    lambda pricing, usage, lane: (pricing, pricing.execution("base", "small", usage, lane), usage),
    pricings(),
    usages(),
    st.sampled_from(Lane),
)


def the_same_price(rate: int, percent: int = 100) -> Pricing:
    card = PriceCard(
        model="base",
        version="1",
        effective_from=0,
        input_rate=rate,
        cached_input_rate=rate // 4,
        output_rate=rate,
        batch_percent=percent,
    )
    return Pricing(PriceBook([card]), at=1)


@given(executed)
def test_an_execution_adds_up(made: tuple[Pricing, Waterfall, Usage]) -> None:
    assert holds(made[1])


@given(executed)
def test_the_costs_are_for_every_token_that_was_used(made: tuple[Pricing, Waterfall, Usage]) -> None:
    _, waterfall, usage = made
    tokens = {line.kind: line.tokens for line in waterfall.costs}
    assert tokens.get("input", 0) + tokens.get("cached_input", 0) == usage.prompt_tokens
    assert tokens.get("cached_input", 0) == usage.cached_tokens
    assert tokens.get("output", 0) == usage.completion_tokens


@given(executed)
def test_each_strategy_is_credited_once(made: tuple[Pricing, Waterfall, Usage]) -> None:
    strategies = [line.strategy for line in made[1].savings]
    assert len(strategies) == len(set(strategies))


@given(executed, st.sampled_from(["duplicate", "exact_cache", "semantic_cache", "single_flight"]))
def test_what_was_avoided_costs_nothing_and_saves_no_more_than_was_left(
    made: tuple[Pricing, Waterfall, Usage], strategy: str
) -> None:
    _, waterfall, usage = made
    saved = avoided(waterfall, strategy)
    assert holds(saved)
    assert saved.effective_cost == 0
    assert saved.list_cost == waterfall.list_cost
    assert saved.savings[-1].gross == waterfall.effective_cost
    assert saved.savings[-1].tokens == usage.prompt_tokens + usage.completion_tokens


@given(executed, st.lists(st.tuples(st.sampled_from(["semantic_cache", "compression"]), st.integers(0, 10**6))))
def test_what_a_strategy_spends_is_taken_off_its_own_saving(
    made: tuple[Pricing, Waterfall, Usage], spending: list[tuple[str, int]]
) -> None:
    pricing, waterfall, _ = made
    lines = [pricing.embedding(strategy, "embedder", tokens) for strategy, tokens in spending]
    after = with_spending(waterfall, lines)
    assert holds(after)
    assert after.effective_cost == waterfall.effective_cost + sum(line.cost for line in lines)
    assert after.list_cost == waterfall.list_cost
    gross = {line.strategy: line.gross for line in waterfall.savings}
    for saving in after.savings:
        assert saving.cost == sum(line.cost for line in lines if line.strategy == saving.strategy)
        assert saving.gross == gross.get(saving.strategy, 0)


@given(st.lists(executed, max_size=6))
def test_sums_of_waterfalls_add_up_too(made: list[tuple[Pricing, Waterfall, Usage]]) -> None:
    waterfalls = [waterfall for _, waterfall, _ in made]
    net = sum(line.gross - line.cost for waterfall in waterfalls for line in waterfall.savings)
    assert sum(w.list_cost for w in waterfalls) - net == sum(w.effective_cost for w in waterfalls)


def test_a_prompt_at_list_price_saves_nothing() -> None:
    usage = Usage(published_tokens=100, prompt_tokens=100, completion_tokens=20)
    waterfall = the_same_price(10**9).execution("base", "base", usage, Lane.REALTIME)
    assert waterfall.savings == []
    assert waterfall.list_cost == waterfall.effective_cost == 120_000


def test_strategies_are_credited_in_the_order_in_which_they_act() -> None:
    usage = Usage(
        published_tokens=1000,
        removed=[Removal(strategy="history", tokens=400)],
        prompt_tokens=600,
        cached_tokens=200,
        completion_tokens=0,
    )
    waterfall = the_same_price(10**9, percent=50).execution("base", "base", usage, Lane.BATCH)
    assert [(line.strategy, line.tokens, line.gross) for line in waterfall.savings] == [
        ("history", 400, 400_000),
        ("prefix_cache", 200, 150_000),
        ("batch_lane", 0, 225_000),
    ]
    assert waterfall.effective_cost == 225_000


def test_a_dearer_model_than_the_baseline_shows_as_a_loss() -> None:
    dear = PriceCard(
        model="dear", version="1", effective_from=0, input_rate=2 * 10**9, cached_input_rate=0, output_rate=0
    )
    base = PriceCard(model="base", version="1", effective_from=0, input_rate=10**9, cached_input_rate=0, output_rate=0)
    usage = Usage(published_tokens=10, prompt_tokens=10)
    waterfall = Pricing(PriceBook([base, dear]), at=1).execution("base", "dear", usage, Lane.REALTIME)
    assert [(line.strategy, line.gross) for line in waterfall.savings] == [("routing", -10_000)]


def test_nothing_adds_up_and_a_wrong_sum_does_not() -> None:
    assert holds(NOTHING)
    assert not holds(Waterfall(list_cost=1, savings=[], effective_cost=0, costs=[]))
    assert not holds(Waterfall(list_cost=1, savings=[], effective_cost=1, costs=[]))


on_gpus = st.builds(GpuTime, st.integers(0, 10**12), st.just("g1"), st.integers(0, 10**9), st.integers(0, 10**9))


@given(pricings(), usages(), on_gpus, st.sampled_from(Lane))
def test_an_execution_on_gpus_by_the_hour_adds_up_and_costs_its_part_of_their_bill(
    pricing: Pricing, usage: Usage, gpu: GpuTime, lane: Lane
) -> None:
    made = pricing.execution("base", "small", usage, lane, gpu)
    assert holds(made)
    assert made.effective_cost == gpu_cost(made) == gpu.cost
    assert made.list_cost == pricing.execution("base", "small", usage, lane).list_cost
    assert {line.kind: line.tokens for line in made.costs} == {
        "prefill": usage.prompt_tokens,
        "decode": usage.completion_tokens,
    }
    assert all(line.cost >= 0 and line.price_version == "g1" for line in made.costs)
    assert holds(avoided(made, "exact_cache"))


@given(st.lists(st.tuples(usages(), on_gpus), min_size=1, max_size=5), pricings())
def test_any_sum_of_executions_on_gpus_holds_as_each_does(made: list[tuple[Usage, GpuTime]], pricing: Pricing) -> None:
    waterfalls = [pricing.execution("base", "small", usage, Lane.BATCH, gpu) for usage, gpu in made]
    saved = sum(line.gross - line.cost for one in waterfalls for line in one.savings)
    assert sum(one.list_cost for one in waterfalls) - saved == sum(gpu.cost for _, gpu in made)


@given(executed, usages(), st.one_of(st.none(), on_gpus), on_gpus)
def test_the_gpu_time_of_a_model_that_failed_is_no_part_of_what_the_next_ones_answer_cost(
    made: tuple[Pricing, Waterfall, Usage], usage: Usage, gpu: GpuTime | None, in_vain: GpuTime
) -> None:
    pricing, _, failed = made
    wasted = pricing.execution("base", "small", failed, Lane.REALTIME, in_vain).costs
    answered = pricing.execution("base", "small", usage, Lane.REALTIME, gpu)
    spent = with_spending(answered, [msgspec.structs.replace(line, strategy="routing") for line in wasted])
    assert gpu_cost(spent) == gpu_cost(answered) == (None if gpu is None else gpu.cost)


@given(executed)
def test_tokens_with_a_price_have_no_gpu_cost(made: tuple[Pricing, Waterfall, Usage]) -> None:
    assert gpu_cost(made[1]) is None


def test_own_gpus_that_are_hardly_used_cost_more_than_they_save() -> None:
    usage = Usage(published_tokens=100, prompt_tokens=100, completion_tokens=10)
    made = the_same_price(1_000_000_000).execution("base", "base", usage, Lane.REALTIME, GpuTime(900_000, "g1", 1, 3))
    (line,) = made.savings
    assert (line.strategy, line.gross) == ("self_hosting", 110_000 - 900_000)
    assert [(cost.kind, cost.cost) for cost in made.costs] == [("prefill", 225_000), ("decode", 675_000)]
