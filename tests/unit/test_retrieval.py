import re
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.context.reranking import Reranking
from agents.context.retrieval import Candidate, Found, Retriever, Spent, distinct, keep
from agents.corpus import Chunk
from agents.policy_document import Retrieval
from schemas.errors import InvalidRequestError, ServiceError
from schemas.records import Condition
from tests.fakes.corpus import InMemoryCorpus
from tests.fakes.embedder import BagOfWords

TEXTS = {
    "cards": ["To order a new card, open the app.", "A lost card is blocked by phone."],
    "loans": ["A mortgage runs for ten years.", "To repay early costs a fee of 1%."],
}
RULES = Retrieval(collection="faq", candidates=3)


class Shortest:
    """A reranker to which the shortest text is the best."""

    name = "shortest"

    async def rank(self, question: str, texts: Sequence[str]) -> Reranking:
        return Reranking([-float(len(text)) for text in texts], sum(map(len, texts)))

    async def close(self) -> None:
        pass


def words(text: str) -> int:
    return len(text.split())


def ranked(*texts: str) -> list[Candidate]:
    return [Candidate((0, "", number), text) for number, text in enumerate(texts)]


def found_of(*texts: str) -> Found:
    return Found(ranked(*texts), [], [])


@pytest.fixture
def embedder() -> BagOfWords:
    return BagOfWords()


@pytest.fixture
async def corpus(embedder: BagOfWords) -> InMemoryCorpus:
    corpus = InMemoryCorpus()
    for tenant in ("bank", "rival"):
        for name, texts in TEXTS.items():
            chunks = [
                (Chunk(name, number, name.title(), (), text), np.stack([(await embedder.embed(text)).vector]))
                for number, text in enumerate(texts)
            ]
            metadata = {"desk": name, "owner": tenant}
            await corpus.replace(tenant, "faq", name, version=1, digest="", metadata=metadata, chunks=chunks)
    embedder.embedded.clear()
    return corpus


async def find(
    corpus: InMemoryCorpus,
    embedder: BagOfWords,
    question: str,
    *passages: str,
    rules: Retrieval = RULES,
    where: Sequence[Condition] = (),
    tenant: str = "bank",
) -> Found:
    vector = (await embedder.embed(question)).vector
    embedder.embedded.clear()
    retriever = Retriever(embedder, corpus, {"shortest": Shortest()})
    return await retriever.find(tenant, rules, question, vector, where=where, passages=passages)


async def test_what_both_find_comes_first_with_its_headings(corpus: InMemoryCorpus, embedder: BagOfWords) -> None:
    found = await find(corpus, embedder, "who has a lost card?")
    assert found.ranked[0] == Candidate((1, "cards", 1), "Cards\n\nA lost card is blocked by phone.")
    assert len(found.ranked) == 3
    assert found.spent == []
    assert re.fullmatch(
        r"3 are of collection 'faq': \d found both by meaning and by words, \d by meaning alone, \d by words alone",
        found.why[0],
    )


async def test_where_meaning_and_words_disagree_what_says_the_question_in_one_sentence_is_first(
    embedder: BagOfWords,
) -> None:
    scattered = "The fee is low. A card is blue. To replace it takes a week. A lost one is found."
    together = "The fee to replace a lost card is low. It takes a week. It is blue. A tie is fee."
    question = "fee to replace a lost card?"
    chunks = [
        (Chunk("d", number, "", (), text), np.stack([(await embedder.embed(meaning)).vector]))
        for number, (text, meaning) in enumerate([(together, "the weather"), (scattered, question)])
    ]
    corpus = InMemoryCorpus()
    await corpus.replace("bank", "faq", "d", version=1, digest="", metadata={}, chunks=chunks)
    assert [chunk.text for chunk in await corpus.matching("bank", "faq", question, [], 1)] == [together]
    found = await find(corpus, embedder, question)
    assert [one.text for one in found.ranked] == [together, scattered]


async def test_conditions_say_which_documents_are_found(corpus: InMemoryCorpus, embedder: BagOfWords) -> None:
    where = [Condition(field="desk", any_of=["loans"])]
    found = await find(corpus, embedder, "who has a lost card?", where=where)
    assert {one.place[1] for one in found.ranked} == {"loans"}
    with pytest.raises(InvalidRequestError, match="no field 'desc'"):
        await find(corpus, embedder, "who?", where=[Condition(field="desc")])


async def test_the_requests_own_passages_are_embedded_and_take_turns_with_what_is_found(
    corpus: InMemoryCorpus, embedder: BagOfWords
) -> None:
    own = ("the weather is fine", "a lost card must be reported")
    found = await find(corpus, embedder, "who has a lost card?", *own)
    assert [one.place[0] for one in found.ranked] == [0, 1, 0, 1, 1]
    assert found.ranked[0].text == own[1]
    assert sorted(embedder.embedded) == sorted(own)
    assert found.spent == [Spent(embedder.name, 6 + 8)]
    assert found.why[0] == "2 passages came with the request"


