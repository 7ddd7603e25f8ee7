"""``ingest``: files in, documents to retrieve from out."""
# ruff: noqa: PLC0415, PLR0917 - what is slow to import waits for its command; an option is an argument

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress
from rich.text import Text

from schemas.errors import InvalidRequestError
from streams.cli.output import Format, FormatOption, err, out, print_json, say
from streams.cli.running import run

if TYPE_CHECKING:
    from agents.corpus import Corpus
    from streams.ingest.changes import Change, Collection
    from streams.ingest.files import File
    from streams.settings import Settings

_AT_ONCE = 64
"""Documents that are published together."""


class State(StrEnum):
    """What became of a document."""

    INDEXED = "indexed"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    BAD = "bad"


class Told:
    """What became of each document by its id, said as it becomes known."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.bad: dict[str, str] = {}
        """Why."""
        self.notes: dict[str, tuple[str, ...]] = {}

    def refused(self, document_id: str, why: str) -> None:
        """It cannot be ingested."""
        self.states[document_id] = State.BAD
        self.bad[document_id] = why
        err().print(Text(f"✗ {document_id}: {why}", style="red"))

    def unchanged(self, document_id: str) -> None:
        """The collection holds it as it is."""
        self.states[document_id] = State.UNCHANGED

    def changed(self, change: Change) -> None:
        """It is published."""
        self.states[change.document_id] = State.REMOVED if change.digest is None else State.INDEXED
        if change.notes:
            self.notes[change.document_id] = change.notes
            say(f"{change.document_id}: {'; '.join(change.notes)}")

    def counts(self) -> dict[State, int]:
        """How many became what."""
        return {state: list(self.states.values()).count(state) for state in State}


def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, and folders of Markdown, HTML, text, CSV and PDF files.")],
    tenant: Annotated[str, typer.Option(help="Whose documents they are.")],
    collection: Annotated[str, typer.Option(help="The collection that they belong to.")],
    meta: Annotated[
        list[str] | None, typer.Option(help="Metadata of every document, over its own: name=value. Repeatable.")
    ] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Remove these documents from the collection.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what the collection holds besides the documents of the paths.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds without progress after which no more is waited for; 0 to not wait.")
    ] = 120.0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make documents ready to be retrieved from. Those that the collection holds as they are cost nothing.

    Bad files are reported and left out. What is interrupted goes on where it was when it is run again.
    """
    from agents import policy as policies
    from streams import settings as of
    from streams.client import codec_of
    from streams.demo.workload import POLICY
    from streams.ingest.changes import Collection
    from streams.ingest.files import files
    from streams.ingest.metadata import given
    from streams.ingest.readers import READERS

    if delete and prune:
        raise typer.BadParameter("--delete says what goes, --prune what stays: give one of them")
    settings = of.load()
    policy = policies.load(settings.policy or POLICY)
    into = Collection(tenant, collection, policy=policy, codec=codec_of(settings), metadata=given(meta or ()))
    named = files(paths, READERS, gone=delete)
    told = Told()

    async def work() -> None:
        from agents.lance_corpus import LanceCorpus

        corpus = await LanceCorpus.open(settings.corpus, model=policy.embedder)
        try:
            held = await corpus.digests(tenant, collection)
            kept = {file.document_id for file in named}
            gone = sorted(kept if delete else held.keys() - kept if prune else ())
            changes = _removals(into, gone, held, told)
            if not delete:
                changes = chain(_changes(into, named, held, told), changes)
            if dry_run:
                for change in changes:
                    told.changed(change)
            else:
                total = len(gone) + (0 if delete else len(named))
                await _shipped(settings, into, corpus, changes, total, told, wait_s=wait)
        finally:
            await corpus.close()

    run(work())
    _tell(told, form, dry_run=dry_run, waited=wait > 0)
    if told.bad:
        raise typer.Exit(1)


def _changes(into: Collection, named: Iterable[File], held: Mapping[str, str], told: Told) -> Iterator[Change]:
    """The documents that the collection does not hold as they are."""
    for file in named:
        try:
            change = into.ingested(file)
        except InvalidRequestError as error:
            told.refused(file.document_id, str(error))
            continue
        if held.get(change.document_id) == change.digest:
            told.unchanged(change.document_id)
        else:
            yield change


def _removals(into: Collection, gone: Iterable[str], held: Mapping[str, str], told: Told) -> Iterator[Change]:
    for document_id in gone:
        if document_id in held:
            yield into.removed(document_id)
        else:
            told.refused(document_id, "is not in the collection")


async def _shipped(
    settings: Settings,
    into: Collection,
    corpus: Corpus,
    changes: Iterator[Change],
    total: int,
    told: Told,
    *,
    wait_s: float,
) -> None:
    from streams.ingest.shipping import shipping

    with Progress(console=err()) as bars:
        publishing = bars.add_task("publishing", total=total)
        async with shipping(settings, into, corpus) as ship:
            while some := await asyncio.to_thread(list, islice(changes, _AT_ONCE)):
                await ship.ship(some)
                for change in some:
                    told.changed(change)
                bars.update(publishing, completed=len(told.states))
            bars.update(publishing, completed=total)
            if wait_s and ship.pending:
                indexing = bars.add_task("indexing", total=len(ship.pending))
                refused = await ship.arrived(wait_s, lambda done: bars.advance(indexing, done))
                for document_id, why in refused.items():
                    told.refused(document_id, why)


def _tell(told: Told, form: Format, *, dry_run: bool, waited: bool) -> None:
    counts = told.counts()
    if form is Format.JSON:
        print_json({"counts": counts, "states": told.states, "bad": told.bad, "notes": told.notes, "dry_run": dry_run})
        return
    line = ", ".join(f"{count:,} {state}" for state, count in counts.items())
    if dry_run:
        out().print(Text(f"would be: {line}; nothing was published"))
    elif waited:
        out().print(Text(f"✓ {line}", style="green"))
    else:
        out().print(Text(f"✓ published, and not waited for: {line}", style="green"))
