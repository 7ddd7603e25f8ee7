"""Which model a request goes to, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from agents.policy_document import Route, Task
from schemas.enums import Lane
from schemas.errors import UnknownNameError
from schemas.money import dollars


class Option(NamedTuple):
    """A model that a request may go to, as a trained router sees it."""

    model: str
    cost: int
    """Nano-USD that the request is expected to cost there, by the model's price card."""
    quality: float
    """The probability of a good answer."""


class Routed(NamedTuple):
    """A model, and the reasons for it, the weightiest first."""

    model: str
    why: list[str]


def route(
    task: Task,
    named: str | None,
    lane: Lane,
    prompt_tokens: Callable[[str], int],
    options: Sequence[Option] = (),
) -> Routed:
    """The model that the request names; else that of the first rule that holds; else the trained router's choice; else
    the task's first.

    The router's choice is the cheapest model that is expected to clear the task's bar. Where none is, it is the one
    that is most likely to give a good answer.

    Args:
        task: whose rules are asked.
        named: the model that the request asks for, if any.
        lane: the request's.
        prompt_tokens: the length of the prompt as published, in the tokens of a given model. Asked only where a rule
            depends on it.
        options: the models that the router knows, are open to the task, and have room for the prompt; none where the
            task has no router, or it cannot be asked.

    Raises:
        UnknownNameError: the named model is no longer open to the task.
    """
    if named is not None:
        if named not in task.models:
            raise UnknownNameError(f"model {named!r} is no longer open to this task, which has {task.models}")
        return Routed(named, ["the request names it"])
    for number, rule in enumerate(task.routes, start=1):
        if (why := _holds(rule, lane, prompt_tokens)) is not None:
            return Routed(rule.model, [f"rule {number} of the task holds: {why}"])
    if task.router is not None and options:
        return _learned(options, task.router.bar)
    return Routed(task.models[0], ["the task's first model, as nothing says otherwise"])


def _holds(rule: Route, lane: Lane, prompt_tokens: Callable[[str], int]) -> str | None:
    """Why the rule holds; None where it does not."""
    why = []
    if rule.lane is not None:
        if rule.lane is not lane:
            return None
        why.append(f"the lane is {lane}")
    if rule.max_prompt_tokens is not None:
        if (tokens := prompt_tokens(rule.model)) > rule.max_prompt_tokens:
            return None
        why.append(f"the prompt has {tokens} tokens, and may have {rule.max_prompt_tokens}")
    return " and ".join(why) or "it has no condition"


def _learned(options: Sequence[Option], bar: float) -> Routed:
    if clear := [option for option in options if option.quality >= bar]:
        chosen = min(clear, key=lambda option: (option.cost, -option.quality))
        why = f"the cheapest that is expected to clear the bar of {bar:.0%}"
    else:
        chosen = max(options, key=lambda option: (option.quality, -option.cost))
        why = f"no model is expected to clear the bar of {bar:.0%}: the one most likely to answer well"
    told = sorted(options, key=lambda option: (option is not chosen, option.cost))
    return Routed(chosen.model, [f"the router: {why}", *map(_told, told)])


def _told(option: Option) -> str:
    return f"{option.model}: a good answer with {option.quality:.1%}, for about ${dollars(option.cost)}"
