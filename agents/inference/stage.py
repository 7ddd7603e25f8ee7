"""The inference stage: a task in, an answer out, one engine call for all that ask the same at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agents.affinity import loosely, opening, system_prompt
from agents.answers import answered, failure
from agents.budgets.admission import Admission
from agents.budgets.budgets import Budgets
from agents.inference.admission import Rules, Waiting, room_for
from agents.inference.engine import Completion, Engine, Prompt
from agents.inference.flights import Flights, Landing
from agents.inference.gate import Gate, Level
from agents.inference.gpu import Gpu
from agents.json_schema import complaint
from agents.policy import Policy
from agents.stage import Delivery, Emit, Stage, dead_letter
from agents.waterfall import GpuTime, Pricing, avoided, with_spending
from schemas import topics
from schemas.enums import Lane, Source, Status
from schemas.errors import DeadlinePassedError, EngineRowError, HeadraceError, UnknownNameError
from schemas.ledger import CostLine, Decision, Timings, Usage, Waterfall
from schemas.records import Answer, InferenceTask, Ticket


class Execution(NamedTuple):
    """What an engine made of a prompt, and what its GPUs cost meanwhile where they are paid for by the hour."""

    completion: Completion
    gpu: GpuTime | None
    wrong: str | None
    """Why the answer is not what was asked for. It was paid for nonetheless."""


class Load(NamedTuple):
    """One engine, as somebody who watches it sees it."""

    level: Level
    capacity: int
    """Prompts that it works on at once."""
    preemptions: int
    """How often it put a prompt aside, since it was started."""
    alive: bool


class _Served:
    """An engine with the gate in front of it."""

    def __init__(self, engine: Engine, rules: Rules, clock: Callable[[], float], gpu: Gpu | None) -> None:
        self._engine = engine
        self._gpu = gpu
        self._clock = clock
        self._preemptions = 0
        self.gate = Gate(room_for(engine.capacity, engine.token_capacity), rules, clock=clock)

    async def execute(self, task: InferenceTask, name: str) -> Execution:
        ticket, came = task.ticket, self._clock()
        async with self.gate.place(name, _waiting(task)) as lane:
            waited = round((self._clock() - came) * 1_000_000)
            by_then: list[Completion] = []
            prompt = Prompt(ticket.request_id, ticket.tenant, lane, task.messages, task.sampling, by_then.append)
            work = self._engine.generate(prompt)
            try:
                done, gpu = (await work, None) if self._gpu is None else await self._gpu.priced(work)
            except asyncio.CancelledError:
                # On GPUs by the hour the time of what is cut short is lost, and with it all that it cost.
                if self._gpu is not None or not by_then:
                    raise
                (done,), gpu = by_then, None
        self._preemptions += done.preemptions
        wrong, schema = done.wrong, prompt.sampling.json_schema
        if wrong is None and schema and (found := complaint(schema, done.text)):
            cut = ", for it was cut: raise sampling.max_tokens" if done.finish_reason == "length" else ""
            wrong = f"the answer to {prompt.key!r} does not follow its JSON schema{cut}: {found}"
        timings = msgspec.structs.replace(done.timings, queue=done.timings.queue + waited)
        return Execution(done._replace(timings=timings), gpu, wrong)

    def load(self) -> Load:
        engine = self._engine
        return Load(self.gate.level(), engine.capacity, self._preemptions, engine.alive)


class InferenceStage(Stage[InferenceTask]):
    """Answers tasks of the models that this worker serves.

    Tasks of one fingerprint, model and prompt that meet here share one execution. The first of them to see it through
    is charged for it; the others have saved it.
    """

    def __init__(
        self,
        engines: Sequence[Engine],
        policy: Policy,
        *,
        new_id: Callable[[], str],
        now: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
        rules: Rules | None = None,
        gpus: Mapping[str, Gpu] | None = None,
        budgets: Budgets | None = None,
    ) -> None:
        """Serve models.

        Args:
            engines: started by whoever made them, who also stops them.
            policy: prices, and the baseline of each task.
            new_id: an id that no other answer has.
            now: UTC epoch milliseconds.
            clock: seconds of any origin, to measure by.
            rules: of admission, where they are neither the default ones nor the models' own.
            gpus: of the models that are priced by GPU hours.
            budgets: asked before an engine may spend; None where the policy has none.
        """
        gpus = gpus or {}
        self._served = {
            engine.model: _Served(
                engine,
                rules or Rules(batch_share=policy.models[engine.model].batch_share),
                clock,
                gpus.get(engine.model),
            )
            for engine in engines
        }
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
            EngineRowError: the engine refused it, its answer is not what was asked for, or this worker has no engine
                for its model.
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
        served = self._served[task.model]
        admission = Admission() if self._budgets is None else await self._budgets.confirm(task)
        if admission.short is not None:
            return [*self.failed(delivery, admission.short), *admission.alerts]

        def spend(done: Execution) -> None:
            delivery.spent.extend(self._priced(task, _made(task.usage, done.completion), done.gpu).costs)

        name = _flight(task)
        if ticket.lane is Lane.REALTIME:
            # Once what was begun in this turn of the loop, such as a flight to join, has come to the gate.
            asyncio.get_running_loop().call_soon(served.gate.hurry, name, ticket.received_at)
        landing = await self._flights.join(
            (task.model, name), ticket.request_id, lambda: served.execute(task, name), in_vain=spend
        )
        done = landing.result
        usage = _made(task.usage, done.completion)
        priced = self._priced(task, usage, done.gpu)
        if landing.led:
            delivery.spent.extend(priced.costs)
        if (wrong := done.wrong) is not None:
            raise EngineRowError(wrong)
        return [answered(self._answer(task, landing, usage, priced)), *admission.alerts]

    def loads(self) -> Mapping[str, Load]:
        """How each engine does, by its model."""
        return {model: served.load() for model, served in self._served.items()}

    def failed(self, delivery: Delivery[InferenceTask], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED answer that says why, and the task itself as a dead letter.

        Where it was the engine that failed, and there is another model to ask, the task goes to that one instead.
        """
        # An answer that is not given is the price of asking this model, and not the next one of its chain.
        in_vain = [msgspec.structs.replace(line, strategy="routing") for line in delivery.spent]
        task = msgspec.structs.replace(delivery.record, costs=[*delivery.record.costs, *in_vain])
        if isinstance(error, EngineRowError) and (instead := self._fallback(task, error)):
            # Under its own key, so that equal tasks meet at the next model as they did at this one.
            return [Emit(topics.tasks(instead.model, task.ticket.lane), delivery.key or b"", instead)]
        answer = failure(
            self._new_id(),
            task.ticket,
            error,
            model=task.model,
            usage=_in_vain_of(task.usage, delivery.spent),
            spent=task.costs,
            decisions=task.decisions,
        )
        return [answered(answer), dead_letter(delivery, error, "inference", topics.DEAD_LETTERS)]

    def _fallback(self, task: InferenceTask, error: EngineRowError) -> InferenceTask | None:
        """The task for the next model of its chain; None where the policy in force has none of them any more."""
        for place, model in enumerate(task.fallbacks, start=1):
            if model in self._policy.models:
                decision = Decision(
                    stage="inference", choice=f"fall back: {model}", why=[f"{task.model} failed: {error}"]
                )
                return msgspec.structs.replace(
                    task, model=model, fallbacks=task.fallbacks[place:], decisions=[*task.decisions, decision]
                )
        return None

    def _answer(self, task: InferenceTask, landing: Landing[Execution], usage: Usage, priced: Waterfall) -> Answer:
        done = landing.result.completion
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
            waterfall=with_spending(priced if landing.led else avoided(priced, "single_flight"), task.costs),
            cached_from=None if landing.led else landing.leader,
            # A check compares the text, whoever was charged for it.
            lookup=task.lookup if task.lookup.cacheable and (landing.led or task.ticket.check) else None,
            decisions=task.decisions,
        )

    def _priced(self, task: InferenceTask, usage: Usage, gpu: GpuTime | None) -> Waterfall:
        """The waterfall of the execution alone."""
        ticket = task.ticket
        pricing = Pricing(self._policy.prices, ticket.received_at)
        return pricing.execution(self._baseline(ticket), task.model, usage, ticket.lane, gpu)

    def _baseline(self, ticket: Ticket) -> str:
        governing = self._policy.document.tasks.get(ticket.task)
        if governing is None:
            raise UnknownNameError(f"task {ticket.task!r} is not in the policy any more: its list cost cannot be told")
        return governing.baseline


