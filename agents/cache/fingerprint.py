"""What makes two requests the same: hashes over everything that changes the right answer. Pure.

The hash is BLAKE2b with 128 bits (RFC 7693) over JSON, in which no two different lists are written alike. Each kind
of hash is personalised, so that none of one kind can equal one of another.
"""

from __future__ import annotations

import hashlib

import msgspec

from schemas.records import PredictionRequest

_encode = msgspec.json.Encoder().encode


def scope(request: PredictionRequest, *, policy_version: str) -> str:
    """Hex; equal for requests that are equal in all but the last user message.

    It holds the tenant, so that nothing found within a scope can be another tenant's.
    """
    sampling = request.sampling
    return _hash(
        b"scope",
        request.tenant,
        policy_version,
        request.task,
        request.model,
        [(message.role, message.content) for message in request.messages[:-1]],
        sampling.temperature,
        sampling.top_p,
        sampling.max_tokens,
        sampling.seed,
        sampling.stop,
        # Left out where there is none, so that the hashes of requests that know of none stay what they were.
        *([] if request.knowledge is None else [request.knowledge]),
        *([("passages", request.passages)] if request.passages else []),
        *([("where", request.where)] if request.where else []),
        *([] if sampling.json_schema is None else [{"json_schema": sampling.json_schema}]),
    )


def fingerprint(scope: str, question: str) -> str:
    """Hex; equal for requests of one scope whose canonical last user messages are equal."""
    return _hash(b"shared", scope, question)


def unshared(scope: str, question: str, request_id: str) -> str:
    """Hex; the fingerprint of a request whose answer may not be shared: equal to its own redelivery's only."""
    return _hash(b"unshared", scope, question, request_id)


def _hash(kind: bytes, *fields: object) -> str:
    return hashlib.blake2b(_encode(fields), digest_size=16, person=kind).hexdigest()
