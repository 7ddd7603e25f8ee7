"""TAT-QA as the benches use it: tables with paragraphs out of annual reports, and questions on them.

F. Zhu et al., "TAT-QA: A Question Answering Benchmark on a Hybrid of Tabular and Textual Content in Finance", ACL 2021.
Files of this shape are ``dataset_raw/*.json`` of the GitHub repository NExTplusplus/TAT-QA (MIT).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import msgspec

from schemas.errors import SetupError

_FIGURE = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
_PARTS = "##"
"""Between what the derivation of a count names."""


class Question(msgspec.Struct, frozen=True):
    """A question on one context."""

    text: str
    gold: tuple[str, ...]
    """What a prompt must hold for the answer to be read or worked out from it: the spans that are the answer, and the
    figures or words that its derivation names. Each is somewhere in the context, as :func:`holds` sees it. Empty where
    the data set's own answer is nowhere in it."""
    kind: str
    """``span``, ``multi-span``, ``arithmetic`` or ``count``."""


class Context(msgspec.Struct, frozen=True, dict=True):
    """A table and the paragraphs around it."""

    id: str
    table: tuple[tuple[str, ...], ...]
    """Cells by row, as many in each; the first row is the header."""
    paragraphs: tuple[str, ...]
    questions: tuple[Question, ...]

    @cached_property
    def passages(self) -> tuple[str, ...]:
        """The table as Markdown, then the paragraphs."""
        return (markdown(self.table), *self.paragraphs)

    @cached_property
    def text(self) -> str:
        """All of it as one Markdown document."""
        return "\n\n".join(self.passages)


def load(path: Path) -> list[Context]:
    """The contexts of a file.

    Raises:
        SetupError: it cannot be read, or is no TAT-QA.
    """
    try:
        raw = msgspec.json.decode(path.read_bytes(), type=list[_Context])
    except OSError as error:
        raise SetupError(f"TAT-QA cannot be read: {error}") from error
    except msgspec.DecodeError as error:
        raise SetupError(f"{path} is no TAT-QA: {error}") from error
    return [_context(one) for one in raw]


def holds(prompt: str, gold: str) -> bool:
    """Whether ``gold`` is in the prompt as a whole: ``44.1`` is neither in ``144.1`` nor in ``44.15``.

    Any white space counts as one blank.
    """
    wanted = re.escape(_squeezed(gold))
    return re.search(rf"(?<![\w.,]){wanted}(?![\w]|[.,]\d)", _squeezed(prompt)) is not None


def markdown(table: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its header."""
    header, *rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in table]
    return "\n".join([header, "|" + " --- |" * len(table[0]), *rows])


class _Table(msgspec.Struct):
    uid: str
    table: list[list[str]]


class _Paragraph(msgspec.Struct):
    order: int
    text: str


class _Question(msgspec.Struct):
    question: str
    answer: list[str] | str | float
    derivation: str
    answer_type: str


class _Context(msgspec.Struct):
    table: _Table
    paragraphs: list[_Paragraph]
    questions: list[_Question]


def _context(raw: _Context) -> Context:
    bare = Context(
        id=raw.table.uid,
        table=_with_one_header([[_squeezed(cell) for cell in row] for row in raw.table.table]),
        paragraphs=tuple(_squeezed(one.text) for one in sorted(raw.paragraphs, key=lambda one: one.order)),
        questions=(),
    )
    questions = [Question(_squeezed(one.question), _gold(one, bare.text), one.answer_type) for one in raw.questions]
    return msgspec.structs.replace(bare, questions=tuple(questions))


def _with_one_header(rows: list[list[str]]) -> tuple[tuple[str, ...], ...]:
    """The table with its header in one row: Markdown has one, annual reports several, which no label precedes."""
    depth = next((place for place, row in enumerate(rows) if row[0]), len(rows)) or 1
    header = tuple(" ".join(filter(None, column)) for column in zip(*rows[:depth], strict=True))
    return (header, *map(tuple, rows[depth:]))


def _gold(question: _Question, text: str) -> tuple[str, ...]:
    named: Iterable[str] = question.answer if isinstance(question.answer, list) else ()
    if question.answer_type == "count":
        named = question.derivation.split(_PARTS)
    # A figure of one digit is a divisor, or a one that is taken away, far more often than it is a cell.
    figures = [figure for figure in _FIGURE.findall(question.derivation) if len(figure) > 1]
    whole = (_squeezed(one) for one in (*named, *figures))
    return tuple(dict.fromkeys(one for one in whole if one and holds(text, one)))


def _squeezed(text: str) -> str:
    return " ".join(text.split())
