"""The form of what is in Redis: its keys, and how a value is written and read.

=============================================  =======================================================
``headrace:entry:<fingerprint>``               an entry, until it expires; or the instant at which it was
                                               dropped, for the rest of that time
``headrace:request:<length>:<tenant>:<id>``    what was answered to a request id; the length of the tenant's
                                               name tells where it ends
``headrace:scope:<scope>``                     a sorted set of fingerprints by the instant of their expiry
``headrace:voided``                            the rules by which entries are void
``headrace:checked:<length>:<tenant>:<task>``  a sorted set of what came of checks of hits, by its instant
``headrace:compared:<length>:<tenant>:<task>`` the same of comparisons at misses
``headrace:news``                              a capped stream of what was added, dropped and learned
=============================================  =======================================================
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from agents.cache.entries import Added, Entry, Learned
from agents.cache.outcomes import Outcome
from agents.cache.rules import Rule

ENTRY = "headrace:entry:"
REQUEST = "headrace:request:"
SCOPE = "headrace:scope:"
VOIDED = "headrace:voided"
CHECKED = "headrace:checked:"
COMPARED = "headrace:compared:"
NEWS = "headrace:news"

T = TypeVar("T")

encode = msgspec.msgpack.Encoder().encode
rules_decoder = msgspec.msgpack.Decoder(list[Rule])
_entry = msgspec.msgpack.Decoder(Entry)
_outcome = msgspec.msgpack.Decoder(Outcome)
_added = msgspec.msgpack.Decoder(Added)
_learned = msgspec.msgpack.Decoder(Learned)


def request_key(tenant: str, request_id: str) -> str:
    """Where the answer to a request id is."""
    return f"{REQUEST}{len(tenant)}:{tenant}:{request_id}"


def outcomes_key(tenant: str, task: str, *, served: bool) -> str:
    """Where the outcomes of a task of a tenant are: of answers that were served, or of those that were not."""
    return f"{CHECKED if served else COMPARED}{len(tenant)}:{tenant}:{task}"


def entry_in(value: bytes | None) -> Entry | None:
    """The entry in ``value``; None also for the mark of one that was dropped, and for another release's form."""
    return _read(_entry, value)


def entry_of(fingerprint: str, value: bytes | None) -> Entry | None:
    """The entry in ``value``, if it is the one of ``fingerprint``."""
    entry = _read(_entry, value)
    return entry if entry and entry.fingerprint == fingerprint else None


def outcome_in(value: bytes) -> Outcome | None:
    """The outcome in ``value``; None for another release's form."""
    return _read(_outcome, value)


def added_in(value: bytes | None) -> Added | None:
    """The news in ``value``; None for another release's form."""
    return _read(_added, value)


def learned_in(value: bytes | None) -> Learned | None:
    """The news in ``value``; None for another release's form."""
    return _read(_learned, value)


def _read(decoder: msgspec.msgpack.Decoder[T], value: bytes | None) -> T | None:
    if value is None:
        return None
    try:
        return decoder.decode(value)
    except msgspec.MsgspecError:
        return None