def _flight(task: InferenceTask) -> str:
    """Hex; equal for tasks of one fingerprint whose prompts are equal, however the last user message is typed.

    The fingerprint holds what was asked for. What was retrieved for it, shown or summarised may have changed since an
    equal request came, and an answer from the old passages is not one from the new.
    """
    *before, last = task.messages
    fields = (task.lookup.fingerprint, task.sampling, before, last.role, loosely(last.content))
    return hashlib.blake2b(msgspec.json.encode(fields), digest_size=16).hexdigest()


def _waiting(task: InferenceTask) -> Waiting:
    """What the task is to admission."""
    system = system_prompt(task.messages)
    prefix = f"o{opening(task)}" if system is None else f"s{system}"
    tokens = task.usage.prompt_tokens + task.sampling.max_tokens
    ticket = task.ticket
    return Waiting(ticket.lane, ticket.tenant, prefix, tokens, ticket.received_at)


def _made(before: Usage, done: Completion) -> Usage:
    return _usage(before, done.prompt_tokens, done.cached_tokens, done.completion_tokens)


def _in_vain_of(before: Usage, spent: Sequence[CostLine]) -> Usage:
    """The usage of a task that failed: with an answer's tokens, where one was made and not given."""
    if not spent:
        return before
    tokens = Counter[str]()
    for line in spent:
        tokens[line.kind] += line.tokens
    answer, cached = tokens["output"] + tokens["decode"], tokens["cached_input"]
    return _usage(before, tokens.total() - answer, cached, answer)


def _usage(before: Usage, prompt: int, cached: int, answer: int) -> Usage:
    """The task's usage with what the engine counted.

    Where a server counts a prompt's tokens otherwise than we do, its count is the one that is paid for; as much is
    then published more or less, so that what was removed stays the difference.
    """
    return msgspec.structs.replace(
        before,
        published_tokens=before.published_tokens + prompt - before.prompt_tokens,
        prompt_tokens=prompt,
        cached_tokens=min(cached, prompt),
        completion_tokens=answer,
    )
