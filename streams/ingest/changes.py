"""What a collection is to become: each document that is to be indexed or removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agents.knowledge.document import check, digest, key
from agents.policy import Policy
from schemas.codec import Codec
from schemas.errors import InvalidRequestError
from schemas.records import Document, Value
from streams.ingest.files import File
from streams.ingest.readers import READERS
from streams.ingest.reading import read
from streams.topics import MAX_RECORD_BYTES

MAX_BYTES = MAX_RECORD_BYTES - 64 * 1024
"""Of a document's record: its dead letter holds it whole, and its key and the reason besides."""


class Change(NamedTuple):
    """A document as it is published."""

    document_id: str
    digest: str | None
    """What the corpus will hold of it; None where it is to be removed."""
    key: bytes
    value: bytes
    notes: tuple[str, ...]
    """What was left out of it."""


class Collection:
    """A collection of a tenant, and what documents of it are like.

    Args:
        tenant: whose it is.
        name: what it is called.
        policy: says which tenants there are.
        codec: writes records.
        metadata: of every document, over its own.
    """

    def __init__(self, tenant: str, name: str, *, policy: Policy, codec: Codec, metadata: Mapping[str, Value]) -> None:
        self.tenant = tenant
        self.name = name
        self._policy = policy
        self._codec = codec
        self._metadata = metadata

    def ingested(self, file: File) -> Change:
        """The document that a file is.

        Raises:
            InvalidRequestError: it cannot be read or indexed, or does not fit into a record.
            UnknownNameError: the tenant is not in the policy.
        """
        found = read(file.path, READERS)
        return self._change(
            Document(
                tenant=self.tenant,
                collection=self.name,
                document_id=file.document_id,
                title=found.title,
                text=found.text,
                metadata={**found.metadata, **self._metadata},
            ),
            found.notes,
        )

    def removed(self, document_id: str) -> Change:
        """That a document is no longer there.

        Raises:
            InvalidRequestError: there can be none of that name.
            UnknownNameError: the tenant is not in the policy.
        """
        gone = Document(tenant=self.tenant, collection=self.name, document_id=document_id, title="", text=None)
        return self._change(gone, ())

    def read(self, value: bytes) -> Change | None:
        """The change that was published as ``value``; None where it is another collection's.

        Raises:
            UndecodableError: it is no document.
        """
        document = self._codec.decode(value, Document)
        if (document.tenant, document.collection) != (self.tenant, self.name):
            return None
        return self._as_published(document, value, ())

    def _change(self, document: Document, notes: tuple[str, ...]) -> Change:
        check(document, self._policy)
        try:
            value = self._codec.encode(document)
        except UnicodeEncodeError as error:
            code = f"U+{ord(error.object[error.start]):04X}"
            raise InvalidRequestError(
                f"its name, title, text or metadata holds {code}, which is no character: take it out"
            ) from error
        if len(value) > MAX_BYTES:
            raise InvalidRequestError(f"makes a record of {len(value):,} bytes, and {MAX_BYTES:,} fit: split it")
        return self._as_published(document, value, notes)

    def _as_published(self, document: Document, value: bytes, notes: tuple[str, ...]) -> Change:
        said = None if document.text is None else digest(document)
        return Change(document.document_id, said, key(self.tenant, self.name), value, notes)
