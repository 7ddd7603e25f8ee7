"""Checks: what the cache serves is compared with what the model says, charged for, learned from and acted upon."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.check import drawn
from agents.policy import Policy
from agents.policy_document import Task
from agents.waterfall import NOTHING, Pricing, holds
from schemas.enums import EntryKind, Lane, Source, Verdict
from schemas.errors import WorkFailedError
from schemas.ledger import LedgerEntry
from schemas.records import Answer, CacheMiss, DeadLetter
from tests.fakes.cache import NEAR_RESET, RESET, T0, River, document, following, request_of, river_of
from tests.fakes.records import entry

DESK = Task(models=["small"], baseline="big", cache="semantic", threshold=0.7, check_share=1.0)
OTHERWISE = "How do I get my password reset again?"


@pytest.fixture
async def river() -> Any:
    river = river_of(Policy(document(desk=DESK)))
    async with following(river):
        yield river


@given(st.text())
def test_the_draw_is_the_same_each_time_and_takes_about_its_share(name: str) -> None:
    names = [f"{name}{number}" for number in range(300)]
    taken = [name for name in names if drawn("bank", name, 0.5)]
    assert taken == [name for name in names if drawn("bank", name, 0.5)]
    assert 90 < len(taken) < 210
    assert all(drawn("bank", name, 1.0) for name in names)
    assert not any(drawn("bank", name, 0.0) for name in names)


async def checked(river: River, cached: str, fresh: str, asked: str = NEAR_RESET) -> tuple[CacheMiss, LedgerEntry]:
    """A question served from the cache, and the ledger's entry of its check."""
    miss = await river.ask(request_of(RESET))
    if isinstance(miss, CacheMiss):
        await river.learn(miss, text=cached)
    answer = await river.ask(request_of(asked))
    assert isinstance(answer, Answer)
    assert answer.source is Source.SEMANTIC_CACHE
    check = river.checks.pop()
    to_write = entry("e-check", kind=EntryKind.CHECK, source=Source.SEMANTIC_CACHE, waterfall=NOTHING)
    _, (emit, *_) = await river.learned(check, text=fresh, check=to_write)
    assert isinstance(emit.record, LedgerEntry)
    return check, emit.record


async def test_a_check_asks_the_model_what_the_cache_has_answered_and_hurries_nobody(river: River) -> None:
    check, _ = await checked(river, "By post.", "By post.")
    assert (check.ticket.check, check.ticket.lane, check.costs) == (True, Lane.BATCH, [])
    assert check.ticket.deadline == T0 + 300_000
    assert check.messages[-1].content == NEAR_RESET
    nominee = check.lookup.nominee
    assert nominee is not None
    assert (nominee.text, nominee.tier, nominee.served, nominee.share) == ("By post.", "guards", True, 1.0)


async def test_equal_answers_need_no_embedding_to_be_the_same(river: River) -> None:
    _, written = await checked(river, "By post.", "By  post.")
    assert (written.verdict, written.waterfall) == (Verdict.SAME, NOTHING)


async def test_other_answers_are_told_and_comparing_them_is_charged_to_the_cache(river: River) -> None:
    _, written = await checked(river, "It takes 5 days.", "It takes 9 days.")
    assert written.verdict is Verdict.DIFFERENT
    assert holds(written.waterfall)
    tokens = sum([(await river.embedder.embed(text)).tokens for text in ("It takes 5 days.", "It takes 9 days.")])
    cost = Pricing(river.policy.prices, T0).embedding("semantic_cache", "all-MiniLM-L6-v2", tokens)
    assert written.waterfall.costs == [cost]
    assert written.waterfall.savings[0].cost == cost.cost > 0


async def test_what_cannot_be_compared_is_unknown_and_teaches_nothing(river: River) -> None:
    await checked(river, "By post.", "word " * 3_000)
    standing = await river.lessons.of("bank", "desk")
    assert standing is not None
    assert standing.hits().checks == 0


async def test_a_checked_question_has_its_own_answer_from_then_on(river: River) -> None:
    await checked(river, "It takes 5 days.", "It takes 9 days.")
    answer = await river.ask(request_of(NEAR_RESET))
    assert isinstance(answer, Answer)
    assert (answer.source, answer.text) == (Source.EXACT_CACHE, "It takes 9 days.")


