"""What a document must be, and what names its content. Pure."""

from __future__ import annotations

import math
from hashlib import blake2b

import msgspec

from agents.policy import Policy
from schemas.errors import InvalidRequestError, UnknownNameError
from schemas.records import Document

_FORM = 1
"""How documents are cut and embedded. Raise it when that changes, so that those that are indexed count as changed."""


def digest(document: Document) -> str:
    """Names what the document says: equal for two that would be indexed alike. 32 hexadecimal digits."""
    said = (_FORM, document.title, document.text, document.metadata)
    return blake2b(msgspec.json.encode(said, order="deterministic"), digest_size=16).hexdigest()


def key(tenant: str, collection: str) -> bytes:
    """What a document's record has for a key: one partition holds a collection. The length keeps ``a/b``'s ``c`` apart
    from ``a``'s ``b/c``."""
    return f"{len(tenant)}/{tenant}/{collection}".encode()


def check(document: Document, policy: Policy) -> None:
    """See that the document can be indexed, as far as that can be seen from outside.

    Raises:
        UnknownNameError: its tenant is not in the policy.
        InvalidRequestError: a field is empty, over its limit, or no number.
    """
    if document.tenant not in policy.document.tenants:
        raise UnknownNameError(f"tenant {document.tenant!r} is not in the policy: add it to [tenants]")
    limit = policy.document.limits.id_length
    names = {"collection": document.collection, "document_id": document.document_id}
    names |= {f"the name of metadata field {name[:20]!r}": name for name in document.metadata}
    for what, name in names.items():
        if not 0 < len(name) <= limit:
            raise InvalidRequestError(f"{what} has {len(name)} characters: it must have 1 to {limit}")
    if len(document.title) > limit:
        raise InvalidRequestError(f"the title has {len(document.title)} characters: the policy's limit is {limit}")
    for name, value in document.metadata.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequestError(f"metadata field {name!r} is {value}, which no filter can compare")
