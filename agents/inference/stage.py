"""The inference stage: a task in, an answer out, one engine call for all that ask the same at the same time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.answers import answered, failure
from agents.budgets.admission import Admission
from agents.budgets.budgets import Budgets
from agents.inference.admission import Gate, room
from agents.inference.engine import Completion, Engine, Prompt
from agents.inference.flights import Flights, Landing
from agents.inference.gpu import Gpu
from agents.policy import Policy
from agents.stage import Delivery, Emit, Stage, dead_letter
from agents.waterfall import GpuTime, Pricing, avoided, with_spending
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import DeadlinePassedError, EngineRowError, HeadraceError, UnknownNameError
from schemas.records import Answer, InferenceTask, Ticket, Timings, Usage, Waterfall


class Execution(NamedTuple):
    """What an engine made of a prompt, and what its GPUs cost meanwhile where they are paid for by the hour."""

    completion: Completion
    gpu: GpuTime | None


class InferenceStage(Stage[InferenceTask]):
    """Answers tasks of the models that this worker serves.

    Tasks of one fingerprint and model that meet here share one execution. The first of them to see it through is
    charged for it; the others have saved it.
    """

    def __init__(
        self,
        engines: Sequence[Engine],
        policy: Policy,
        *,
        new_id: Callable[[], str],
        now: Callable[[], int],
        gpus: Mapping[str, Gpu] | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        """Serve the engines' models.

        Args:
            engines: started and stopped by whoever made them.
            policy: prices, tasks and budgets.
            new_id: makes an id that no answer has yet.
            now: the time, in UTC epoch milliseconds.
            gpus: of the models that are priced by GPU hours.
            budgets: asked before an engine may spend; None where the policy has none.
        """
        self._served = {engine.model: (engine, Gate(room(engine.capacity))) for engine in engines}
        self._gpus = gpus or {}
        self._budgets = budgets
        self._policy = policy
        self._flights = Flights[Execution]()
        self._new_id = new_id
        self._now = now

    def deadline(self, delivery: Delivery[InferenceTask]) -> int:
        """That of the request."""
        return delivery.record.ticket.deadline

    async def __call__(self, delivery: Delivery[InferenceTask]) -> Sequence[Emit]:
        """Answer one task.

        Raises:
            EngineRowError: the engine refused it, or this worker has no engine for its model.
            EngineDeadError: the engine is gone.
            DeadlinePassedError: its deadline lies in the past.
            UnknownNameError: the policy has no such task any more.
            PolicyError: a model has no price card that held when the request was received.
        """
        task = delivery.record
        ticket = task.ticket
        if (late := self._now() - ticket.deadline) >= 0:
            raise DeadlinePassedError(
                f"the deadline of {ticket.request_id!r} passed {late} ms before an engine was free"
            )
        if task.model not in self._served:
            raise EngineRowError(f"this worker has no engine for {task.model!r}: it serves {sorted(self._served)}")
        engine, gate = self._served[task.model]
        if ticket.lane is Lane.REALTIME:
            gate.hurry(task.lookup.fingerprint)
        key = (task.model, task.lookup.fingerprint)
        admission = Admission() if self._budgets is None else await self._budgets.confirm(task)
        if admission.short is not None:
            return [*self.failed(delivery, admission.short), *admission.alerts]
        gpu = self._gpus.get(task.model)
        landing = await self._flights.join(key, ticket.request_id, lambda: _execute(engine, gate, gpu, task))
        return [answered(self._answer(task, landing)), *admission.alerts]

    def failed(self, delivery: Delivery[InferenceTask], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED answer that says why, and the task itself as a dead letter."""
        task = delivery.record
        answer = failure(
            self._new_id(),
            task.ticket,
            error,
            model=task.model,
            usage=task.usage,
            spent=task.costs,
            decisions=task.decisions,
        )
        return [answered(answer), dead_letter(delivery, error, "inference", topics.DEAD_LETTERS)]

    def _answer(self, task: InferenceTask, landing: Landing[Execution]) -> Answer:
        done = landing.result.completion
        usage = _usage(task.usage, done)
        return Answer(
            answer_id=self._new_id(),
            ticket=task.ticket,
            status=Status.COMPLETED,
            source=Source.ENGINE if landing.led else Source.SINGLE_FLIGHT,
            text=done.text,
            finish_reason=done.finish_reason,
            model=task.model,
            usage=usage,
            # An engine's time is told once, by the answer that is charged for it.
            timings=done.timings if landing.led else Timings(),
            waterfall=self._waterfall(task, usage, landing.result.gpu, led=landing.led),
            cached_from=None if landing.led else landing.leader,
            # A check compares the text, whoever was charged for it.
            lookup=task.lookup if task.lookup.cacheable and (landing.led or task.ticket.check) else None,
            decisions=task.decisions,
        )

    def _waterfall(self, task: InferenceTask, usage: Usage, gpu: GpuTime | None, *, led: bool) -> Waterfall:
        ticket = task.ticket
        pricing = Pricing(self._policy.prices, ticket.received_at)
        waterfall = pricing.execution(self._baseline(ticket), task.model, usage, ticket.lane, gpu)
        return with_spending(waterfall if led else avoided(waterfall, "single_flight"), task.costs)

    def _baseline(self, ticket: Ticket) -> str:
        governing = self._policy.document.tasks.get(ticket.task)
        if governing is None:
            raise UnknownNameError(f"task {ticket.task!r} is not in the policy any more: its list cost cannot be told")
        return governing.baseline


async def _execute(engine: Engine, gate: Gate, gpu: Gpu | None, task: InferenceTask) -> Execution:
    ticket = task.ticket
    async with gate.place(task.lookup.fingerprint, ticket.lane, _prefix(task)):
        work = engine.generate(Prompt(ticket.request_id, ticket.tenant, ticket.lane, task.messages, task.sampling))
        return Execution(await work, None) if gpu is None else Execution(*await gpu.priced(work))


def _prefix(task: InferenceTask) -> str:
    """What the task's prompt begins with: equal for those whose beginning an engine computes once."""
    first = task.messages[0]
    begins_with = first.content if first.role == "system" else task.lookup.fingerprint
    return f"{task.ticket.tenant}/{begins_with}"


def _usage(before: Usage, done: Completion) -> Usage:
    """The task's usage with what the engine counted.

    Where a server counts a prompt's tokens otherwise than we do, its count is the one that is paid for; as much is
    then published more or less, so that what was removed stays the difference.
    """
    return msgspec.structs.replace(
        before,
        published_tokens=before.published_tokens + done.prompt_tokens - before.prompt_tokens,
        prompt_tokens=done.prompt_tokens,
        cached_tokens=min(done.cached_tokens, done.prompt_tokens),
        completion_tokens=done.completion_tokens,
    )
