"""The verifier: the same whichever way it is asked, sure of equal texts, never talked out of a number or a "not"."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.cache.canonical import canonical
from agents.cache.guards import Text
from agents.cache.verifier import Reading, Verifier
from agents.cache.verifier.model import Model
from agents.cache.verifier.reading import DIMENSIONS
from agents.cache.verifier.words import Words
from agents.embedding import Embedded
from schemas.errors import SetupError
from training.verifier.generate import Generator

PACKAGE = Path(__file__).parents[2] / "agents" / "cache" / "verifier"
VERIFIER = Verifier.load()
WORDS = Words.load()
QUESTIONS = [pair.one for pair in Generator(WORDS, held_out=True).pairs(300, seed=5)]


def question(text: str, seed: int = 0, *, width: int = DIMENSIONS) -> Reading:
    """With states that depend on the words alone, so that equal words are as alike as can be."""
    read = Text.read(canonical(text))
    spans, at = [], 0
    for word in read.canonical.split():
        start = read.canonical.index(word, at)
        spans.append((start, at := start + len(word)))
    states = [np.random.default_rng([seed, *word.encode()]).normal(size=width) for word in read.canonical.split()]
    held = np.array(states, np.float16).reshape(-1, width)
    return VERIFIER.read(read, Embedded(np.zeros(width, np.float32), len(spans) + 2, held, tuple(spans)))


ASKED = st.sampled_from(QUESTIONS)


@given(ASKED, ASKED, st.floats(0, 1))
def test_the_judgement_is_the_same_whichever_question_comes_first(one: str, other: str, cosine: float) -> None:
    forth = VERIFIER.judge(question(one), question(other), cosine)
    back = VERIFIER.judge(question(other), question(one), cosine)
    assert forth == back


@given(ASKED, ASKED, st.floats(0, 1))
def test_the_same_pair_is_always_judged_the_same(one: str, other: str, cosine: float) -> None:
    asked, stored = question(one), question(other)
    assert VERIFIER.judge(asked, stored, cosine) == VERIFIER.judge(asked, stored, cosine)


@given(st.one_of(ASKED, st.text(max_size=40)), st.floats(-1, 1))
def test_equal_texts_are_accepted_whatever_their_language(text: str, cosine: float) -> None:
    assert VERIFIER.judge(question(text), question(f" {text} "), cosine).accepted


@given(st.text(max_size=60), st.text(max_size=60), st.floats(-1, 1))
def test_no_text_raises_and_every_judgement_says_why(one: str, other: str, cosine: float) -> None:
    verified = VERIFIER.judge(question(one), question(other), cosine)
    assert verified.why
    assert 0 <= verified.probability <= 1


@given(ASKED, st.integers(2, 99), st.integers(2, 99))
def test_another_number_is_never_accepted(text: str, one: int, other: int) -> None:
    body = text.rstrip("?.!")
    verified = VERIFIER.judge(question(f"{body} for {one} guests"), question(f"{body} for {other} guests"), 0.999)
    assert verified.accepted == (one == other)


@settings(max_examples=200)
@given(ASKED, st.data())
def test_a_not_put_in_is_never_accepted(text: str, data: st.DataObject) -> None:
    words = text.split()
    place = data.draw(st.integers(1, len(words)))
    negator = data.draw(st.sampled_from(["not", "never", "without"]))
    negated = " ".join([*words[:place], negator, *words[place:]])
    verified = VERIFIER.judge(question(text), question(negated), 0.999)
    assert not verified.accepted


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        ("Wie kann ich mein Konto öffnen?", "Wie kann ich mein Konto eröffnen?"),
        ("как открыть счёт", "как открыть свой счёт"),
        ("如何重置密码？", "怎么重置密码？"),
        ("", "How do I open an account?"),
    ],
)
def test_what_cannot_be_judged_is_rejected(asked: str, stored: str) -> None:
    verified = VERIFIER.judge(question(asked), question(stored), 0.99)
    assert not verified.accepted
    assert verified.probability == 0


def test_states_of_another_model_are_rejected() -> None:
    verified = VERIFIER.judge(question("Where is my card?"), question("Where is my own card?", width=8), 0.99)
    assert not verified.accepted
    assert "another embedding model" in verified.why[0]


def test_a_very_long_question_is_rejected() -> None:
    verified = VERIFIER.judge(question("where is my card " * 40), question("where is my old card " * 40), 0.99)
    assert not verified.accepted


def test_what_is_shipped_is_small_and_names_its_source() -> None:
    assert sum(file.stat().st_size for file in PACKAGE.glob("*.npz")) < 5_000_000
    assert "Princeton" in (PACKAGE / "NOTICE").read_text(encoding="utf-8")


def test_a_broken_model_file_is_one_clear_error(tmp_path: Path) -> None:
    broken = tmp_path / "model.npz"
    broken.write_bytes(b"PK no model")
    with pytest.raises(SetupError, match="reinstall headrace"):
        Model.load(broken)
    with pytest.raises(SetupError, match=r"model\.npz"):
        Model.load(tmp_path / "nowhere" / "model.npz")


@pytest.mark.parametrize(
    ("one", "other", "field"),
    [
        ("buy", "purchase", "synonym"), ("activate", "activation", "derived"), ("dog", "puppy", "kind"),
        ("doctor", "nurse", "sibling"), ("increase", "decrease", "opposite"), ("account", "acount", "typo"),
    ],
)  # fmt: skip
def test_the_word_table_knows_how_two_words_stand(one: str, other: str, field: str) -> None:
    assert getattr(WORDS.relation(one, other), field) > 0
    assert WORDS.relation(one, other) == WORDS.relation(other, one)
    assert getattr(WORDS.relation(one, "weather"), field) == 0
