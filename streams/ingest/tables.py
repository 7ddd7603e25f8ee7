"""Tables of values with separators between them, as Markdown tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from schemas.errors import InvalidRequestError
from streams.ingest.reading import Read, decoded

_SEPARATORS = ",;\t|"


def table(raw: bytes) -> Read:
    """A table whose first row names its columns, separated by what the first line has most of: commas, if nothing.

    Cells are kept as they are written; rows are made equally long.

    Raises:
        InvalidRequestError: it is not UTF-8, or no table.
    """
    # Its lines are those of a file: a text's own splitlines breaks at more, such as U+2028, which a cell may hold.
    lines = io.StringIO(decoded(raw).strip("\r\n"), newline="")
    separator = max(_SEPARATORS, key=lines.readline().count)
    lines.seek(0)
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator) if any(row)]
    except csv.Error as error:
        raise InvalidRequestError(f"is no table: {error}") from error
    if not rows:
        return Read("", "", {}, ())
    width = max(map(len, rows))
    header, *body = (_row(row, width) for row in rows)
    return Read("", "\n".join([header, "|" + "---|" * width, *body]), {}, ())


def _row(cells: Sequence[str], width: int) -> str:
    written = [" ".join(cell.split()).replace("|", "\\|") for cell in cells]
    return "| " + " | ".join([*written, *[""] * (width - len(cells))]) + " |"
