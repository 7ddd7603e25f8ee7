"""Chunks of a document: as much of it as fits and belongs together, with the headings that it stands under. Pure.

A chunk never crosses a heading, so that it is about one thing and its headings are true of all of it. Paragraphs,
lists, tables and code are kept whole where they fit. Where they do not, a table is cut between rows and a piece of code
between lines, each part with the header or fence again; anything else is cut where semantic-text-splitter finds the
largest units of Markdown that fit: items, sentences, words. Nothing is in two chunks but headers and fences.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

from semantic_text_splitter import MarkdownSplitter

from agents.corpus import passage
from agents.knowledge.blocks import Block, sections
from schemas.errors import InvalidRequestError

CHARACTERS_A_TOKEN = 8
"""Text with more of them counts as if it had more tokens. Prose has four or five; but some tokenizers read a word of
any length as one that they do not know, and the model that is served does not."""


class Piece(NamedTuple):
    """A chunk before it has a vector."""

    trail: tuple[str, ...]
    """The headings that it stands under, outermost first."""
    text: str
    """Markdown, without those headings."""


def pieces(title: str, markdown: str, *, size: int, count: Callable[[str], int]) -> list[Piece]:
    """Cut a document into chunks, in its order. Nothing of it is lost but white space, rules, and empty documents.

    Args:
        title: the document's.
        markdown: its text.
        size: the most tokens of a chunk with its title and headings.
        count: tokens of a text, with those that the model adds.

    Raises:
        InvalidRequestError: the title alone takes more than half of ``size``.
    """

    def tokens(trail: tuple[str, ...], text: str) -> int:
        whole = passage(title, trail, text)
        least = len(whole) // CHARACTERS_A_TOKEN
        # By how much a text is too large nobody asks, and the splitter offers it whole again and again.
        return least if least > size else max(count(whole), least)

    def short(trail: tuple[str, ...]) -> bool:
        return tokens(trail, "") <= size // 2

    if not short(()):
        raise InvalidRequestError(
            f"the title has {tokens((), '')} tokens: at most {size // 2} leave room for the text under it. Shorten it"
        )
    return [
        Piece(trail, text)
        for trail, blocks in sections(markdown, short)
        for text in _Packing(size, functools.partial(tokens, trail)).packed(blocks)
    ]


class _Packing:
    """Fills chunks with blocks that stand under the same headings.

    Args:
        size: the most tokens of a chunk.
        tokens: of a chunk with some text, its title and headings included.
    """

    def __init__(self, size: int, tokens: Callable[[str], int]) -> None:
        self._size = size
        self._tokens = tokens
        self._headings = tokens(".") - 1
        # The splitter holds that no text has more tokens than bytes, which headings would have it.
        self._splitter = MarkdownSplitter.from_callback(
            lambda text: tokens(text) - self._headings, size - self._headings
        )

    def packed(self, blocks: list[Block]) -> list[str]:
        """The texts of the chunks."""
        chunks: list[str] = []
        filling: list[str] = []
        for block in blocks:
            text = block.text
            if self._fit(*filling, text):
                filling.append(text)
                continue
            led = filling[-1:] if filling[-1:] and filling[-1].endswith(":") and self._fit(filling[-1], text) else []
            if before := filling[: len(filling) - len(led)]:
                chunks.append(_joined(before))
            if self._fit(text):
                filling = [*led, text]
            else:
                parts = self._cut(block)
                chunks += parts[:-1]
                filling = parts[-1:]
        return [*chunks, _joined(filling)] if filling else chunks

    def _fit(self, *texts: str) -> bool:
        return self._tokens(_joined(texts)) <= self._size

    def _cut(self, block: Block) -> list[str]:
        """The parts of a block that does not fit."""
        frame = self._tokens(block.part(())) - self._headings
        if not block.framed or 2 * frame > self._size - self._headings:
            return self._splitter.chunks(block.text)
        parts: list[str] = []
        lines: tuple[str, ...] = ()
        for line in block.lines:
            if self._fit(block.part((*lines, line))):
                lines = (*lines, line)
                continue
            if lines or not parts:
                parts.append(block.part(lines))
            lines = (line,)
            if not self._fit(block.part(lines)):
                parts += self._splitter.chunks(line)
                lines = ()
        return [*parts, block.part(lines)] if lines else parts


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(texts)
