"""Every metric in one place. Names follow Prometheus' conventions; token usage follows OpenTelemetry's GenAI ones."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from time import perf_counter
from typing import Generic, NamedTuple, ParamSpec, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from agents.inference.stage import Load
from agents.stage import Delivery, Emit, Stage
from schemas.enums import EntryKind, Source, Verdict
from schemas.errors import HeadraceError
from schemas.ledger import LedgerEntry, Waterfall
from schemas.record import Record
from schemas.records import Answer, DeadLetter, PredictionResponse
from streams.engine_levels import EngineLevels

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R", bound=Record)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_DIRECTIONS = {"input": "input", "cached_input": "input", "prefill": "input", "output": "output", "decode": "output"}
"""OpenTelemetry's token types, by the kinds of cost line that stand for an engine's tokens."""


class CacheQuality(NamedTuple):
    """What the checks of one task of one tenant found, as a worker knows it."""

    tenant: str
    task: str
    checks: int
    wrong: int
    low: float
    high: float
    """The bounds of the true share of wrong hits."""
    tightened: int
    """How far the cache has drawn back from serving; 0 is not at all."""


class Metrics:
    """What a worker counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = Histogram(
            "headrace_stage_seconds",
            "From a record's beginning in a stage to what it emits.",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.failures = Counter(
            "headrace_failures", "Records whose work failed.", ["stage", "code"], registry=self.registry
        )
        self.answers = Counter(
            "headrace_answers", "Answers by where their text came from.", ["source"], registry=self.registry
        )
        self.response_seconds = Histogram(
            "headrace_response_seconds",
            "From a request's publishing to its response, by where the text came from.",
            ["source"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "headrace_dead_letters", "Records put aside.", ["stage", "code"], registry=self.registry
        )
        self.list_cost = Counter(
            "headrace_list_cost_nano_usd", "What settled requests would have cost.", registry=self.registry
        )
        self.effective_cost = Counter(
            "headrace_effective_cost_nano_usd", "What settled requests did cost.", registry=self.registry
        )
        self.saving_gross = Counter(
            "headrace_saving_gross_nano_usd",
            "By how much a strategy made settled requests cheaper, before what it spent on itself.",
            ["strategy"],
            registry=self.registry,
        )
        # A saving may be negative, and a counter only grows: a sum with a sign is two of them.
        self.saving_loss = Counter(
            "headrace_saving_loss_nano_usd",
            "By how much a strategy made settled requests dearer, before what it spent on itself.",
            ["strategy"],
            registry=self.registry,
        )
        self.saving_cost = Counter(
            "headrace_saving_cost_nano_usd", "What a strategy spent on itself.", ["strategy"], registry=self.registry
        )
        self.tokens = Counter(
            "gen_ai_client_token_usage",
            "Tokens that an engine read and made, for settled requests and for checks of the cache.",
            ["gen_ai_token_type", "gen_ai_request_model"],
            registry=self.registry,
        )
        self.first_token_seconds = Histogram(
            "gen_ai_server_time_to_first_token_seconds",
            "Of a prediction at its engine, the wait and the prefill.",
            ["gen_ai_request_model"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.output_token_seconds = Histogram(
            "gen_ai_server_time_per_output_token_seconds",
            "Of a prediction at its engine, the time of each token after the first.",
            ["gen_ai_request_model"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.cache_checks = Counter(
            "headrace_cache_checks",
            "Answers of the cache, served or not, that were compared with the model's own.",
            ["tenant", "task", "source", "verdict"],
            registry=self.registry,
        )
        self.engine_seconds = Histogram(
            "headrace_engine_request_seconds",
            "Of each execution: the time in line for the engine, on its prompt, and on its answer.",
            ["model", "phase"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.engine_tokens = Counter(
            "headrace_engine_tokens",
            "Of each execution: its prompt's tokens, those of them that the engine had computed before, its answer's.",
            ["model", "kind"],
            registry=self.registry,
        )
        self.in_flight = Gauge("headrace_in_flight", "Records being worked on.", ["stage"], registry=self.registry)
        self.unacknowledged = Gauge(
            "headrace_unacknowledged", "Records received and not acknowledged.", ["stage"], registry=self.registry
        )
        ProcessCollector(registry=self.registry)
        # What every request counts: `labels` takes as long as all the rest of it, and answers the same each time.
        self._answers = cache(self.answers.labels)
        self._response_seconds = cache(self.response_seconds.labels)
        self._savings = cache(self._savings_of)
        self._tokens = cache(self.tokens.labels)
        self._first_token_seconds = cache(self.first_token_seconds.labels)
        self._output_token_seconds = cache(self.output_token_seconds.labels)
        self._engine_seconds = cache(self.engine_seconds.labels)
        self._engine_tokens = cache(self.engine_tokens.labels)

    def watch(self, stage: str, in_flight: Callable[[], int], unacknowledged: Callable[[], int]) -> None:
        """Read a flow's two levels whenever somebody scrapes."""
        self.in_flight.labels(stage).set_function(in_flight)
        self.unacknowledged.labels(stage).set_function(unacknowledged)

    def watch_cache(
        self, quality: Callable[[], Iterable[CacheQuality]], objections: Mapping[str, int], outages: Callable[[], int]
    ) -> None:
        """Read what the cache knows of itself whenever somebody scrapes, in the scraper's thread. Once a worker.

        Args:
            quality: of every task that the semantic cache was tried for: at most the policy's tenants times its tasks.
            objections: how often each guard objected; a dictionary that goes on growing.
            outages: how often the cache could not be reached, all told.
        """
        self.registry.register(_Cache(quality, objections, outages))

    def watch_engines(self, loads: Callable[[], Mapping[str, Load]]) -> None:
        """Read how engines do whenever somebody scrapes, in the scraper's thread. Once a worker."""
        self.registry.register(EngineLevels(loads))

    def count(self, stage: str, emit: Emit) -> None:
        """Count one record that a stage published."""
        match emit.record:
            case Answer() as answer:
                self._answers(answer.source.value).inc()
                if answer.source is Source.ENGINE:
                    self._predicted(answer)
            case PredictionResponse() as response:
                # Two brokers' clocks; and a sum that falls is taken for that of a worker that was started anew.
                seconds = max(0, response.answered_at - response.received_at) / 1000
                self._response_seconds(response.source.value).observe(seconds)
            case DeadLetter(code=code):
                self.dead_letters.labels(stage, code).inc()
            case LedgerEntry() as entry:
                if entry.kind is EntryKind.CHECK:
                    # Only what the policy knows is ever checked: no more labels than it has tenants and tasks.
                    verdict = entry.verdict or Verdict.UNKNOWN
                    self.cache_checks.labels(entry.tenant, entry.task, entry.source.value, verdict.value).inc()
                self._spent(entry.waterfall)
            case _:
                pass

    def _predicted(self, answer: Answer) -> None:
        timings, later = answer.timings, answer.usage.completion_tokens - 1
        self._first_token_seconds(answer.model).observe((timings.queue + timings.prefill) / 1e6)
        if later > 0:
            self._output_token_seconds(answer.model).observe(timings.decode / 1e6 / later)
        for phase in ("queue", "prefill", "decode"):
            self._engine_seconds(answer.model, phase).observe(getattr(timings, phase) / 1e6)
        usage = answer.usage
        counts = {"prompt": usage.prompt_tokens, "cached": usage.cached_tokens, "output": usage.completion_tokens}
        for kind, tokens in counts.items():
            self._engine_tokens(answer.model, kind).inc(tokens)

    def _spent(self, waterfall: Waterfall) -> None:
        self.list_cost.inc(waterfall.list_cost)
        self.effective_cost.inc(waterfall.effective_cost)
        for saving in waterfall.savings:
            gross, loss, cost = self._savings(saving.strategy)
            (loss if saving.gross < 0 else gross).inc(abs(saving.gross))
            if saving.cost:
                cost.inc(saving.cost)
        for line in waterfall.costs:
            direction = _DIRECTIONS.get(line.kind)
            if direction is not None:
                self._tokens(direction, line.model).inc(line.tokens)

    def _savings_of(self, strategy: str) -> tuple[Counter, Counter, Counter]:
        """Gross, loss and cost. All three from the first of them on: PromQL takes nothing off by what is not there."""
        return self.saving_gross.labels(strategy), self.saving_loss.labels(strategy), self.saving_cost.labels(strategy)


class _Cache(Collector):
    """The cache's own counts and levels, as they are at the scrape."""

    def __init__(
        self, quality: Callable[[], Iterable[CacheQuality]], objections: Mapping[str, int], outages: Callable[[], int]
    ) -> None:
        self._quality = quality
        self._objections = objections
        self._outages = outages

    def collect(self) -> Iterator[Metric]:
        """What is scraped."""
        wrong = GaugeMetricFamily(
            "headrace_cache_wrong_ratio",
            "Of semantic hits, the share that checks found wrong, and the bounds of the true one at 95% confidence.",
            labels=["tenant", "task", "bound"],
        )
        tightened = GaugeMetricFamily(
            "headrace_cache_tightened",
            "How far the semantic cache has drawn back since it was wrong too often: 0 is not at all.",
            labels=["tenant", "task"],
        )
        for one in self._quality():
            names = [one.tenant, one.task]
            wrong.add_metric([*names, "low"], one.low)
            wrong.add_metric([*names, "high"], one.high)
            if one.checks:  # what was never measured has no estimate
                wrong.add_metric([*names, "estimate"], one.wrong / one.checks)
            tightened.add_metric(names, one.tightened)
        objections = CounterMetricFamily(
            "headrace_cache_objections", "Near entries that a guard objected to serving.", labels=["guard"]
        )
        for guard, times in dict(self._objections).items():  # a copy: the worker's thread may add to it meanwhile
            objections.add_metric([guard], times)
        outages = CounterMetricFamily("headrace_cache_outages", "Times that the cache could not be reached.")
        outages.add_metric([], self._outages())
        yield from (wrong, tightened, objections, outages)


class Metered(Generic[R]):
    """A stage that is counted and timed. Counting fails no record: what it raises is logged, the first time."""

    def __init__(self, name: str, stage: Stage[R], metrics: Metrics) -> None:
        self._name = name
        self._stage = stage
        self._metrics = metrics
        self._seconds = metrics.seconds.labels(name)
        self._told = False

    def deadline(self, delivery: Delivery[R]) -> int:
        """The stage's own."""
        return self._stage.deadline(delivery)

    async def __call__(self, delivery: Delivery[R]) -> Sequence[Emit]:
        """The stage's own, timed."""
        began = perf_counter()
        emits = await self._stage(delivery)
        self._try(self._seconds.observe, perf_counter() - began)
        return self._counted(emits)

    def failed(self, delivery: Delivery[R], error: HeadraceError) -> Sequence[Emit]:
        """The stage's own, counted."""
        self._try(lambda: self._metrics.failures.labels(self._name, error.code).inc())
        return self._counted(self._stage.failed(delivery, error))

    def _counted(self, emits: Sequence[Emit]) -> Sequence[Emit]:
        for emit in emits:
            self._try(self._metrics.count, self._name, emit)
        return emits

    def _try(self, count: Callable[P, object], *given: P.args, **named: P.kwargs) -> None:
        try:
            count(*given, **named)
        except Exception:
            if not self._told:
                self._told = True
                log.exception(
                    "stage %s could not count all of a record, which goes on: its metrics may show too little. Please"
                    " report this; it is not logged again before the worker is started anew",
                    self._name,
                )
