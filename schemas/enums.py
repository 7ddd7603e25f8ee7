"""The symbols that records use. Each mirrors one ``headrace.<Name>.avsc`` beside this file.

Where one has a symbol for what a release does not know, it is the default that the .avsc names: readers of that release
see it in place of symbols that came later.
"""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Which of the two lanes a request was published on."""

    REALTIME = "REALTIME"
    BATCH = "BATCH"


class Source(StrEnum):
    """Where the text of an answer came from."""

    DUPLICATE = "DUPLICATE"
    """The request id was answered before."""
    EXACT_CACHE = "EXACT_CACHE"
    SEMANTIC_CACHE = "SEMANTIC_CACHE"
    SINGLE_FLIGHT = "SINGLE_FLIGHT"
    """Joined an identical request that was already at the engine."""
    ENGINE = "ENGINE"
    NONE = "NONE"
    """There is no text: the request failed."""


class Status(StrEnum):
    """How a request ended."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class EntryKind(StrEnum):
    """What a ledger entry records."""

    OTHER = "OTHER"
    """A kind that this release does not know. Its money counts like that of any other."""
    RESPONSE = "RESPONSE"
    """The one answer that became the response."""
    DUPLICATE = "DUPLICATE"
    """An answer to another publish of a request id that has its response already."""
    REEXECUTION = "REEXECUTION"
    """A further answer to the same publish: a worker died between answering and acknowledging."""
    CHECK = "CHECK"
    """A comparison of what the cache served, or would have served, with what the model says. Billed to the cache."""
    IDLE = "IDLE"
    """GPU time that no prediction is charged for. Billed to the platform itself."""
    CORRECTION = "CORRECTION"
    """An amount that a person adds to an earlier entry, which stays as it is."""


class Verdict(StrEnum):
    """What came of comparing a cached answer with the model's own."""

    UNKNOWN = "UNKNOWN"
    """A verdict that this release does not know, or none: the model gave no answer."""
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"


class AlertKind(StrEnum):
    """What a budget has to say."""

    OTHER = "OTHER"
    """A kind that this release does not know."""
    THRESHOLD = "THRESHOLD"
    """So many percent of it are spent."""
    SHORT = "SHORT"
    """It had no room for a request."""
