"""Why the cache did what it did, in words, for whoever asks."""

from __future__ import annotations

from agents.cache.decision import Judgement, Verdict
from schemas.ledger import Decision

SHOWN = 4
"""Judgements that are told of: the one that decided, and the first of the others."""


def explained(verdict: Verdict) -> Decision:
    """What the semantic tiers decided.

    It names entries by the request that made them, and of their questions it tells no more than the words that a
    guard objects to: a ledger is read by people who were not party to the conversation.
    """
    decisive = verdict.hit or verdict.withheld
    others = [judgement for judgement in verdict.judged if judgement is not decisive]
    shown = ([decisive] if decisive else []) + others[: SHOWN - 1]
    if verdict.hit:
        choice = f"semantic hit by the {verdict.hit.tier}"
    elif decisive and decisive.serves:
        choice = f"miss: the {decisive.tier} tier is closed"
    else:
        choice = "miss"
    return Decision(stage="cache", choice=choice, why=[_told(one) for one in shown] or ["no entry is near"])


def _told(judgement: Judgement) -> str:
    entry = judgement.candidate.entry
    near = f"{judgement.tier} on the answer to {entry.request_id}, at cosine {judgement.candidate.cosine:.3f}"
    return f"{near}: {'; '.join(judgement.why)}"
