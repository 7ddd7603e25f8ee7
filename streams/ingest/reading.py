"""What a reader makes of a file, and which reader reads which files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from schemas.errors import InvalidRequestError
from schemas.records import Value

_TITLE_LENGTH = 120
"""Characters of a title at most, which stands over each of a document's chunks and must leave them room."""


class Read(NamedTuple):
    """A file's content."""

    title: str
    """Empty where the file does not say."""
    text: str
    """Markdown."""
    metadata: dict[str, Value]
    notes: tuple[str, ...]
    """What was left out, for whoever ingests the file to know."""


Reader = Callable[[bytes], Read]
"""Reads a file's bytes. Raises InvalidRequestError, which says what is wrong with them."""


def read(path: Path, readers: Mapping[str, Reader]) -> Read:
    """Read a file, which is called as it is named where it has no title of its own.

    Args:
        path: the file.
        readers: by the suffix of the files that they read, in small letters.

    Raises:
        InvalidRequestError: it cannot be read, is of no kind that is read, or holds no text.
    """
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidRequestError(f"files of this kind are not read: {', '.join(sorted(readers))} are")
    try:
        found = reader(path.read_bytes())
    except InvalidRequestError:
        raise
    except OSError as error:
        raise InvalidRequestError(f"cannot be read: {error.strerror}") from error
    except RecursionError as error:
        raise InvalidRequestError("is nested too deeply to be read: close what is left open, or flatten it") from error
    except Exception as error:  # an odd file can make a library raise anything, and must not keep others out
        raise InvalidRequestError(f"cannot be read: {error!r}") from error
    if not found.text.strip():
        raise InvalidRequestError("there is no text in it")
    title = " ".join(found.title.split()) or path.stem
    return found._replace(title=title if len(title) <= _TITLE_LENGTH else f"{title[: _TITLE_LENGTH - 1]}…")


def decoded(raw: bytes) -> str:
    """UTF-8 text, with or without a byte order mark.

    Raises:
        InvalidRequestError: it is something else.
    """
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InvalidRequestError(f"line {line} is not UTF-8: save the file as UTF-8") from None


def plain(raw: bytes) -> Read:
    """Plain text, which is Markdown for as much as it looks like it."""
    return Read("", decoded(raw), {}, ())
