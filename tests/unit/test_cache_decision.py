"""Decisions: how far a request may look, and which near question's answer it may have."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.decision import Candidate, Tier, Verdict, by_guards, by_verifier, choose, reach
from agents.cache.entries import Entry
from agents.cache.guards import Text
from agents.policy_document import Task
from schemas.ledger import Usage
from schemas.records import Message, PredictionRequest, Sampling

SYSTEM, USER, ASSISTANT = (Message(role=role, content="…") for role in ("system", "user", "assistant"))


def request_of(*messages: Message, temperature: float = 0.0) -> PredictionRequest:
    return PredictionRequest(
        request_id="r",
        tenant="bank",
        task="desk",
        messages=list(messages),
        sampling=Sampling(temperature=temperature),
    )


def task_of(cache: Literal["off", "exact", "semantic"], multi_turn: Literal["off", "exact"] = "exact") -> Task:
    return Task(models=["small"], baseline="big", cache=cache, multi_turn=multi_turn)


@pytest.mark.parametrize("cache", ["off", "exact", "semantic"])
@pytest.mark.parametrize("messages", [(USER,), (SYSTEM, USER)])
def test_a_single_turn_reaches_as_far_as_the_task(
    cache: Literal["off", "exact", "semantic"], messages: tuple[Message, ...]
) -> None:
    assert reach(task_of(cache), request_of(*messages)) == cache


@pytest.mark.parametrize("cache", ["off", "exact", "semantic"])
def test_another_draw_is_another_answer(cache: Literal["off", "exact", "semantic"]) -> None:
    assert reach(task_of(cache), request_of(SYSTEM, USER, temperature=0.01)) == "off"


@pytest.mark.parametrize("messages", [(USER, ASSISTANT, USER), (SYSTEM, USER, ASSISTANT, USER), (USER, USER)])
def test_a_conversation_is_never_matched_by_nearness(messages: tuple[Message, ...]) -> None:
    assert reach(task_of("semantic"), request_of(*messages)) == "exact"
    assert reach(task_of("exact"), request_of(*messages)) == "exact"
    assert reach(task_of("semantic", "off"), request_of(*messages)) == "off"
    assert reach(task_of("off"), request_of(*messages)) == "off"


def candidate(question: str, cosine: float) -> Candidate:
    entry = Entry(
        fingerprint=question,
        scope="s",
        tenant="bank",
        task="desk",
        request_id="r0",
        model="small",
        text=f"the answer to {question}",
        finish_reason="stop",
        usage=Usage(),
        question=question,
        embedding=None,
        answered_at=0,
    )
    return Candidate(entry, cosine)


RESET = "How do I reset my password?"


class Said(NamedTuple):
    """A verifier's opinion."""

    accepted: bool
    probability: float = 0.5
    why: tuple[str, ...] = ("so it was said",)


def decide(
    asked: str,
    candidates: list[Candidate],
    *,
    threshold: float = 0.95,
    accepts: Callable[[Candidate], bool] = lambda _: False,
    closed: frozenset[Tier] = frozenset(),
) -> Verdict:
    """Guards on all candidates, then the verifier on all."""
    text = Text.read(asked)
    nearest = sorted(candidates, key=lambda one: -one.cosine)
    guarded = (by_guards(text, one, threshold=threshold) for one in nearest)
    verified = (by_verifier(one, Said(accepts(one))) for one in nearest)
    return choose(chain(guarded, verified), lambda tier: tier not in closed)


def test_without_candidates_there_is_no_hit() -> None:
    assert decide(RESET, []) == ((), None, None)


def test_a_near_question_without_objections_is_a_hit_by_the_guards() -> None:
    near = candidate("How can I reset my password?", 0.97)
    verdict = decide(RESET, [near])
    assert verdict.hit is not None
    assert (verdict.hit.candidate, verdict.hit.tier, verdict.hit.why) == (near, "guards", ("no guard objects",))
    assert verdict.judged == (verdict.hit,)


def test_the_threshold_itself_is_near_enough_and_anything_below_is_not() -> None:
    assert decide(RESET, [candidate("How can I reset my password?", 0.95)]).hit is not None
    verdict = decide(RESET, [candidate("How can I reset my password?", 0.9499)])
    assert verdict.hit is None
    assert verdict.judged[0].why == ("cosine 0.950 is below 0.95",)