async def test_without_a_collection_the_own_passages_are_all(corpus: InMemoryCorpus, embedder: BagOfWords) -> None:
    found = await find(corpus, embedder, "a lost card?", "the weather", "a lost card", rules=Retrieval())
    assert [one.text for one in found.ranked] == ["a lost card", "the weather"]
    one = await find(corpus, embedder, "a lost card?", "the weather", rules=Retrieval())
    assert ([candidate.text for candidate in one.ranked], one.spent, embedder.embedded) == (["the weather"], [], [])
    assert await find(corpus, embedder, "anything?", rules=Retrieval()) == Found([], [], [])


async def test_a_reranker_has_the_last_word(corpus: InMemoryCorpus, embedder: BagOfWords) -> None:
    rules = Retrieval(collection="faq", candidates=4, reranker="shortest")
    found = await find(corpus, embedder, "who has a lost card?", "short", rules=rules)
    lengths = [len(one.text) for one in found.ranked]
    assert lengths == sorted(lengths)
    assert found.spent == [Spent("shortest", sum(lengths))]
    assert found.why[-1] == "shortest ranked all 5"


async def test_a_corpus_that_is_away_is_an_error(corpus: InMemoryCorpus, embedder: BagOfWords) -> None:
    corpus.down = True
    with pytest.raises(ServiceError, match="down"):
        await find(corpus, embedder, "who?")


@given(
    st.sampled_from(["bank", "rival"]), st.lists(st.text(max_size=5) | st.sampled_from(["bank", "rival"]), max_size=3)
)
async def test_no_question_and_no_filter_finds_another_tenants(tenant: str, values: list[str]) -> None:
    corpus, embedder = InMemoryCorpus(), BagOfWords()
    for owner in ("bank", "rival"):
        vectors = np.stack([(await embedder.embed("a card")).vector])
        chunks = [(Chunk("d", 0, "", (), f"a card of {owner}"), vectors)]
        await corpus.replace(owner, "faq", "d", version=1, digest="", metadata={"owner": owner}, chunks=chunks)
    found = await find(
        corpus, embedder, "a card?", tenant=tenant, where=[Condition(field="owner", any_of=list(values))]
    )
    assert {one.text for one in found.ranked} <= {f"a card of {tenant}"}


def test_what_is_kept_is_in_the_order_of_the_documents() -> None:
    found = Found(
        [
            Candidate((1, "b", 0), "b0"),
            Candidate((0, "", 1), "own"),
            Candidate((1, "a", 10), "a10"),
            Candidate((1, "a", 2), "a2"),
        ],
        [],
        [],
    )
    kept = keep(found, 4, words)
    assert kept.texts == ["own", "a2", "a10", "b0"]
    assert kept.why == ["kept 4 of 4 passages in 4 tokens of 4"]


def test_what_does_not_fit_is_passed_over() -> None:
    kept = keep(found_of("one two", "three four five", "six"), 3, words)
    assert kept.texts == ["one two", "six"]
    assert kept.why == ["kept 2 of 3 passages in 3 tokens of 3"]


def test_the_best_stays_even_where_it_alone_is_too_long() -> None:
    assert keep(found_of("one two three", "four"), 2, words).texts == ["one two three"]
    assert keep(found_of(), 2, words).texts == []


LONG = "the fee for a new card is $30 and it is taken from the account on the first day of each month of the year"


@pytest.mark.parametrize(
    ("other", "repeats"),
    [
        (LONG, True),
        (LONG.upper() + "!", True),
        (" ".join(LONG.split()[3:15]), True),
        (LONG.replace("$30", "$35"), False),
        (LONG.replace("$30", "$-30"), False),
        (LONG.replace("$30", "€30"), False),
        (LONG.replace("is taken", "is not taken"), False),
        (LONG + " or later", False),
        (" ".join(reversed(LONG.split())), False),
    ],
)
def test_a_duplicate_says_nothing_of_its_own(other: str, repeats: bool) -> None:
    assert len(distinct(ranked(LONG, other))) == (1 if repeats else 2)


def test_duplicates_are_left_out_and_said() -> None:
    kept = keep(found_of(LONG, LONG, "another"), 100, words)
    assert kept.texts == [LONG, "another"]
    assert kept.why[1] == "1 said nothing that a better one does not say"


@given(st.lists(st.text("ab 1", max_size=20)), st.integers(0, 30))
def test_what_is_kept_fits_is_different_and_is_of_what_was_found(texts: list[str], budget: int) -> None:
    found = found_of(*texts)
    kept = keep(found, budget, words)
    assert sum(map(words, kept.texts)) <= budget or kept.texts == [texts[0]]
    assert len(set(kept.texts)) == len(kept.texts)
    assert set(kept.texts) <= set(texts)
    assert bool(kept.texts) == bool(texts)
    assert keep(found, 10**6, words).texts == [one.text for one in sorted(distinct(found.ranked))]


@given(st.permutations(ranked(*"abcdef")))
def test_equal_sets_make_equal_prompts(order: list[Candidate]) -> None:
    assert keep(Found(order, [], []), 6, words).texts == list("abcdef")
