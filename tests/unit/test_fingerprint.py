"""Fingerprints: any change of what matters changes them, and nothing else does."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.cache.canonical import canonical
from agents.cache.fingerprint import fingerprint, scope, unshared
from schemas.records import Message, PredictionRequest, Sampling

names = st.text(st.characters(codec="utf-8"), max_size=8)
messages = st.lists(
    st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=names), max_size=3
)
samplings = st.builds(
    Sampling,
    temperature=st.sampled_from([0.0, 0.5, 1.0]),
    top_p=st.sampled_from([0.1, 0.9, 1.0]),
    max_tokens=st.integers(1, 4),
    seed=st.none() | st.integers(0, 3),
    stop=st.lists(names, max_size=2),
    json_schema=st.none() | names,
)
requests = st.builds(
    PredictionRequest,
    request_id=names,
    tenant=names,
    task=names,
    messages=messages.map(lambda earlier: [*earlier, Message(role="user", content="?")]),
    sampling=samplings,
    model=st.none() | names,
    cost_center=st.none() | names,
    deadline=st.none() | st.integers(0, 10),
)


def essence(request: PredictionRequest, version: str) -> Any:
    """All that a scope has to tell apart."""
    return version, request.tenant, request.task, request.model, request.messages[:-1], request.sampling


@given(requests, requests, names, names)
def test_scopes_are_equal_exactly_where_all_that_matters_is(
    one: PredictionRequest, other: PredictionRequest, version: str, next_version: str
) -> None:
    equal = essence(one, version) == essence(other, next_version)
    assert (scope(one, policy_version=version) == scope(other, policy_version=next_version)) is equal


FIELDS = {
    "tenant": names,
    "task": names,
    "model": st.none() | names,
    "messages": messages.map(lambda earlier: [*earlier, Message(role="user", content="?")]),
    "sampling": samplings,
}


@given(requests, st.sampled_from(sorted(FIELDS)), st.data())
def test_a_change_of_any_one_field_changes_the_scope(
    request: PredictionRequest, field: str, data: st.DataObject
) -> None:
    changed = msgspec.structs.replace(request, **{field: data.draw(FIELDS[field])})
    assume(essence(changed, "v") != essence(request, "v"))
    assert scope(changed, policy_version="v") != scope(request, policy_version="v")


@given(requests, st.sampled_from(["temperature", "top_p", "max_tokens", "seed", "stop"]), st.data())
def test_a_change_of_any_sampling_parameter_changes_the_scope(
    request: PredictionRequest, field: str, data: st.DataObject
) -> None:
    value = getattr(data.draw(samplings), field)
    assume(value != getattr(request.sampling, field))
    sampling = msgspec.structs.replace(request.sampling, **{field: value})
    changed = msgspec.structs.replace(request, sampling=sampling)
    assert scope(changed, policy_version="v") != scope(request, policy_version="v")


@given(requests, names)
def test_who_pays_what_it_is_called_and_when_it_is_due_change_nothing(request: PredictionRequest, name: str) -> None:
    changed = msgspec.structs.replace(request, request_id=name, cost_center=name, deadline=7)
    assert scope(changed, policy_version="v") == scope(request, policy_version="v")


@given(st.lists(st.tuples(names, names), min_size=2, max_size=2, unique=True))
def test_fingerprints_of_different_scopes_or_questions_differ(pairs: list[tuple[str, str]]) -> None:
    one, other = (fingerprint(*pair) for pair in pairs)
    assert one != other


@given(st.text(st.characters(codec="utf-8")), st.sampled_from(["", " ", "\t\n", "  "]), st.booleans())
def test_messages_with_one_canonical_form_have_one_fingerprint(text: str, space: str, fold: bool) -> None:
    spaced = space + text.replace(" ", f" {space}") + space
    one, other = (canonical(message, fold_case=fold) for message in (text, spaced))
    assert (fingerprint("s", one) == fingerprint("s", other)) is (one == other)
    assert one == other


@given(names, names, names, names)
def test_what_may_not_be_shared_meets_only_itself(within: str, question: str, one: str, other: str) -> None:
    assert (unshared(within, question, one) == unshared(within, question, other)) is (one == other)
    assert unshared(within, question, one) != fingerprint(within, question)


def test_no_shift_of_text_from_one_message_to_the_next_goes_unseen() -> None:
    def of(*contents: str) -> str:
        turns = [Message(role="user", content=content) for content in contents]
        request = PredictionRequest(request_id="r", tenant="t", task="k", messages=[*turns, turns[0]])
        return scope(request, policy_version="v")

    assert len({of("ab", "c"), of("a", "bc"), of("abc"), of("abc", ""), of('a","b')}) == 5


def test_a_hash_is_128_bits_of_hex_and_the_same_in_every_process() -> None:
    request = PredictionRequest(
        request_id="r1", tenant="bank", task="desk", messages=[Message(role="user", content="Where is my card?")]
    )
    within = scope(request, policy_version="v1")
    assert len(within) == len(fingerprint(within, "q")) == 32
    assert int(within, 16) >= 0
    # A worker of another release must find what this one stored: a change here empties every cache.
    assert (within, fingerprint(within, "Where is my card?")) == (
        "846166fca2c8e9e45ec085e88f3e423e",
        "87cb5b7e4e7a7b137453ebc0fba995e1",
    )