@pytest.mark.parametrize(
    ("asked", "stored", "guard"),
    [
        ("How do I turn on 2FA?", "How do I turn off 2FA?", "antonyms"),
        ("Can I withdraw 500 dollars?", "Can I withdraw 5000 dollars?", "numbers"),
        ("Can I close my account?", "Can't I close my account?", "negation"),
        ("Convert euros to dollars", "Convert dollars to euros", "order"),
    ],
)
def test_the_guards_refuse_a_trap_at_any_cosine_and_the_verdict_says_which(asked: str, stored: str, guard: str) -> None:
    verdict = decide(asked, [candidate(stored, 1.0)])
    assert verdict.hit is None
    assert guard in verdict.judged[0].guards
    assert any(reason.startswith(guard) for reason in verdict.judged[0].why)


def test_behind_a_trap_the_next_nearest_may_still_answer() -> None:
    trap = candidate("How do I turn off 2FA?", 0.99)
    good = candidate("How can I turn on 2FA?", 0.96)
    verdict = decide("How do I turn on 2FA?", [good, trap])
    assert verdict.hit is not None
    assert verdict.hit.candidate is good
    assert [one.candidate for one in verdict.judged] == [trap, good]


def test_what_the_guards_refuse_the_verifier_may_accept() -> None:
    other = candidate("My password is lost, what now?", 0.8)
    verdict = decide(RESET, [other], accepts=lambda _: True)
    assert verdict.hit is not None
    assert (verdict.hit.tier, verdict.hit.features) == ("verifier", (0.8, 0.5))
    assert [one.tier for one in verdict.judged] == ["guards", "verifier"]


def test_the_verifier_is_not_asked_where_the_guards_gave_an_answer() -> None:
    asked: list[str] = []

    def accepts(one: Candidate) -> bool:
        asked.append(one.entry.question)
        return True

    near = candidate("How can I reset my password?", 0.97)
    hit = decide(RESET, [near, candidate("My password is lost", 0.9)], accepts=accepts).hit
    assert hit is not None
    assert hit.tier == "guards"
    assert asked == []


@pytest.mark.parametrize("tier", ["guards", "verifier"])
def test_what_a_closed_tier_would_have_served_is_withheld_and_told(tier: Tier) -> None:
    cosine = 0.97 if tier == "guards" else 0.9
    near = candidate("How can I reset my password?", cosine)
    verdict = decide(RESET, [near], accepts=lambda _: tier == "verifier", closed=frozenset({tier}))
    assert verdict.hit is None
    assert verdict.withheld is not None
    assert (verdict.withheld.tier, verdict.withheld.candidate) == (tier, near)


def test_another_tier_may_serve_what_a_closed_one_would_have() -> None:
    near = candidate("How can I reset my password?", 0.97)
    verdict = decide(RESET, [near], accepts=lambda _: True, closed=frozenset({"guards"}))
    assert verdict.hit is not None
    assert verdict.hit.tier == "verifier"


texts = st.sampled_from(
    [RESET, "How can I reset my password?", "How do I turn on 2FA?", "How do I turn off 2FA?", "Où est ma carte ?"]
)


@given(
    texts,
    st.lists(st.tuples(texts, st.floats(0, 1)), max_size=5),
    st.floats(0, 1),
    st.sampled_from([frozenset(), frozenset({"guards"}), frozenset({"verifier"}), frozenset({"guards", "verifier"})]),
)
def test_a_hit_is_the_first_that_an_open_tier_serves(
    asked: str, stored: list[tuple[str, float]], threshold: float, closed: frozenset[Tier]
) -> None:
    candidates = [candidate(*one) for one in stored]
    verdict = decide(
        asked, candidates, threshold=threshold, accepts=lambda one: one.entry.question == RESET, closed=closed
    )
    serving = [one for one in verdict.judged if one.serves]
    assert verdict.hit == next((one for one in serving if one.tier not in closed), None)
    assert verdict.withheld is None or verdict.hit is None
    for one in serving:
        assert one.candidate.cosine >= (threshold if one.tier == "guards" else 0)
    if verdict.hit is not None:
        assert verdict.judged[-1] is verdict.hit
        same_tier = [one.candidate.cosine for one in verdict.judged if one.tier == verdict.hit.tier]
        assert same_tier == sorted(same_tier, reverse=True)
