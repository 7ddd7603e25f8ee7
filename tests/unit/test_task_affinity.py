"""The simulation behind docs/inference.md: what each kind of key does with conversations, and with one beginning for
all."""

from __future__ import annotations

from bench.task_affinity import KEYS, Outcome, Row, conversations, examples, simulate

TURNS = 4
ROWS = [
    Row(output_length=10, hash_ids=[100 * talk + at for at in range(turn + 2)])
    for turn in range(TURNS)
    for talk in range(300)
]
"""Conversations that grow by a block each turn."""
ENDLESS = 10**6


def outcome(key: str, reading: object, workers: int) -> Outcome:
    prompts = list(reading(ROWS))  # type: ignore[operator]
    return simulate(prompts, KEYS[key](), workers=workers, partitions=64, blocks=ENDLESS)


def test_on_one_worker_every_key_finds_as_much() -> None:
    assert len({outcome(key, conversations, 1).hit_share for key in KEYS}) == 1


def test_turns_of_a_conversation_find_what_the_earlier_ones_left_but_not_by_fingerprint() -> None:
    whole = outcome("fingerprint", conversations, 1).hit_share
    assert outcome("affinity", conversations, 4).hit_share == whole
    assert outcome("plain prefix", conversations, 4).hit_share == whole
    assert outcome("fingerprint", conversations, 4).hit_share < 0.7 * whole


def test_one_beginning_for_all_leaves_no_worker_idle_but_by_plain_prefix() -> None:
    assert outcome("plain prefix", examples, 4).balance == 4
    assert outcome("affinity", examples, 4).balance < 1.5
