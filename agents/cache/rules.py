"""Invalidation by rule: which entries are void. Pure, and no slower for a cache of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import msgspec

from agents.policy import LONGEST_TTL_S
from schemas.errors import SetupError

if TYPE_CHECKING:
    from agents.cache.entries import Entry

LONGEST_TTL_MS = 1000 * LONGEST_TTL_S
"""No entry lives longer, whatever its policy says: a rule that is older has nothing left to mean."""
MOST = 1_000
"""Rules that may be in force. Every lookup reads them, at about 50 bytes each."""

_NAMES = ("tenant", "task", "knowledge", "model")
_NEVER = -1


class Rule(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """Which entries are void: those answered at or before an instant that bear every name given. None is any.

    Stored by position: a new field goes to the end, with a default.

    Raises:
        ValueError: no name is given. It would be everything, which is what FLUSHALL is for.
    """

    before: int
    """UTC epoch milliseconds; an entry answered at this very instant is void."""
    tenant: str | None = None
    task: str | None = None
    knowledge: str | None = None
    """A version of the knowledge that answers rest on."""
    model: str | None = None

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError(f"a rule names at least one of {', '.join(_NAMES)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the fields that an entry must bear as they are here."""
        return tuple(name for name in _NAMES if getattr(self, name) is not None)

    def voids(self, entry: Entry) -> bool:
        """Whether the entry is void by this rule."""
        return entry.answered_at <= self.before and all(getattr(entry, n) == getattr(self, n) for n in self.names)

    def covers(self, other: Rule) -> bool:
        """Whether all that is void by ``other`` is void by this rule too."""
        return other.before <= self.before and all(getattr(other, n) == getattr(self, n) for n in self.names)


class Rules:
    """All rules in force, to hold entries against: one look-up for each combination of names, of which there are 15."""

    def __init__(self, rules: Iterable[Rule] = ()) -> None:
        self._rules = tuple(rules)
        # How to read the names of one combination off an entry or a rule, and until when each is void.
        by_names: dict[tuple[str, ...], tuple[Callable[[Any], Any], dict[Any, int]]] = {}
        for rule in self._rules:
            read, until = by_names.setdefault(rule.names, (attrgetter(*rule.names), {}))
            until[read(rule)] = max(rule.before, until.get(read(rule), _NEVER))
        self._by_names = tuple(by_names.values())

    def void(self, entry: Entry) -> bool:
        """Whether any rule voids the entry."""
        if not self._by_names:
            return False
        return any(entry.answered_at <= until.get(read(entry), _NEVER) for read, until in self._by_names)

    def with_one_more(self, rule: Rule, *, now: int) -> list[Rule]:
        """These rules and ``rule``, less those that it covers and those that no entry is old enough for any more.

        Raises:
            SetupError: they are too many.
        """
        kept = [one for one in self._rules if one.before + LONGEST_TTL_MS > now and not rule.covers(one)]
        if any(one.covers(rule) for one in kept):
            return kept
        if len(kept) >= MOST:
            raise SetupError(
                f"{MOST:,} invalidations are in force already, which is as many as every lookup can read: "
                "make one by fewer names, such as a tenant or a task alone, which takes the place of all within it"
            )
        return [*kept, rule]
