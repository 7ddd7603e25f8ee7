"""The cache stage: answers what was answered before, and passes the rest on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from agents.answers import answered, failure
from agents.budgets.admission import Admission
from agents.budgets.budgets import Budgets
from agents.cache.canonical import canonical
from agents.cache.check import check, drawn, nominee
from agents.cache.decision import Reach, reach
from agents.cache.entries import Entries, Entry, Found
from agents.cache.explanation import explained
from agents.cache.fingerprint import fingerprint, scope, unshared
from agents.cache.semantic import SemanticCache
from agents.outage import Outage
from agents.policy import Policy
from agents.policy_document import Task
from agents.stage import Delivery, Emit, dead_letter
from agents.waterfall import GpuTime, Pricing, avoided, with_spending
from schemas import topics
from schemas.enums import Source, Status
from schemas.errors import HeadraceError, PolicyError, ServiceError
from schemas.ledger import CostLine, Decision, Timings, Usage, Waterfall
from schemas.records import Answer, CacheMiss, Lookup, PredictionRequest, Ticket

_DAY_MS = 24 * 3_600_000
_STRATEGY = {
    Source.DUPLICATE: "duplicate",
    Source.EXACT_CACHE: "exact_cache",
    Source.SEMANTIC_CACHE: "semantic_cache",
}


class CacheStage:
    """What to do with a prediction request, cheapest first: known request id, equal question, near question, miss.

    A cache that cannot be reached answers nothing and fails nothing.

    Args:
        policy: says who may ask what, and what may be cached.
        entries: what was answered before.
        semantic: finds near questions; None where no task of the policy is semantic.
        outage: told when the entries cannot be reached.
        new_id: makes an id that no answer has yet.
        budgets: asked before anything is spent; None where the policy has none.
    """

    def __init__(
        self,
        *,
        policy: Policy,
        entries: Entries,
        semantic: SemanticCache | None,
        outage: Outage,
        new_id: Callable[[], str],
        budgets: Budgets | None = None,
    ) -> None:
        self._policy = policy
        self._entries = entries
        self._semantic = semantic
        self._outage = outage
        self._new_id = new_id
        self._budgets = budgets
        self.objections: Counter[str] = Counter()
        """Near questions that were refused, by the guard that objected."""

    def deadline(self, delivery: Delivery[PredictionRequest]) -> int:
        """The request's own deadline or the task's, whichever is sooner."""
        request = delivery.record
        task = self._policy.document.tasks.get(request.task)
        # A task that is not there fails at once, with a better reason than a deadline.
        latest = delivery.timestamp + 1000 * task.deadline_seconds if task else delivery.timestamp + _DAY_MS
        return latest if request.deadline is None else min(request.deadline, latest)

    async def __call__(self, delivery: Delivery[PredictionRequest]) -> Sequence[Emit]:
        """Answer the request, or emit it as a miss.

        Raises:
            BadRequestError: it can never be answered.
            PolicyError: a model has no price at the instant the request was received.
            ServiceError: its budgets cannot be told.
        """
        request = delivery.record
        task = self._policy.task(request, received_at=delivery.timestamp)
        ticket = self._ticket(delivery)
        found, known = await self._known(request, task, ticket)
        if known:
            return known
        admission = Admission() if self._budgets is None else await self._budgets.admit(request, task, ticket)
        if admission.short is not None:
            return [*self.failed(delivery, admission.short), *admission.alerts]
        if admission.model is not None:
            # Whoever asks for that model by name gets the same answers, and nobody else does.
            request = msgspec.structs.replace(request, model=admission.model)
            found, known = await self._known(request, task, ticket)
        emits = known or await self._beyond(request, task, ticket, found=found, spent=delivery.spent)
        return [*emits, *admission.alerts]

    def failed(self, delivery: Delivery[PredictionRequest], error: HeadraceError) -> Sequence[Emit]:
        """A FAILED answer, so that the producer hears of it, and a dead letter, so that it can be mended."""
        letter = dead_letter(delivery, error, "cache", topics.DEAD_LETTERS)
        request = delivery.record
        if not request.request_id:
            return [letter]  # there is nothing that an answer could be told by
        model = request.model if request.model in self._policy.models else ""
        ticket, spent = self._ticket(delivery), delivery.spent
        answer = failure(self._new_id(), ticket, error, model=model or "", usage=Usage(), spent=spent)
        return [answered(answer), letter]

    async def _known(self, request: PredictionRequest, task: Task, ticket: Ticket) -> tuple[bool, Sequence[Emit]]:
        """What was answered before to this request id or to an equal question; and whether that could be found out."""
        found = await self._find(ticket, self._lookup(request, task, reach(task, request)))
        if found is None:
            return False, ()
        pricing = Pricing(self._policy.prices, ticket.received_at)
        for source, entry in ((Source.DUPLICATE, found.answered), (Source.EXACT_CACHE, found.exact)):
            if entry is not None and (waterfall := self._saved(source, entry, task, ticket, pricing)):
                return True, self._hit(source, entry, ticket, waterfall)
        return True, ()

    async def _beyond(
        self, request: PredictionRequest, task: Task, ticket: Ticket, *, found: bool, spent: list[CostLine]
    ) -> Sequence[Emit]:
        """A near question's answer, or a miss. Entries that could not be ``found`` out about are not asked again."""
        may = reach(task, request)
        lookup = self._lookup(request, task, may)
        if not found or may != "semantic" or self._semantic is None:
            return [self._miss(request, ticket, lookup)]
        pricing = Pricing(self._policy.prices, ticket.received_at)
        return await self._near(self._semantic, request, task, ticket, lookup, pricing, spent)

    async def _near(  # noqa: PLR0917 - what is known of the request by now
        self,
        semantic: SemanticCache,
        request: PredictionRequest,
        task: Task,
        ticket: Ticket,
        lookup: Lookup,
        pricing: Pricing,
        spent: list[CostLine],
    ) -> Sequence[Emit]:
        """A near question's answer, and now and then a check of it; or a miss."""

        def spend(tokens: int) -> None:
            spent.append(pricing.embedding("semantic_cache", self._policy.embedder, tokens))

        sought = await semantic.seek(ticket.tenant, ticket.task, task, lookup.scope, lookup.question, spend=spend)
        hit, withheld = sought.verdict.hit, sought.verdict.withheld
        self.objections.update(guard for one in sought.verdict.judged for guard in one.guards)
        lookup = msgspec.structs.replace(lookup, embedding=sought.embedding)
        decisions = [explained(sought.verdict)]
        entry = hit and hit.candidate.entry
        waterfall = entry and self._saved(Source.SEMANTIC_CACHE, entry, task, ticket, pricing)
        if not hit or not entry or not waterfall:
            if withheld:
                lookup = msgspec.structs.replace(lookup, nominee=nominee(withheld, served=False, share=1.0))
            return [self._miss(request, ticket, lookup, spent, decisions)]
        emits = self._hit(Source.SEMANTIC_CACHE, entry, ticket, with_spending(waterfall, spent), decisions)
        if drawn(ticket.tenant, ticket.request_id, task.check_share):
            judged = msgspec.structs.replace(lookup, nominee=nominee(hit, served=True, share=task.check_share))
            emits.append(_missed(check(request, ticket, judged, task, entry.model)))
        return emits

    def _ticket(self, delivery: Delivery[PredictionRequest]) -> Ticket:
        request = delivery.record
        tenant = self._policy.document.tenants.get(request.tenant)
        return Ticket(
            request_id=request.request_id,
            tenant=request.tenant,
            task=request.task,
            cost_center=request.cost_center or (tenant.cost_center if tenant else ""),
            lane=topics.lane_of(delivery.position.topic),
            origin=str(delivery.position),
            reply_key=delivery.key or b"",
            received_at=delivery.timestamp,
            deadline=self.deadline(delivery),
            policy_version=self._policy.version,
        )

    def _lookup(self, request: PredictionRequest, task: Task, may: Reach) -> Lookup:
        within = scope(request, policy_version=self._policy.version)
        question = canonical(request.messages[-1].content, fold_case=task.fold_case)
        cacheable = may != "off"
        return Lookup(
            fingerprint=fingerprint(within, question) if cacheable else unshared(within, question, request.request_id),
            scope=within,
            cacheable=cacheable,
            question=question,
            knowledge=(task.retrieval.collection if task.retrieval else "") or request.knowledge or "",
        )

    async def _find(self, ticket: Ticket, lookup: Lookup) -> Found | None:
        """What the entries know of the request; None when they cannot be reached."""
        wanted = lookup.fingerprint if lookup.cacheable else None
        try:
            found = await self._entries.find(ticket.tenant, ticket.request_id, wanted)
        except ServiceError as error:
            self._outage.happened(error)
            return None
        self._outage.over()
        return found

    def _saved(self, source: Source, entry: Entry, task: Task, ticket: Ticket, pricing: Pricing) -> Waterfall | None:
        """What serving the entry saves; None where its model has left the price book since."""
        try:
            gpu = None if entry.gpu_cost is None else GpuTime(entry.gpu_cost, "", 0, 0)
            execution = pricing.execution(task.baseline, entry.model, entry.usage, ticket.lane, gpu)
        except PolicyError:
            return None
        return avoided(execution, _STRATEGY[source])

    def _hit(
        self,
        source: Source,
        entry: Entry,
        ticket: Ticket,
        waterfall: Waterfall,
        decisions: Sequence[Decision] = (),
    ) -> list[Emit]:
        answer = Answer(
            answer_id=self._new_id(),
            ticket=ticket,
            status=Status.COMPLETED,
            source=source,
            text=entry.text,
            finish_reason=entry.finish_reason,
            model=entry.model,
            usage=entry.usage,
            timings=Timings(),
            waterfall=waterfall,
            cached_from=entry.request_id,
            decisions=list(decisions),
        )
        return [answered(answer)]

    def _miss(
        self,
        request: PredictionRequest,
        ticket: Ticket,
        lookup: Lookup,
        spent: Sequence[CostLine] = (),
        decisions: Sequence[Decision] = (),
    ) -> Emit:
        miss = CacheMiss(
            ticket=ticket,
            lookup=lookup,
            messages=request.messages,
            sampling=request.sampling,
            model=request.model,
            costs=list(spent),
            decisions=list(decisions),
            passages=request.passages,
            where=request.where,
        )
        return _missed(miss)


def _missed(miss: CacheMiss) -> Emit:
    return Emit(topics.laned(topics.MISSES, miss.ticket.lane), miss.lookup.fingerprint.encode(), miss)
