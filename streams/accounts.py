"""The ledger as its readers find it: where it is, and whether it agrees with the responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from agents.ledger.fold import HOUR_MS
from agents.ledger.queries import EngineTokens
from agents.ledger.questions import Questions
from agents.ledger.reconcile import HORIZON_MS, Reconciliation, reconcile, with_engines, with_topic
from agents.ledger.store import Store
from schemas.errors import SetupError
from schemas.ledger import LedgerEntry
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


class Topic(NamedTuple):
    """The ledger's topic, as it was read."""

    entries: list[LedgerEntry]
    whole: bool
    """Whether it still has all that was ever published on it."""


def reconciled(
    url: str,
    responses: Iterable[PredictionResponse],
    since: int | None = None,
    until: int | None = None,
    *,
    responses_since: int | None = None,
    horizon_ms: int = HORIZON_MS,
    topic: Topic | None = None,
    engines: Mapping[str, EngineTokens] | None = None,
) -> Reconciliation:
    """Hold all accounts against each other, of a period of whole hours (UTC epoch milliseconds), or of all time.

    Of what came before the raw entries that are kept, nothing is compared.

    Args:
        url: of the ledger.
        responses: all of the period.
        since: the period's begin.
        until: the period's end.
        responses_since: since when all responses are there; None where they all are.
        horizon_ms: for how long a request id stays answered.
        topic: the ledger's; left out where None.
        engines: what engines counted in the period, by the model's name; left out where None.
    """
    with opened(url) as asked:
        kept_since = asked.whole_since()
        cut = kept_since is not None and (since is None or since < kept_since)
        begin = kept_since if cut else since
        if begin is not None and responses_since is not None and responses_since < begin:
            responses_since = None  # of the period they all are
        found = reconcile(
            [one for one in responses if within(one.answered_at, begin, until)],
            asked.billed(begin, until),
            asked.billed_checks(begin, until),
            asked.entry_totals(begin, until),
            asked.rollup_totals(begin, until),
            others_billed=asked.others_billed(begin, until),
            responses_since=responses_since,
            horizon_ms=horizon_ms,
        )
        if topic is not None:
            # A correction may come again, and tell another instant then: the first of an id is the one that is kept.
            firsts = {one.entry_id: one for one in reversed(topic.entries)}.values()
            published = (one for one in firsts if within(one.occurred_at, begin, until))
            found = with_topic(found, published, asked.kept(begin, until), whole=topic.whole)
        if engines is not None:
            found = with_engines(found, engines, asked.engine_tokens(begin, until))
    return msgspec.structs.replace(found, since=kept_since) if cut else found


def within(at: int, since: int | None, until: int | None) -> bool:
    """Whether an instant is in a period, widened to whole hours as the ledger's queries widen it."""
    low = 0 if since is None else since - since % HOUR_MS
    return low <= at and (until is None or at < until + -until % HOUR_MS)


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
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SetupError(f"{file}:{number} is no response: {error}") from error
    return responses


def _existing(url: str) -> str:
    # SQLite would make an empty database of a name that was mistyped.
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        raise SetupError(f"there is no ledger {url.removeprefix(_SQLITE)}")
    return url
