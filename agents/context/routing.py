"""Which model a request goes to. Pure."""

from __future__ import annotations

from collections.abc import Callable

from agents.policy import Task
from schemas.enums import Lane
from schemas.errors import UnknownNameError


def route(task: Task, named: str | None, lane: Lane, prompt_tokens: Callable[[str], int]) -> str:
    """The model that the request names, or else that of the first rule that holds, or else the task's first.

    Args:
        task: whose rules are asked.
        named: the model that the request asks for, if any.
        lane: the request's.
        prompt_tokens: the length of the prompt as published, in the tokens of a given model. Asked only where a rule
            depends on it.

    Raises:
        UnknownNameError: the named model is no longer open to the task.
    """
    if named is not None:
        if named not in task.models:
            raise UnknownNameError(f"model {named!r} is no longer open to this task, which has {task.models}")
        return named
    for rule in task.routes:
        if rule.lane is not None and rule.lane is not lane:
            continue
        if rule.max_prompt_tokens is not None and prompt_tokens(rule.model) > rule.max_prompt_tokens:
            continue
        return rule.model
    return task.models[0]
