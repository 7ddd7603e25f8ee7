"""A circuit breaker for a server that many prompts are sent to at once. Pure: told the time, and how calls ended.

While the server is away, one prompt at a time tries whether it is back, after pauses that grow; the others wait for
what comes of it. How long anybody waits is the caller's to say.
"""

from __future__ import annotations


class Breaker:
    """What is known of one server. Times are seconds of one clock, of any origin."""

    def __init__(self, first_pause_s: float, longest_pause_s: float) -> None:
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._pause_s = 0.0
        self._failing_since: float | None = None
        self._next_try = 0.0
        self.problem = ""
        """What was seen last."""

    def allows(self, now: float) -> bool:
        """Whether to ask the server. Who is allowed while it is away is the one who tries."""
        if self._failing_since is None:
            return True
        if now < self._next_try:
            return False
        # The pause grows with each trial, and not with the failures of all who were asking when it went away.
        self._pause_s = min(2 * self._pause_s, self._longest_pause_s)
        self._next_try = now + self._pause_s
        return True

    def wait_s(self, now: float) -> float:
        """How long until somebody may try again."""
        return max(0.0, self._next_try - now)

    def away_s(self, now: float) -> float:
        """For how long the server has been away; 0 while it is there."""
        return 0.0 if self._failing_since is None else now - self._failing_since

    def failed(self, now: float, problem: str) -> None:
        """The server did not answer."""
        self.problem = problem
        if self._failing_since is None:
            self._failing_since, self._pause_s = now, self._first_pause_s
            self._next_try = now + self._pause_s

    def answered(self) -> None:
        """The server is there."""
        self._failing_since = None
