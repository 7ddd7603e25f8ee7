"""Training the verifier: pairs are what they claim; a small model trains and judges as it did in training."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from agents.cache.guards import Text
from agents.cache.verifier.model import Model
from agents.cache.verifier.reading import DIMENSIONS
from agents.cache.verifier.words import Words
from agents.embedding import Embedded
from training.verifier import evaluate, fresh, grammar
from training.verifier.data import prepare
from training.verifier.generate import Generator, Pair
from training.verifier.train import TRAP_RATE, Config, chosen, generated, questions_of, save, scored, train

WORDS = Words.load()
PROBED = np.ones(384, np.float32) / np.sqrt(384)
SMALL = Config(pairs=200, turns=40, held_out=60, held_out_turns=20, epochs=1, networks=1, rounds=5)


def states(pairs: list[Pair]) -> dict[str, Embedded]:
    """Made up, so that no model is needed."""
    found = {}
    for text in sorted(questions_of(pairs)):
        spans, at = [], 0
        for word in text.split():
            start = text.index(word, at)
            spans.append((start, at := start + len(word)))
        held = np.array(
            [np.random.default_rng([*word.lower().encode()]).normal(size=DIMENSIONS) for word in text.split()]
        )
        vector = held.mean(axis=0)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        found[text] = Embedded(unit, len(spans) + 2, held.astype(np.float16), tuple(spans))
    return found


@pytest.fixture(scope="module")
def pairs() -> tuple[list[Pair], list[Pair]]:
    return generated(SMALL, WORDS)


def test_the_same_seed_makes_the_same_pairs_half_of_which_ask_the_same() -> None:
    one, other = (list(Generator(WORDS, held_out=False).pairs(200, seed=3)) for _ in range(2))
    assert one == other
    assert sum(pair.same for pair in one) == 100
    assert list(Generator(WORDS, held_out=False).pairs(200, seed=4)) != one


def test_no_pair_is_a_text_with_itself_or_left_unfilled() -> None:
    for pair in Generator(WORDS, held_out=True).pairs(2000, seed=9):
        assert pair.one != pair.other
        assert not set("{}[]()~").intersection(pair.one + pair.other) - set("()"), pair


def test_training_and_held_out_pairs_share_no_question(pairs: tuple[list[Pair], list[Pair]]) -> None:
    seen, unseen = (questions_of(each) for each in pairs)
    assert len(seen & unseen) < len(unseen) / 100


def test_a_saved_model_judges_as_it_did_in_training(pairs: tuple[list[Pair], list[Pair]], tmp_path: Path) -> None:
    embedded = states([*pairs[0], *pairs[1]])
    trained = train(SMALL, WORDS, *pairs, embedded)
    save(trained, tmp_path / "model.npz", PROBED)
    model = Model.load(tmp_path / "model.npz")
    seen = prepare(pairs[1], WORDS, embedded)
    expected = scored(trained.networks, trained.trees, seen)
    found = [model.logit(compared, row) for compared, row in zip(seen.compared, seen.features, strict=True)]
    kept = ~seen.vetoed
    assert kept.sum() > 20
    np.testing.assert_allclose(np.array(found)[kept], expected[kept], atol=0.02)
    assert model.threshold == pytest.approx(trained.threshold, abs=1e-5)


def test_training_twice_gives_the_same_model(pairs: tuple[list[Pair], list[Pair]], tmp_path: Path) -> None:
    embedded = states([*pairs[0], *pairs[1]])
    for name in ("one.npz", "other.npz"):
        save(train(SMALL, WORDS, *pairs, embedded), tmp_path / name, PROBED)
    with np.load(tmp_path / "one.npz") as one, np.load(tmp_path / "other.npz") as other:
        for name in one.files:
            np.testing.assert_allclose(one[name], other[name], atol=1e-3)


def test_the_threshold_lets_no_more_traps_through_than_it_may() -> None:
    scores = np.random.default_rng(0).normal(size=5000)
    assert 0 < (scores >= chosen(scores)).mean() <= TRAP_RATE


def test_a_template_says_what_is_meant() -> None:
    (cluster,) = grammar.clusters("x = a cat|one cat ~ a dog\nDo you see {x}?\n--\nIs {x} gone?", {}, "t")
    assert [unit.name for unit in cluster.units] == ["t0.0", "t0.1"]
    rng = __import__("random").Random(1)
    assert grammar.say(cluster.units[0].templates[0], cluster.variables, {"x": 1}, rng) == "Do you see a dog?"
    assert {grammar.say("Is {x} gone?", cluster.variables, {"x": 0}, rng) for _ in range(20)} == {
        "Is a cat gone?", "Is one cat gone?",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "gerund", "participle"),
    [
        ("make", "making", "made"),
        ("stop", "stopping", "stopped"),
        ("tie", "tying", "tied"),
        ("apply", "applying", "applied"),
    ],
)
def test_verbs_are_inflected(verb: str, gerund: str, participle: str) -> None:
    assert (grammar.gerund(verb), grammar.participle(verb)) == (gerund, participle)


def test_fresh_pairs_are_many_distinct_and_of_no_training_template() -> None:
    traps, wanted = fresh.traps(1), fresh.paraphrases(1)
    assert len(set(traps)) == len(traps) >= 1000
    assert len(set(wanted)) == len(wanted) >= 1000
    assert not {frozenset(pair) for pair in traps} & {frozenset(pair) for pair in wanted}
    assert fresh.traps(1) == traps != fresh.traps(2)
    assert all(Text.read(text).readable or text for pair in traps[:50] for text in pair)


def test_pairs_to_evaluate_are_a_line_each_whatever_breaks_their_texts_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"a": "Fees\u2028in\x85full?", "b": "All fees?", "same_answer": True}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["evaluate", "--pairs", str(tmp_path / "pairs.jsonl"), "--format", "json"])
    monkeypatch.setattr(evaluate, "measure", lambda pairs, _: {"read": pairs})
    evaluate.main()
    assert json.loads(capsys.readouterr().out) == {"read": [list(row.values())]}
