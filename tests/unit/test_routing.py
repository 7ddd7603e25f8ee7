"""Routing: what is named, what a rule says, what a trained router expects, and the reasons that are given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.context.routing import Option, Routed, route
from agents.policy_document import Route, Router, Task
from schemas.enums import Lane
from schemas.errors import UnknownNameError

BAR = 0.8
options = st.lists(
    st.builds(Option, st.text("abc", min_size=1, max_size=3), st.integers(0, 9), st.sampled_from([0.1, 0.5, 0.8, 0.9])),
    min_size=1,
    max_size=6,
    unique_by=lambda option: option.model,
)


def task(*routes: Route, learned: bool = False) -> Task:
    router = Router(file="router.json", bar=BAR) if learned else None
    return Task(models=["small", "large"], baseline="large", routes=list(routes), router=router)


def never(model: str) -> int:
    raise AssertionError(f"the tokens of {model} were counted for nothing")


def test_the_first_model_is_the_default() -> None:
    assert route(task(), None, Lane.REALTIME, never).model == "small"


def test_a_named_model_is_taken_before_any_rule() -> None:
    assert route(task(Route(model="small")), "large", Lane.REALTIME, never) == ("large", ["the request names it"])


def test_a_named_model_that_is_no_longer_open_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="model 'old' is no longer open"):
        route(task(), "old", Lane.REALTIME, never)


@pytest.mark.parametrize(
    ("lane", "tokens", "model", "why"),
    [
        (Lane.BATCH, 10, "overnight", "rule 1 of the task holds: the lane is BATCH"),
        (Lane.REALTIME, 10, "tiny", "rule 2 of the task holds: the prompt has 10 tokens, and may have 10"),
        (Lane.REALTIME, 11, "large", "rule 3 of the task holds: it has no condition"),
    ],
)
def test_the_first_rule_that_holds_decides(lane: Lane, tokens: int, model: str, why: str) -> None:
    rules = task(
        Route(model="overnight", lane=Lane.BATCH),
        Route(model="tiny", max_prompt_tokens=10),
        Route(model="large"),
    )
    assert route(rules, None, lane, lambda _: tokens) == (model, [why])


def test_every_condition_of_a_rule_has_to_hold() -> None:
    rules = task(Route(model="large", lane=Lane.BATCH, max_prompt_tokens=10))
    assert route(rules, None, Lane.BATCH, lambda _: 10).model == "large"
    assert route(rules, None, Lane.BATCH, lambda _: 11).model == "small"
    assert route(rules, None, Lane.REALTIME, never).model == "small"


def learned(*given: Option) -> Routed:
    return route(task(learned=True), None, Lane.REALTIME, never, given)


def test_the_cheapest_model_that_is_expected_to_clear_the_bar_is_chosen() -> None:
    assert learned(Option("large", 9_000, 0.95), Option("middle", 2_000, 0.8), Option("small", 500, 0.79)) == (
        "middle",
        [
            "the router: the cheapest that is expected to clear the bar of 80%",
            "middle: a good answer with 80.0%, for about $0.000002000",
            "small: a good answer with 79.0%, for about $0.000000500",
            "large: a good answer with 95.0%, for about $0.000009000",
        ],
    )


def test_where_none_is_expected_to_clear_the_bar_it_is_the_most_likely_one() -> None:
    routed = learned(Option("large", 9_000, 0.7), Option("small", 500, 0.6))
    assert routed.model == "large"
    assert routed.why[0].startswith("the router: no model is expected to clear the bar of 80%")


def test_a_rule_comes_before_the_router() -> None:
    rules = task(Route(model="large"), learned=True)
    assert route(rules, None, Lane.REALTIME, never, [Option("small", 1, 1.0)]).model == "large"


@pytest.mark.parametrize("given", [(), (Option("large", 1, 1.0),)])
def test_without_options_or_a_router_it_is_the_default(given: tuple[Option, ...]) -> None:
    assert route(task(learned=not given), None, Lane.REALTIME, never, given).model == "small"


@given(options)
def test_the_routers_choice_is_the_best_of_the_options(drawn: list[Option]) -> None:
    routed = learned(*drawn)
    (chosen,) = [option for option in drawn if option.model == routed.model]
    clear = [option for option in drawn if option.quality >= BAR]
    if clear:
        assert chosen in clear
        assert chosen.cost == min(option.cost for option in clear)
        assert not [o for o in clear if o.cost == chosen.cost and o.quality > chosen.quality]
    else:
        assert chosen.quality == max(option.quality for option in drawn)
        assert not [o for o in drawn if o.quality == chosen.quality and o.cost < chosen.cost]
    assert len(routed.why) == 1 + len(drawn), "every option is told of"
    assert routed.why[1].startswith(f"{chosen.model}: ")
