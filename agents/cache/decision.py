"""What the cache may do for a request, and whether a stored answer answers it. Pure; every verdict says why.

The tiers, in their order. Each judges a candidate alone, and says so; a tier that is closed serves nothing.

| tier | equivalence | serves where |
|---|---|---|
| guards | strict | the cosine reaches the task's threshold, and no guard objects |
| verifier | strict | the cosine reaches a floor, and the verifier accepts the pair |
| boundary | intent | what was learned from checks puts the risk below what the tenant's bound leaves |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple, Protocol

from agents.cache.doctored import doctored
from agents.cache.entries import Entry
from agents.cache.guards import Text, compare
from agents.policy_document import Task
from schemas.records import PredictionRequest

Reach = Literal["off", "exact", "semantic"]
"""How far the cache may look for an answer: not at all, to equal questions, to near ones."""
Tier = Literal["guards", "verifier", "boundary"]


def reach(task: Task, request: PredictionRequest) -> Reach:
    """How far the policy lets the cache look for an answer to ``request``.

    Only deterministic requests share answers. In a conversation the earlier turns carry half of the question, which
    no comparison of the last messages sees: equal ones at most. So with a question that was doctored.
    """
    if request.sampling.temperature != 0:
        return "off"
    single_turn = all(message.role == "system" for message in request.messages[:-1])
    if task.cache == "semantic" and single_turn and doctored(request.messages[-1].content):
        return "exact"
    if single_turn or task.cache == "off":
        return task.cache
    return "exact" if task.multi_turn == "exact" else "off"


class Candidate(NamedTuple):
    """An entry of the request's scope whose question is near the one asked."""

    entry: Entry
    cosine: float
    """Of the two questions' embeddings, exact."""


class Judgement(NamedTuple):
    """What one tier thinks of one candidate."""

    tier: Tier
    candidate: Candidate
    serves: bool
    features: tuple[float, ...]
    """What the tier saw, as it wants to see it again with the outcome."""
    why: tuple[str, ...]
    """One sentence each, the weightiest first."""
    guards: tuple[str, ...] = ()
    """Those that object."""


class Verdict(NamedTuple):
    """What came of all candidates."""

    judged: tuple[Judgement, ...]
    """In the order in which the tiers gave them."""
    hit: Judgement | None
    """The one to serve."""
    withheld: Judgement | None
    """The one that would have been served next: its tier is closed, or not yet sure enough of it."""


class Opinion(Protocol):
    """What a verifier says of two questions."""

    @property
    def accepted(self) -> bool:
        """Whether the same answer will do for both."""
        ...

    @property
    def probability(self) -> float:
        """That it will."""
        ...

    @property
    def why(self) -> tuple[str, ...]:
        """The evidence, the strongest first."""
        ...


Open = Callable[[Tier], bool]
NO_CANDIDATE = Verdict((), None, None)


def by_guards(asked: Text, candidate: Candidate, *, threshold: float) -> Judgement:
    """Serve what is near enough and what no guard objects to."""
    cosine = candidate.cosine
    if cosine < threshold:
        return Judgement("guards", candidate, False, (cosine,), (f"cosine {cosine:.3f} is below {threshold}",))
    objections = compare(asked, Text.read(candidate.entry.question))
    why = tuple(f"{objection.guard}: {objection.detail}" for objection in objections) or ("no guard objects",)
    names = tuple(objection.guard for objection in objections)
    return Judgement("guards", candidate, not objections, (cosine,), why, names)


def by_verifier(candidate: Candidate, opinion: Opinion) -> Judgement:
    """Serve what the verifier accepts."""
    features = (candidate.cosine, opinion.probability)
    return Judgement("verifier", candidate, opinion.accepted, features, opinion.why)


def choose(judged: Iterable[Judgement], is_open: Open) -> Verdict:
    """Serve by the first judgement of an open tier that would; the judgements after it are not even asked for."""
    asked: list[Judgement] = []
    withheld = None
    for judgement in judged:
        asked.append(judgement)
        if judgement.serves:
            if is_open(judgement.tier):
                return Verdict(tuple(asked), judgement, None)
            withheld = withheld or judgement
    return Verdict(tuple(asked), None, withheld)
