from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from agents.corpus import passage
from agents.knowledge.blocks import sections
from agents.knowledge.chunking import Piece, pieces
from schemas.errors import InvalidRequestError
from streams.embedded.model import embedder_dir

WORD = re.compile(r"w\d+")


def words(text: str) -> int:
    return len(text.split())


def chunked(markdown: str, size: int = 20, title: str = "") -> list[Piece]:
    return pieces(title, dedent(markdown), size=size, count=words)


@pytest.fixture(scope="module")
def minilm() -> Callable[[str], int]:
    tokenizer = Tokenizer.from_file(str(Path(embedder_dir(), "tokenizer.json")))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text))


def test_each_chunk_stands_under_its_headings_and_crosses_none() -> None:
    found = chunked(
        """
        Before all.

        # Cards
        ## The `PIN` ##
        It can be changed.

        Loss
        ----
        Call us.
        ### Abroad
        Call collect.
        # Loans
        None.
        """
    )
    assert found == [
        Piece((), "Before all."),
        Piece(("Cards", "The `PIN`"), "It can be changed."),
        Piece(("Cards", "Loss"), "Call us."),
        Piece(("Cards", "Loss", "Abroad"), "Call collect."),
        Piece(("Loans",), "None."),
    ]


def test_a_heading_with_nothing_under_it_is_kept_as_text() -> None:
    assert chunked("# A\n## B\n## C\n# D\n\nd\n\n# E") == [
        Piece(("A",), "## B\n\n## C"),
        Piece(("D",), "d"),
        Piece((), "# E"),
    ]


def test_a_heading_too_long_for_a_trail_is_kept_as_text() -> None:
    long = " ".join(["long"] * 9)
    assert chunked(f"# A\n## {long}\n### B\nb", title="T") == [Piece(("A",), f"## {long}"), Piece(("A", "B"), "b")]


def test_headings_within_code_lists_and_quotes_are_text() -> None:
    markdown = "```sh\n# no\n```\n\n> # no\n\n- # no\n"
    assert chunked(markdown) == [Piece((), "```sh\n# no\n```\n\n> # no\n\n- # no")]


def test_what_fits_is_kept_whole_though_the_chunk_before_it_has_room() -> None:
    short, item = "a b c", "- one two three four five"
    found = chunked(f"{short}\n\n{item}\n{item}\n{item}\n", size=20)
    assert [piece.text for piece in found] == [short, f"{item}\n{item}\n{item}"]


def test_a_list_stays_with_the_line_that_leads_to_it() -> None:
    item = "- one two three four five"
    found = chunked(f"a b c\n\nYou need:\n\n{item}\n{item}\n", size=15)
    assert [piece.text for piece in found] == ["a b c", f"You need:\n\n{item}\n{item}"]


def test_a_table_that_does_not_fit_is_cut_between_rows_and_each_part_has_the_header() -> None:
    head = "| account | rate |\n|---|---|"
    rows = [f"| number {i} | {i}% |" for i in range(5)]
    found = chunked("\n".join([head, *rows]), size=19)
    assert [piece.text for piece in found] == [
        "\n".join([head, *rows[:2]]),
        "\n".join([head, *rows[2:4]]),
        "\n".join([head, *rows[4:]]),
    ]


def test_a_row_that_does_not_fit_is_cut_as_text_and_the_header_is_not_lost() -> None:
    head, row = "| a | b |\n|---|---|", "| " + " ".join(f"w{i}" for i in range(30)) + " | c |"
    found = [piece.text for piece in chunked(f"{head}\n{row}\n| d | e |", size=16)]
    assert found[0] == head
    assert found[-1] == f"{head}\n| d | e |"
    assert WORD.findall(" ".join(found)) == [f"w{i}" for i in range(30)]


def test_code_that_does_not_fit_is_cut_between_lines_and_each_part_has_the_fence() -> None:
    lines = [f"    x = {i}" if i % 3 else "" for i in range(12)]
    found = chunked("\n".join(["~~~python", *lines, "~~~"]), size=14)
    assert len(found) > 1
    for piece in found:
        assert piece.text.startswith("~~~python\n")
        assert piece.text.endswith("\n~~~")
    inner = [line for piece in found for line in piece.text.split("\n")[1:-1]]
    assert inner == lines


