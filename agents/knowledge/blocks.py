"""A Markdown text as sections of blocks: what must be kept together where it fits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token


class Block(NamedTuple):
    """A paragraph, list, table, or piece of code, as it is written.

    A table and a piece of code can be cut between any two of their lines, if each part gets ``head`` and ``tail``.
    """

    lines: tuple[str, ...]
    head: tuple[str, ...] = ()
    """A table's header and the rule under it; the fence that opens a piece of code."""
    tail: tuple[str, ...] = ()
    """The fence that closes a piece of code."""

    @property
    def framed(self) -> bool:
        """Whether it can be cut between any two of its lines."""
        return bool(self.head)

    def part(self, lines: tuple[str, ...]) -> str:
        """Some of its lines as they stand alone."""
        return "\n".join((*self.head, *lines, *self.tail))

    @property
    def text(self) -> str:
        """All of it."""
        return self.part(self.lines)


class Section(NamedTuple):
    """Blocks that stand under the same headings."""

    trail: tuple[str, ...]
    """Outermost first."""
    blocks: list[Block]


class _Heading(NamedTuple):
    level: int
    text: str
    lines: tuple[str, ...]


def sections(markdown: str, fits: Callable[[tuple[str, ...]], bool]) -> list[Section]:
    """The sections of a text, in its order. Nothing is left out but white space, rules, and headings that are a trail.

    A heading with nothing under it, not even another heading, is a block under those above it. So is one that would
    make its trail too long.

    Args:
        markdown: CommonMark with tables. Headings within lists and quotes belong to these.
        fits: whether a trail is short enough.
    """
    found: list[Section] = []
    above: list[_Heading] = []
    used = 0
    """Of those, from the outermost, how many have something under them."""

    def add(block: Block) -> None:
        nonlocal used
        trail = _trail(above)
        if not found or found[-1].trail != trail:
            found.append(Section(trail, []))
        found[-1].blocks.append(block)
        used = len(above)

    def close(level: int) -> None:
        nonlocal used
        while above and above[-1].level >= level:
            empty = len(above) > used
            heading = above.pop()
            if empty:
                add(Block(heading.lines))
            used = min(used, len(above))

    for part in _parts(markdown):
        if isinstance(part, Block):
            add(part)
            continue
        close(part.level)
        if fits(_trail([*above, part])):
            above.append(part)
        else:
            add(Block(part.lines))
    close(0)
    return found


def _trail(headings: list[_Heading]) -> tuple[str, ...]:
    return tuple(heading.text for heading in headings if heading.text)


def _parts(markdown: str) -> Iterator[_Heading | Block]:
    # Of what stands within a line nothing is asked.
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    lines = tuple(text.split("\n"))
    tokens = parser.parse(text)
    at = 0
    for number, token in enumerate(tokens):
        if token.level or token.nesting < 0 or token.map is None:
            continue
        start, end = token.map
        yield from _plain(lines[at:start])  # definitions of links, for which there is no token
        at = end
        if token.type == "heading_open":
            text = " ".join(tokens[number + 1].content.split())
            yield _Heading(int(token.tag[1]), text, _stripped(lines[start:end]))
        elif token.type != "hr":
            yield _block(token, _stripped(lines[start:end]))
    yield from _plain(lines[at:])


def _block(token: Token, lines: tuple[str, ...]) -> Block:
    if token.type == "table_open":
        return Block(lines[2:], head=lines[:2])
    if token.type == "fence":
        closed = len(lines) > 1 and lines[-1].strip() == token.markup
        return Block(lines[1:-1] if closed else lines[1:], head=lines[:1], tail=(token.markup,))
    return Block(lines)


def _plain(lines: tuple[str, ...]) -> Iterator[Block]:
    if kept := _stripped(lines):
        yield Block(kept)


def _stripped(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Without blank lines at either end."""
    full = [number for number, line in enumerate(lines) if line.strip()]
    return lines[full[0] : full[-1] + 1] if full else ()
