"""Whether shortening passages pays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.context.compression import LEAST, payoff
from schemas.money import PriceCard


def card(model: str, rate: int) -> PriceCard:
    return PriceCard(
        model=model,
        version="v1",
        effective_from=0,
        input_rate=rate,
        cached_input_rate=rate,
        output_rate=rate,
        batch_percent=50,
    )


SERVED = card("large", 2_500_000_000)
READER = card("embedder", 20_000_000)


def test_it_pays_where_the_tokens_cost_more_than_choosing_them() -> None:
    found = payoff(1000, 400, SERVED, READER, 1.0, batch=False)
    assert (found.saving, found.cost, found.pays) == (1_500_000, 20_000, True)
    assert found.decision().choice == "compress"
    assert found.decision().why == [
        "taking 600 of 1000 tokens out saves 1500000 nano-USD at 'large'; choosing them costs 20000 at 'embedder'"
    ]


def test_it_does_not_pay_where_the_served_model_is_as_cheap_as_the_reader() -> None:
    found = payoff(1000, 400, READER, READER, 1.0, batch=False)
    assert (found.saving, found.cost, found.pays) == (12_000, 20_000, False)
    assert found.decision().choice == "leave the passages whole"


def test_the_batch_lane_saves_half_and_a_reader_that_reads_twice_costs_double() -> None:
    assert payoff(1000, 400, SERVED, READER, 2.0, batch=True)[2:4] == (750_000, 40_000)


@pytest.mark.parametrize(
    ("tokens", "target", "why"),
    [
        (LEAST - 1, 10, f"the passages have {LEAST - 1} tokens: under {LEAST} they are left alone"),
        (500, 500, "the passages' 500 tokens are within the 500 that they may have"),
        (0, 0, "the passages' 0 tokens are within the 0 that they may have"),
    ],
)
def test_what_is_short_is_left_alone(tokens: int, target: int, why: str) -> None:
    found = payoff(tokens, target, SERVED, READER, 1.0, batch=False)
    assert not found.pays
    assert found.decision().why == [why]


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**10), st.integers(0, 10**10), st.floats(0, 4))
def test_what_pays_saves_more_than_it_costs(tokens: int, target: int, served: int, reader: int, reads: float) -> None:
    found = payoff(tokens, target, card("a", served), card("b", reader), reads, batch=False)
    assert found.saving >= 0
    assert found.cost >= 0
    if found.pays:
        assert found.saving > found.cost
        assert found.tokens > found.target
