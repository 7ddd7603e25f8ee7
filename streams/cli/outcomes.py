"""Reading what is known of how well models answered: a file of prompts with one column a model."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.errors import SetupError

_SHOWN = 60


class Asked(NamedTuple):
    """Prompts, and how good each model's answer to them was."""

    prompts: list[str]
    good: npt.NDArray[np.float64]
    """(prompts, models), 0 to 1."""


def read(file: Path, prompt: str, columns: Sequence[str]) -> Asked:
    """The prompts of a file and their outcomes, each true, false, or a number from 0 to 1.

    Args:
        file: CSV with a header, or JSON objects, one a line, where its name ends in ``.jsonl``.
        prompt: the column that holds the prompt.
        columns: those that hold the outcomes, one a model.

    Raises:
        SetupError: a column is missing, or a row is not what it should be; all such rows are counted.
    """
    prompts: list[str] = []
    rows: list[list[float]] = []
    bad: list[str] = []
    for number, row in _rows(file):
        wrong = row if isinstance(row, str) else _wrong(row, prompt, columns)
        if wrong or isinstance(row, str):
            bad.append(f"{file}, row {number}: {wrong}")
        else:
            prompts.append(row[prompt])
            rows.append([_outcome(row[column]) for column in columns])
    if bad:
        raise SetupError(bad[0] + (f"; {len(bad) - 1} more rows are wrong as well" if bad[1:] else ""))
    return Asked(prompts, np.array(rows, dtype=np.float64).reshape(len(rows), len(columns)))


def _rows(file: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Each row with its number, from 1; or what is wrong with it."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            if file.suffix == ".jsonl":
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield number, _object(line)
            else:
                yield from enumerate(csv.DictReader(lines), start=1)
    except UnicodeDecodeError as error:
        raise SetupError(f"{file} is not UTF-8 text: {error}") from error
    except csv.Error as error:
        raise SetupError(f"{file} is not CSV: {error}") from error


def _object(line: str) -> Mapping[str, Any] | str:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        return f"it is not JSON: {error}"
    return row if isinstance(row, dict) else "it is not a JSON object"


def _wrong(row: Mapping[str, Any], prompt: str, columns: Sequence[str]) -> str | None:
    for column in (prompt, *columns):
        if row.get(column) is None:
            return f"there is no {column!r}: it has {', '.join(map(repr, filter(None, row)))}"
    if not isinstance(row[prompt], str) or not row[prompt].strip():
        return f"{prompt!r} holds no prompt"
    for column in columns:
        if not 0 <= _outcome(row[column]) <= 1:
            return f"{column!r} is {str(row[column])[:_SHOWN]!r}: write true, false, or a number from 0 to 1"
    return None


def _outcome(value: object) -> float:
    """The outcome; not a number where it is none."""
    written = str(value).strip().lower()
    if written in {"true", "false"}:
        return float(written == "true")
    try:
        return float(written)
    except ValueError:
        return math.nan