def test_a_header_that_leaves_no_room_is_not_repeated() -> None:
    head = "| " + " | ".join(f"w{i}" for i in range(8)) + " |"
    rule = "|" + "---|" * 8
    found = chunked("\n".join([head, rule, *[f"| v{i} |" for i in range(9)]]), size=20)
    assert sum(piece.text.count("w0 ") for piece in found) == 1


def test_the_definition_of_a_link_is_text() -> None:
    assert chunked("[a]: to-a\n\n# A\n[b]: to-b\n\n---\n[c]: to-c\n") == [
        Piece((), "[a]: to-a"),
        Piece(("A",), "[b]: to-b\n\n[c]: to-c"),
    ]


def test_rules_and_blank_text_are_nothing() -> None:
    assert chunked("\n\n---\n \n***\n") == []
    assert chunked("") == []


def test_a_word_without_end_is_cut_though_a_tokenizer_reads_it_as_one() -> None:
    found = chunked("x" * 1000, size=10)
    assert "".join(piece.text for piece in found) == "x" * 1000
    assert max(len(piece.text) for piece in found) < 90


def test_a_title_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="the title has 11 tokens: at most 10 leave room"):
        chunked("text", title=" ".join(["long"] * 11))


def test_a_title_that_is_the_first_heading_too_stands_there_once() -> None:
    assert passage("Cards", ("Cards", "PIN"), "text") == "Cards > PIN\n\ntext"
    assert passage("Bank", ("Cards",), "text") == "Bank > Cards\n\ntext"
    assert passage("", (), "text") == "text"
    assert passage("Cards", (), "") == "Cards"


STARTS = ["", "", "# ", "## ", "### ", "#", "- ", "1. ", "  - ", "> ", "> # ", "    ", "| ", "<div>", "* * *"]
LINES = st.lists(
    st.tuples(
        st.sampled_from(STARTS),
        st.integers(0, 9),
        st.sampled_from(["", "", ".", ":", " |", "  "]),
    )
    | st.tuples(st.just("[a]: "), st.just(1), st.just(""))
    | st.sampled_from(["", "", "---", "===", "```", "~~~", "```py", "|---|", "| a | b |\n|---|---|", "\r\n", "\t"]),
    max_size=40,
)
"""Markdown of any shape, line by line: a beginning, a number of words, an end; or a line without words."""


def written(lines: list[tuple[str, int, str] | str]) -> str:
    """The lines as text, in which every word is another: w1, w2, …"""
    text, number = [], 0
    for line in lines:
        if isinstance(line, str):
            text.append(line)
            continue
        start, length, end = line
        text.append(start + " ".join(f"w{number + i}" for i in range(length)) + end)
        number += length
    return "\n".join(text)


@given(LINES, st.integers(4, 40), st.sampled_from(["", "title"]))
def test_no_word_is_lost_none_changes_its_place_and_no_chunk_is_too_large(
    lines: list[tuple[str, int, str] | str], size: int, title: str
) -> None:
    markdown = written(lines)
    found = pieces(title, markdown, size=size, count=words)
    seen = dict.fromkeys(word for piece in found for text in (*piece.trail, piece.text) for word in WORD.findall(text))
    assert list(seen) == WORD.findall(markdown)
    assert all(words(passage(title, piece.trail, piece.text)) <= size for piece in found)
    assert all(piece.text.strip() for piece in found)


@given(LINES, st.integers(4, 40))
def test_nothing_but_headers_and_fences_is_in_two_chunks(lines: list[tuple[str, int, str] | str], size: int) -> None:
    markdown = written(lines)
    framed = {
        word
        for _, blocks in sections(markdown, lambda _: True)
        for block in blocks
        for word in WORD.findall(" ".join(block.head))
    }
    texts = [WORD.findall(piece.text) for piece in pieces("", markdown, size=size, count=words)]
    twice = [word for text in texts for word in text if word not in framed]
    assert len(twice) == len(set(twice))


@given(st.text(st.sampled_from("ab1 .,\n#-|`>*_[](){}<>é中🙂\\\u00ad\u200b\x1c\x85"), max_size=300), st.integers(8, 64))
@example("\x1c", 8)
def test_any_text_at_all_keeps_its_letters_under_the_tokenizer_of_the_embedder(
    minilm: Callable[[str], int], text: str, size: int
) -> None:
    found = pieces("", text, size=size, count=minilm)
    assert all(minilm(passage("", piece.trail, piece.text)) <= size for piece in found)
    assert set(filter(str.isalnum, text)) == set(
        filter(str.isalnum, "".join(part for piece in found for part in (*piece.trail, piece.text)))
    )
