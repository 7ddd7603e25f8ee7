"""The turns of a conversation. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.records import Message


def turns(messages: Sequence[Message]) -> list[list[int]]:
    """The places of the messages of each turn, oldest first; a system message belongs to none.

    A turn is a user's message with the answers to it. The last one asks.
    """
    found: list[list[int]] = []
    for index, message in enumerate(messages):
        if message.role == "system":
            continue
        if message.role == "user" or not found:
            found.append([index])
        else:
            found[-1].append(index)
    return found


def without(messages: Sequence[Message], some: Sequence[Sequence[int]]) -> list[Message]:
    """The messages less those of some of their turns."""
    gone = {index for turn in some for index in turn}
    return [message for index, message in enumerate(messages) if index not in gone]
