"""Affinity: prompts that begin alike have one key, and no key has too many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from agents.affinity import Affinity, beginnings
from schemas.ledger import Usage
from schemas.records import InferenceTask, Message, Sampling
from tests.fakes.records import lookup, ticket


def task(*said: str, system: str | None = None, tenant: str = "bank", model: str = "small") -> InferenceTask:
    """Turns of a conversation, the user's first."""
    roles = ("user", "assistant")
    messages = [Message(role=roles[at % 2], content=text) for at, text in enumerate(said)]
    if system is not None:
        messages.insert(0, Message(role="system", content=system))
    return InferenceTask(
        ticket=ticket(tenant=tenant),
        lookup=lookup(fingerprint=f"f {tenant} {system} {said}", question=said[-1]),
        messages=messages,
        sampling=Sampling(),
        model=model,
        usage=Usage(),
        costs=[],
    )


def keys(affinity: Affinity, tasks: Sequence[InferenceTask]) -> list[bytes]:
    return [affinity.key(one) for one in tasks]


def test_one_system_prompt_is_one_key() -> None:
    first, second, other = keys(
        Affinity(), [task("why?", system="s"), task("when?", system="s"), task("why?", system="t")]
    )
    assert first == second != other


def test_a_conversation_keeps_its_key_from_turn_to_turn() -> None:
    first, second, third, other = keys(
        Affinity(),
        [task("Why?"), task(" why? ", "So.", "And?"), task("why?", "So.", "And?", "Ah.", "Or?"), task("And?")],
    )
    assert first == second == third != other


def test_a_tenants_prompts_meet_no_others() -> None:
    assert len(set(keys(Affinity(), [task("why?", system="s", tenant=tenant) for tenant in ("a", "b")]))) == 2


def test_what_everybody_begins_with_does_not_bring_everybody_together() -> None:
    affinity = Affinity(window=160, hot=16)
    tasks = [task(f"question {at % 40}", system="s") for at in range(1600)]
    chosen = keys(affinity, tasks)
    assert len(set(chosen[:10])) == 1
    assert Counter(chosen[10:]).most_common(1)[0][1] <= 1600 / 40
    # Those of one question have one key still.
    assert len(set(chosen[10:])) == 40


def test_where_even_the_opening_is_everybodys_the_fingerprint_decides() -> None:
    affinity = Affinity(window=160, hot=16)
    tasks = [task("an example", "its answer", f"question {at}", system="s") for at in range(320)]
    assert [key.decode() for key in keys(affinity, tasks)[20:]] == [one.lookup.fingerprint for one in tasks[20:]]


def test_a_beginning_that_has_become_rare_is_one_key_again() -> None:
    affinity = Affinity(window=32, hot=4)
    keys(affinity, [task(f"q{at}", system="s") for at in range(32)])
    assert affinity.key(task("a", system="s")) != affinity.key(task("b", system="s"))
    keys(affinity, [task(f"q{at}", system=f"t{at}") for at in range(62)])
    assert affinity.key(task("a", system="s")) == affinity.key(task("b", system="s"))


def test_one_models_traffic_says_nothing_of_anothers() -> None:
    affinity = Affinity(window=32, hot=4)
    keys(affinity, [task(f"q{at}", system="s") for at in range(32)])
    assert len(set(keys(affinity, [task(f"q{at}", system="s", model="large") for at in range(4)]))) == 1


texts = st.sampled_from(["a", "b", " A", "ｂ"])
tasks = st.builds(
    lambda said, system, tenant: task(*said[: len(said) | 1], system=system, tenant=tenant),
    st.lists(texts, min_size=1, max_size=5).filter(lambda said: len(said) % 2 == 1),
    st.none() | texts,
    texts,
)


@given(st.lists(tasks, max_size=100), st.integers(1, 4))
def test_a_key_is_one_of_the_tasks_beginnings_and_no_shared_one_carries_much_more_than_its_share(
    tasks: list[InferenceTask], hot: int
) -> None:
    window = 20
    affinity = Affinity(window=window, hot=hot)
    chosen = keys(affinity, tasks)
    for one, key in zip(tasks, chosen, strict=True):
        assert key.decode() in beginnings(one)
    fingerprints = {one.lookup.fingerprint for one in tasks}
    for start in range(0, len(chosen), window):
        counted = Counter(key.decode() for key in chosen[start : start + window])
        assert all(times <= window // hot for name, times in counted.items() if name not in fingerprints)


@given(tasks, st.lists(tasks, max_size=50))
def test_equal_work_has_the_same_beginnings_whatever_came_between(
    one: InferenceTask, others: list[InferenceTask]
) -> None:
    affinity = Affinity()
    first = affinity.key(one)
    keys(affinity, others)
    assert affinity.key(one) == first