async def test_the_request_that_was_checked_keeps_the_answer_that_it_had(river: River) -> None:
    check, _ = await checked(river, "It takes 5 days.", "It takes 9 days.")
    again = await river.ask(request_of("Where is my card?", request_id=check.ticket.request_id))
    assert isinstance(again, CacheMiss), "a check remembers nothing under the request's id"


async def test_a_tier_that_was_found_wrong_beyond_doubt_is_closed_and_what_it_withholds_is_compared(
    river: River,
) -> None:
    await checked(river, "It takes 5 days.", "It takes 9 days.")
    assert ["the guards tier is closed: 1 of 1 checked answers wrong" in said for said in river.said] == [True]
    withheld = await river.ask(request_of("How would I reset my password?"))
    assert isinstance(withheld, CacheMiss)
    assert withheld.decisions[0].choice == "miss: the guards tier is closed"
    nominee = withheld.lookup.nominee
    assert nominee is not None
    assert (nominee.served, nominee.share, nominee.tier) == (False, 1.0, "guards")
    await river.learn(withheld, text=nominee.text)
    standing = await river.lessons.of("bank", "desk")
    assert standing is not None
    assert (standing.chosen("guards").checks, standing.chosen("guards").wrong) == (2, 1)


async def test_the_verifier_serves_what_the_guards_refuse_and_the_check_says_so() -> None:
    river = river_of(Policy(document(desk=DESK)))
    river.verifier.pairs.add(frozenset({OTHERWISE, RESET}))
    async with following(river):
        fill = await river.executed(request_of(RESET))
        answer = await river.ask(request_of(OTHERWISE))
        assert isinstance(answer, Answer)
        assert (answer.source, answer.text) == (Source.SEMANTIC_CACHE, fill.text)
        assert answer.decisions[0].choice == "semantic hit by the verifier"
        (check,) = river.checks
        assert check.lookup.nominee is not None
        assert check.lookup.nominee.tier == "verifier"


async def test_a_question_that_another_worker_asked_is_read_again_at_the_caches_own_cost() -> None:
    one = river_of(Policy(document(desk=DESK)))
    other = river_of(one.policy, one.entries, one.clock)
    other.verifier.pairs.add(frozenset({OTHERWISE, RESET}))
    async with following(one, other):
        await one.executed(request_of(RESET))
        tokens = []
        for text in (OTHERWISE, "How do I get my password reset anew?"):
            other.verifier.pairs.add(frozenset({text, RESET}))
            answer = await other.ask(request_of(text))
            assert isinstance(answer, Answer)
            tokens.append(sum(cost.tokens for cost in answer.waterfall.costs))
        asked, stored = [(await other.embedder.embed(text)).tokens for text in (OTHERWISE, RESET)]
        assert tokens[0] == asked + stored
        assert tokens[1] < asked + stored, "what was read once is kept"


async def test_a_miss_compared_for_nothing_is_not_on_the_ledger(river: River) -> None:
    await checked(river, "It takes 5 days.", "It takes 5 days.")
    miss = await river.ask(request_of("Where is my card?"))
    assert isinstance(miss, CacheMiss)
    assert miss.lookup.nominee is None
    _, emits = await river.learned(miss)
    assert list(emits) == []


async def test_why_a_near_question_was_served_or_not_is_told_without_the_questions(river: River) -> None:
    await river.executed(request_of("How do I turn on two factor login for my online account?"))
    miss = await river.ask(request_of("How do I turn off two factor login for my online account?"))
    assert isinstance(miss, CacheMiss)
    (decision,) = miss.decisions
    assert (decision.stage, decision.choice) == ("cache", "miss")
    assert any("antonyms" in reason for reason in decision.why)
    assert "two factor" not in " ".join(decision.why)
    hit = await river.ask(request_of("How can I turn on two factor login for my online account?"))
    assert isinstance(hit, Answer)
    assert hit.decisions[0].choice == "semantic hit by the guards"


async def test_what_a_check_did_cost_is_on_the_ledger_even_if_comparing_fails(river: River) -> None:
    await river.executed(request_of(RESET))
    await river.ask(request_of(NEAR_RESET))
    to_write = entry("e-check", kind=EntryKind.CHECK, waterfall=NOTHING)
    fill, _ = await river.learned(river.checks.pop(), check=to_write)
    letter, written = (emit.record for emit in river.fill.failed(river.fill_delivery(fill), WorkFailedError("a fault")))
    assert isinstance(letter, DeadLetter)
    assert isinstance(written, LedgerEntry)
    assert (written.entry_id, written.verdict) == ("e-check", Verdict.UNKNOWN)
