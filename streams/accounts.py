"""The ledger as its readers find it: where it is, and whether it agrees with the responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from agents.ledger.questions import Questions
from agents.ledger.reconcile import Reconciliation, reconcile
from agents.ledger.store import Store
from schemas.errors import SetupError
from schemas.records import PredictionResponse
from streams.settings import Settings

DEMO, UP = "demo", "up"
"""Where in the state directory ``headrace demo`` and ``headrace up`` keep their rivers."""
LEDGER = "ledger.db"
RESPONSES = "responses.jsonl"
"""What the demo leaves of its responses, one a line, beside the ledger: the topic goes with the broker."""
_SQLITE = "sqlite:///"


class Ledger(NamedTuple):
    """A ledger that is there."""

    url: str
    asked_for: bool
    """Whether somebody named it. Otherwise it is the last one that was written to."""


def located(settings: Settings, given: str | None, among: Sequence[str] = (UP, DEMO)) -> Ledger:
    """The ledger to read: the one given (a file or a URL), else the settings', else the last one written to.

    Args:
        settings: of this process.
        given: what the person named.
        among: whose ledgers in the state directory may be taken, beside a worker's own.

    Raises:
        SetupError: there is none.
    """
    if given is not None:
        return Ledger(_existing(given if "://" in given else sqlite(Path(given))), asked_for=True)
    if "ledger_url" in settings.model_fields_set:
        return Ledger(_existing(settings.ledger_url), asked_for=True)
    files = [settings.state_dir / LEDGER, *(settings.state_dir / name / LEDGER for name in among)]
    found = [file for file in files if file.exists()]
    if not found:
        raise SetupError(
            f"there is no ledger in {settings.state_dir} yet: run headrace demo or headrace up, or name one by "
            "--ledger or HEADRACE_LEDGER_URL"
        )
    return Ledger(sqlite(max(found, key=lambda file: file.stat().st_mtime)), asked_for=False)


def sqlite(file: Path) -> str:
    """The URL of a SQLite file."""
    return f"{_SQLITE}{file.expanduser().absolute()}"


@contextmanager
def opened(url: str) -> Iterator[Questions]:
    """Questions to the ledger at that URL.

    Raises:
        ServiceError: the database cannot be reached.
        SetupError: what is there is no ledger.
    """
    store = Store(url)
    try:
        yield Questions(store.engine)
    finally:
        store.close()


def reconciled(
    url: str, responses: Iterable[PredictionResponse], since: int | None = None, until: int | None = None
) -> Reconciliation:
    """Hold responses against the ledger. Both of a period of whole hours (UTC epoch milliseconds), or of all time."""
    with opened(url) as queries:
        return reconcile(
            responses,
            queries.billed(since, until),
            queries.billed_checks(since, until),
            queries.entry_totals(since, until),
            queries.rollup_totals(since, until),
        )


def write_responses(file: Path, responses: Iterable[PredictionResponse]) -> None:
    """Keep responses, one JSON object a line."""
    file.write_bytes(b"".join(msgspec.json.encode(response) + b"\n" for response in responses))


def read_responses(file: Path) -> list[PredictionResponse]:
    """The responses that :func:`write_responses` kept.

    Raises:
        SetupError: the file cannot be read, or a line of it is no response.
    """
    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise SetupError(f"{file} cannot be read: {error}") from error
    responses = []
    for number, line in enumerate(lines, start=1):
        try:
            responses.append(msgspec.json.decode(line, type=PredictionResponse))
        except msgspec.DecodeError as error:
            raise SetupError(f"{file}:{number} is no response: {error}") from error
    return responses


def _existing(url: str) -> str:
    # SQLite would make an empty database of a name that was mistyped.
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise SetupError(f"there is no ledger {url.removeprefix(_SQLITE)}")
    return url
