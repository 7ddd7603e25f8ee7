"""What the cache may do for a request, and whether a stored answer answers it. Pure; every verdict says why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from agents.cache.entries import Entry
from agents.cache.guards import Objection, Text, compare
from agents.policy import Task
from schemas.records import PredictionRequest

Reach = Literal["off", "exact", "semantic"]
"""How far the cache may look for an answer: not at all, to equal questions, to near ones."""


def reach(task: Task, request: PredictionRequest) -> Reach:
    """How far the policy lets the cache look for an answer to ``request``.

    Only deterministic requests share answers. In a conversation the earlier turns carry half of the question, which
    no comparison of the last messages sees: equal ones at most.
    """
    if request.sampling.temperature != 0:
        return "off"
    single_turn = all(message.role == "system" for message in request.messages[:-1])
    if single_turn or task.cache == "off":
        return task.cache
    return "exact" if task.multi_turn == "exact" else "off"


class Candidate(NamedTuple):
    """An entry of the request's scope whose question is near the one asked."""

    entry: Entry
    cosine: float
    """Of the two questions' embeddings, exact."""


class Judgement(NamedTuple):
    """What came of one candidate."""

    fingerprint: str
    question: str
    cosine: float
    near: bool
    """Whether the cosine reached the threshold. The guards are asked only then."""
    objections: tuple[Objection, ...]


class Verdict(NamedTuple):
    """Which candidate answers the question, and what was thought of each, the nearest first."""

    hit: Entry | None
    judged: tuple[Judgement, ...]


NO_CANDIDATE = Verdict(None, ())


def decide(question: str, candidates: Iterable[Candidate], *, threshold: float) -> Verdict:
    """Choose the nearest candidate that is near enough and that no guard objects to.

    ``question`` is canonical, as the questions of the candidates are.
    """
    judged: list[Judgement] = []
    asked: Text | None = None
    for entry, cosine in sorted(candidates, key=lambda candidate: -candidate.cosine):
        near = cosine >= threshold
        objections: tuple[Objection, ...] = ()
        if near:
            asked = asked or Text.read(question)
            objections = compare(asked, Text.read(entry.question))
        judged.append(Judgement(entry.fingerprint, entry.question, cosine, near, objections))
        if near and not objections:
            return Verdict(entry, tuple(judged))
    return Verdict(None, tuple(judged))
