"""Decisions: how far a request may look, and which near question's answer it may have."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.cache.decision import Candidate, decide, reach
from agents.cache.entries import Entry
from agents.policy import Task
from schemas.records import Message, PredictionRequest, Sampling, Usage

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


def test_without_candidates_there_is_no_hit() -> None:
    assert decide(RESET, [], threshold=0.95) == (None, ())


def test_a_near_question_without_objections_is_a_hit() -> None:
    near = candidate("How can I reset my password?", 0.97)
    verdict = decide(RESET, [near], threshold=0.95)
    assert verdict.hit is near.entry
    assert [(one.question, one.cosine, one.near, one.objections) for one in verdict.judged] == [
        (near.entry.question, 0.97, True, ())
    ]


def test_the_threshold_itself_is_near_enough_and_anything_below_is_not() -> None:
    assert decide(RESET, [candidate("How can I reset my password?", 0.95)], threshold=0.95).hit is not None
    verdict = decide(RESET, [candidate("How can I reset my password?", 0.9499)], threshold=0.95)
    assert verdict.hit is None
    assert not verdict.judged[0].near


@pytest.mark.parametrize(
    ("asked", "stored", "guard"),
    [
        ("How do I turn on 2FA?", "How do I turn off 2FA?", "antonyms"),
        ("Can I withdraw 500 dollars?", "Can I withdraw 5000 dollars?", "numbers"),
        ("Can I close my account?", "Can't I close my account?", "negation"),
        ("Convert euros to dollars", "Convert dollars to euros", "order"),
    ],
)
def test_a_trap_is_refused_at_any_cosine_and_the_verdict_says_by_whom(asked: str, stored: str, guard: str) -> None:
    verdict = decide(asked, [candidate(stored, 1.0)], threshold=0.95)
    assert verdict.hit is None
    assert guard in {objection.guard for objection in verdict.judged[0].objections}


def test_behind_a_trap_the_next_nearest_may_still_answer() -> None:
    trap = candidate("How do I turn off 2FA?", 0.99)
    good = candidate("How can I turn on 2FA?", 0.96)
    verdict = decide("How do I turn on 2FA?", [good, trap], threshold=0.95)
    assert verdict.hit is good.entry
    assert [one.question for one in verdict.judged] == [trap.entry.question, good.entry.question]


texts = st.sampled_from(
    [RESET, "How can I reset my password?", "How do I turn on 2FA?", "How do I turn off 2FA?", "Où est ma carte ?"]
)


@settings(deadline=None)
@given(texts, st.lists(st.tuples(texts, st.floats(0, 1)), max_size=5), st.floats(0, 1))
def test_a_hit_is_always_the_nearest_that_is_near_and_unobjected(
    asked: str, stored: list[tuple[str, float]], threshold: float
) -> None:
    verdict = decide(asked, [candidate(*one) for one in stored], threshold=threshold)
    cosines = [one.cosine for one in verdict.judged]
    assert cosines == sorted(cosines, reverse=True)
    accepted = [one for one in verdict.judged if one.near and not one.objections]
    assert all(one.cosine >= threshold for one in accepted)
    if verdict.hit is None:
        assert accepted == []
        assert len(verdict.judged) == len(stored)
    else:
        assert accepted == [verdict.judged[-1]]
        assert verdict.hit.fingerprint == verdict.judged[-1].fingerprint
