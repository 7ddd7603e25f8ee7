from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from agents import policy
from schemas.codec import Codec
from schemas.enums import Lane
from schemas.errors import BadRequestError, UndecodableError
from schemas.records import PredictionRequest
from streams.demo import workload as of
from streams.demo.workload import MIX, Workload, build, conversations, intents


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec()


@pytest.fixture(scope="module")
def made(codec: Codec) -> Workload:
    return build(codec.encode)


def test_the_same_seed_makes_the_same_bytes_and_another_does_not(codec: Codec, made: Workload) -> None:
    assert build(codec.encode).publishes == made.publishes
    assert build(codec.encode, seed=2).publishes != made.publishes


def test_it_is_three_hundred_requests_of_two_tenants_five_tasks_and_both_lanes(made: Workload) -> None:
    requests = [item.request for item in made.items]
    assert len(requests) == len({request.request_id for request in requests}) == 300
    assert {request.tenant for request in requests} == {"retail", "research"}
    assert {request.task for request in requests} == set(MIX)
    lanes = Counter(item.lane for item in made.items)
    assert lanes[Lane.BATCH] > 60
    assert lanes[Lane.REALTIME] > 150


def test_a_few_questions_are_asked_often_and_most_of_them_seldom(made: Workload) -> None:
    asked = sorted(Counter(item.label for item in made.items).values(), reverse=True)
    assert asked[0] >= 15
    assert sum(asked[:10]) > 80
    assert asked[len(asked) // 2] <= 2


def test_every_wording_has_one_label_for_each_who_may_share_its_answer(made: Workload) -> None:
    labels: dict[object, set[str]] = defaultdict(set)
    for item in made.items:
        request = item.request
        if not request.sampling.temperature:
            words = tuple(" ".join(message.content.casefold().split()) for message in request.messages)
            labels[request.tenant, request.task, words].add(item.label)
    assert all(len(found) == 1 for found in labels.values())


def test_paraphrases_share_a_label(made: Workload) -> None:
    words: dict[str, set[str]] = defaultdict(set)
    for item in made.items:
        words[item.label].add(item.request.messages[-1].content)
    assert sum(len(found) > 1 for found in words.values()) >= 15


def test_a_trap_has_a_label_of_its_own_and_is_asked_once(made: Workload) -> None:
    traps = [item.label for item in made.items if item.trap]
    assert len(traps) == len(set(traps)) >= 40
    assert len(traps) == sum(len(intent.traps) for intent in intents())
    assert not set(traps) & {item.label for item in made.items if not item.trap}


def test_no_label_is_of_two_tenants(made: Workload) -> None:
    tenants: dict[str, set[str]] = defaultdict(set)
    for item in made.items:
        tenants[item.label].add(item.request.tenant)
    assert all(len(found) == 1 for found in tenants.values())
    lines = {(item.request.tenant, item.request.messages[-1].content) for item in made.items}
    shared = Counter(content for _, content in lines)
    assert max(shared.values()) == 2, "both tenants ask for the same line at least once"


def test_no_text_is_written_twice() -> None:
    texts = Counter(
        (intent.task, tuple(intent.history), text) for intent in intents() for text in [*intent.wordings, *intent.traps]
    )
    assert max(texts.values()) == 1
    assert len({intent.label for intent in intents()}) == len(intents())


def test_a_draft_shares_its_answer_with_nobody(made: Workload) -> None:
    drafts = [item for item in made.items if item.request.sampling.temperature > 0]
    counted = Counter(item.label for item in made.items)
    assert len(drafts) >= 3
    assert all(counted[draft.label] == 1 for draft in drafts)


def test_what_is_published_again_is_the_same_bytes(made: Workload) -> None:
    values: dict[bytes, list[bytes]] = defaultdict(list)
    for publish in made.publishes:
        values[publish.key].append(publish.value)
    twice = {key.decode(): found for key, found in values.items() if len(found) > 1 and key != b"poison"}
    assert set(twice) == set(made.again)
    assert all(len(found) == 2 and found[0] == found[1] for found in twice.values())
    assert made.events == len(made.items) + len(made.again) + len(made.malformed)


def test_every_well_formed_request_is_one_that_the_policy_takes(made: Workload) -> None:
    rules = policy.load(of.POLICY)
    for item in made.items:
        rules.task(item.request, received_at=1)


def test_malformed_events_are_malformed_as_they_say(codec: Codec, made: Workload) -> None:
    rules = policy.load(of.POLICY)
    for bad in made.malformed:
        if bad.code == "PROMPT_TOO_LONG":
            window = max(model.window for model in rules.models.values())
            content = codec.decode(bad.value, PredictionRequest).messages[-1].content
            assert len(content.split()) > 2 * window
            continue
        with pytest.raises(BadRequestError) as caught:
            rules.task(codec.decode(bad.value, PredictionRequest), received_at=1_700_000_000_000)
        assert caught.value.code == bad.code, bad.what
        assert (bad.request_id is None) == isinstance(caught.value, UndecodableError)
    assert len({bad.value for bad in made.malformed}) == len(made.malformed) >= 8


def test_a_conversation_is_asked_turn_by_turn_and_each_turn_brings_those_before_it(made: Workload) -> None:
    for conversation in conversations():
        asked = [item.request for item in made.items if item.label.startswith(f"retail/{conversation.label}/")]
        said = [[message.content for message in request.messages[1:]] for request in asked]
        assert said == [conversation.turns[: number + 1] for number in range(0, len(conversation.turns), 2)]
        assert [message.role for message in asked[-1].messages[1:]] == ["user", "assistant"] * (len(asked) - 1) + [
            "user"
        ]


def test_a_conversation_waits_for_its_own_answers_and_stands_in_nobody_elses_way(made: Workload) -> None:
    turns = {item.request.request_id for item in made.items if item.request.task == "adviser"}
    assert {event.key.decode() for talk in made.talks for event in talk} == turns
    assert not turns & {event.key.decode() for event in made.publishes}
    assert sorted(len(talk) for talk in made.talks) == sorted(len(one.turns) // 2 + 1 for one in conversations())
    assert all([event.key for event in talk] == sorted(event.key for event in talk) for talk in made.talks)


def test_a_workload_too_small_for_every_question_is_refused(codec: Codec) -> None:
    with pytest.raises(ValueError, match="at least"):
        build(codec.encode, count=50)
