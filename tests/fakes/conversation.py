"""Conversations in shorthand, and tokenizers whose tokens are words or bytes."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from agents.budgets.worst_case import MESSAGE_TOKENS, TEMPLATE_TOKENS
from schemas.records import Message


class Words:
    """A tokenizer of words, with a chat template of two tokens a message."""

    def __init__(self, factor: int = 1) -> None:
        self.factor = factor
        self.calls = 0

    def count(self, messages: Sequence[Message]) -> int:
        self.calls += 1
        return self.factor * sum(2 + len(message.content.split()) for message in messages)

    def length(self, text: str) -> int:
        return self.factor * len(text.split())


class Watched(Words):
    """A tokenizer of words that remembers whether it was asked on the event loop's thread, which is the main one."""

    def __init__(self) -> None:
        super().__init__()
        self.on_loop: list[bool] = []

    def count(self, messages: Sequence[Message]) -> int:
        self._asked()
        return super().count(messages)

    def length(self, text: str) -> int:
        self._asked()
        return super().length(text)

    def _asked(self) -> None:
        self.on_loop.append(threading.current_thread() is threading.main_thread())


class Bytes:
    """A tokenizer that makes a token of each byte, with as long a chat template as there is."""

    def count(self, messages: Sequence[Message]) -> int:
        return TEMPLATE_TOKENS + sum(MESSAGE_TOKENS + self.length(message.content) for message in messages)

    def length(self, text: str) -> int:
        return len(text.encode())


def said(*turns: str) -> list[Message]:
    """``"u:hello there"`` is a user's message, ``s`` the system's, ``a`` the assistant's."""
    roles = {"s": "system", "u": "user", "a": "assistant"}
    return [Message(role=roles[turn[0]], content=turn[2:]) for turn in turns]


def text(messages: Sequence[Message]) -> list[str]:
    return [f"{message.role[0]}:{message.content}" for message in messages]
