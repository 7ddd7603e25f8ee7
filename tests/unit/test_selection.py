"""What is worth keeping, and what is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agents.context.relevance import Fact, best_matches, values, words
from agents.context.selection import Candidate, select


def test_the_worthiest_are_kept_in_their_order_while_they_fit() -> None:
    candidates = [Candidate(0.2, 5), Candidate(0.9, 5), Candidate(0.5, 20), Candidate(0.4, 5)]
    assert select(candidates, 15) == [0, 1, 3]
    assert select(candidates, 10) == [1, 3]
    assert select(candidates, 4) == []


def test_what_is_carried_is_kept_and_paid_once() -> None:
    header = Candidate(0.0, 4)
    rows = [Candidate(0.5, 3, carries=(0,)), Candidate(0.4, 3, carries=(0,))]
    assert select([header, *rows], 6) == []
    assert select([header, *rows], 7) == [0, 1]
    assert select([header, *rows], 10) == [0, 1, 2]


def test_what_is_worth_nothing_is_not_kept_for_itself() -> None:
    assert select([Candidate(0.0, 1), Candidate(0.1, 1)], 9) == [1]


def test_what_was_said_already_is_not_kept_again_but_another_figure_is() -> None:
    first = frozenset(words("The fee for a transfer abroad to a bank in Asia is 12 euros"))
    again = frozenset(words("A fee for transfers abroad to a bank in Asia is 12 euros"))
    other = frozenset(words("The fee for a transfer abroad is 15 euros"))
    candidates = [Candidate(0.9, 9, words=first), Candidate(0.8, 9, words=again), Candidate(0.7, 9, words=other)]
    assert select(candidates, 99) == [0, 2]


DRAWN = st.lists(
    st.tuples(st.floats(0, 1), st.integers(1, 30), st.integers(0, 3), st.frozensets(st.sampled_from("abcdef"))),
    max_size=30,
)


@given(DRAWN, st.integers(0, 300))
def test_the_limit_holds_whatever_is_drawn(drawn: list[tuple[float, int, int, frozenset[str]]], limit: int) -> None:
    # The first few carry nothing, and any later one may carry some of them.
    candidates = [
        Candidate(value, tokens, tuple(range(min(carries, 3))) if at >= 3 else (), said)
        for at, (value, tokens, carries, said) in enumerate(drawn)
    ]
    kept = select(candidates, limit)
    assert kept == sorted(set(kept))
    assert sum(candidates[at].tokens for at in kept) <= limit
    assert all(set(candidates[at].carries) <= set(kept) for at in kept)
    assert select(candidates, limit) == kept


def test_words_are_read_without_case_and_plural_and_figures_whole() -> None:
    assert words("Taxes and liabilities of 1,234.5 USD, in 2019.") == [
        *("taxe", "and", "liability", "of", "1,234.5", "usd", "in", "2019"),
    ]


def fact(passage: int, text: str, label: str = "", cosine: float = 0.0) -> Fact:
    return Fact(passage, text, label, "", cosine)


def test_no_passages_no_values() -> None:
    assert values("What?", []) == []


def test_a_passage_matches_by_its_best_unit() -> None:
    facts = [fact(3, "The fee."), fact(3, "A lost card."), fact(5, "The fee of a card that is lost."), fact(7, "Rain.")]
    found = best_matches("Fee of a lost card?", facts)
    assert list(found) == [3, 5, 7]
    assert found[5] == 1.0 > found[3] > found[7] == 0.0
    assert best_matches("Anything?", []) == {}


def test_the_row_that_the_question_names_is_worth_most_even_if_its_name_is_common() -> None:
    rows = [
        fact(0, f"| {label} | {n} | {n + 1} |", label)
        for n, label in enumerate(["Other", "Other liabilities", "Sales", "Total other items"])
    ]
    found = values("What is the change in Other in 2019?", rows)
    assert found.index(max(found)) == 0


def test_a_passage_that_is_surely_the_one_is_worth_more_down_to_its_last_unit() -> None:
    sure = [fact(0, "The depot in Lyon was closed.", cosine=0.8), fact(0, "Nothing else happened.", cosine=0.0)]
    others = [fact(1, "Sales rose.", cosine=0.1), fact(1, "So did profits.", cosine=0.1)]
    found = values("When was the depot in Lyon closed?", [*sure, *others])
    assert min(found[:2]) > max(found[2:])


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 3), st.text(max_size=40), st.floats(-1, 1)), max_size=12)
)
def test_any_unit_is_worth_something_and_none_more_than_certain(
    question: str, drawn: list[tuple[int, str, float]]
) -> None:
    found = values(question, [fact(passage, text, cosine=cosine) for passage, text, cosine in drawn])
    assert len(found) == len(drawn)
    assert all(0 <= value <= 1.21 for value in found)
