"""A model's own chat template and tokenizer: the prompt that it will see, token by token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.errors import InvalidRequestError, SetupError
from schemas.records import Message


class ChatTemplate:
    """Renders conversations as one model's engine does, so that what is counted is what is paid for.

    It is the :class:`agents.tokens.Tokens` of that model.
    """

    def __init__(self, tokenizer: Any, path: str) -> None:
        """``tokenizer`` is a transformers tokenizer that has a chat template; see :meth:`load`."""
        self._tokenizer = tokenizer
        self._path = path

    @classmethod
    def load(cls, path: str) -> ChatTemplate:
        """Read the tokenizer of a model folder, or of a Hugging Face model that was downloaded before.

        Raises:
            SetupError: there is none at ``path``, or it has no chat template.
        """
        # Takes seconds to import, and most of what needs this module only needs its name.
        from transformers import AutoTokenizer  # noqa: PLC0415

        try:
            tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=True)
        except (OSError, ValueError) as error:
            raise SetupError(
                f"no tokenizer at {path!r}: give a model folder, or download the model first (hf download {path})"
            ) from error
        if not tokenizer.chat_template:
            raise SetupError(f"the tokenizer at {path!r} has no chat template: use the model's instruct version")
        return cls(tokenizer, path)

    def render(self, messages: Sequence[Message]) -> list[int]:
        """The prompt's token ids, ready for generation.

        Raises:
            InvalidRequestError: the template refuses the conversation, for instance two turns of the same role.
        """
        from jinja2 import TemplateError  # noqa: PLC0415 - comes with transformers, as late as it

        turns = [{"role": message.role, "content": message.content} for message in messages]
        try:
            ids: list[int] = self._tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
        except TemplateError as error:
            raise InvalidRequestError(f"the chat template of {self._path!r} refuses the messages: {error}") from error
        return ids

    def count(self, messages: Sequence[Message]) -> int:
        """The tokens of the prompt that the template makes of ``messages``, ready for generation.

        Raises:
            InvalidRequestError: the template refuses the conversation.
        """
        return len(self.render(messages))

    def length(self, text: str) -> int:
        """The tokens of a text alone, without special ones."""
        return len(self._tokenizer.encode(text, add_special_tokens=False))
