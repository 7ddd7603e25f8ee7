"""What is taken out of a prompt, step by step, each with the tokens that it was worth."""

from __future__ import annotations

from agents.context.prompt import Draft
from agents.tokens import Tokens, is_long, unhurried
from schemas.ledger import Removal


class Steps:
    """From the prompt as it was published to the one that is sent. ``published − Σ removed.tokens = prompt``.

    Args:
        draft: as published.
        published: its tokens.
        tokens: of the model that it is for.
    """

    def __init__(self, draft: Draft, published: int, tokens: Tokens) -> None:
        self.draft = draft
        self.published = self.prompt = published
        self._removed: dict[str, int] = {}
        self._tokens = tokens

    async def take(self, strategy: str, draft: Draft) -> bool:
        """Go on with ``draft``, where it is shorter; and whether it is. The saving is the strategy's."""
        if draft == self.draft:
            return False
        messages = draft.prompt()
        left = await unhurried(is_long(messages), lambda: self._tokens.count(messages))
        if left >= self.prompt:
            return False
        self._removed[strategy] = self._removed.get(strategy, 0) + self.prompt - left
        self.draft, self.prompt = draft, left
        return True

    @property
    def long(self) -> bool:
        """Whether counting the prompt's tokens takes a while."""
        return is_long(self.draft.prompt())

    @property
    def removed(self) -> list[Removal]:
        """What each strategy took out, in the order in which they first did."""
        return [Removal(strategy=strategy, tokens=tokens) for strategy, tokens in self._removed.items()]
