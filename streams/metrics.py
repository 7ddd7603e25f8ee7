"""Every metric in one place. Names follow Prometheus' conventions; token usage follows OpenTelemetry's GenAI ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from time import perf_counter
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from agents.stage import Delivery, Emit, Stage
from schemas.errors import HeadraceError, ServiceError
from schemas.records import Answer, DeadLetter, LedgerEntry, Record

R = TypeVar("R", bound=Record)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Timed:
    """How long the records of one stage took."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one record."""
        self.buckets[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds


class StageSeconds(Collector):
    """A histogram by stage, in plain numbers that one thread writes.

    The client library's own takes two locks for each record, at five times the price.
    """

    def __init__(self) -> None:
        self._stages: dict[str, Timed] = {}

    def of(self, stage: str) -> Timed:
        """What to count a stage's records in."""
        return self._stages.setdefault(stage, Timed())

    def collect(self) -> Iterable[Metric]:
        """The histogram as it is now."""
        family = HistogramMetricFamily(
            "headrace_stage_seconds", "From a record's beginning in a stage to what it emits.", labels=["stage"]
        )
        for stage, timed in list(self._stages.items()):
            bounds = [*map(floatToGoString, SECONDS), "+Inf"]
            family.add_metric([stage], list(zip(bounds, accumulate(timed.buckets), strict=True)), timed.total)
        yield family


class Metrics:
    """What a worker counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.seconds = StageSeconds()
        self.registry.register(self.seconds)
        self.failures = Counter(
            "headrace_failures", "Records whose work failed.", ["stage", "code"], registry=self.registry
        )
        self.answers = Counter(
            "headrace_answers", "Answers by where their text came from.", ["source"], registry=self.registry
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
        self.tokens = Counter(
            "gen_ai_client_token_usage",
            "Tokens of settled requests that an engine made.",
            ["gen_ai_token_type", "gen_ai_request_model"],
            registry=self.registry,
        )
        self.in_flight = Gauge("headrace_in_flight", "Records being worked on.", ["stage"], registry=self.registry)
        self.unacknowledged = Gauge(
            "headrace_unacknowledged", "Records received and not acknowledged.", ["stage"], registry=self.registry
        )

    def watch(self, stage: str, in_flight: Callable[[], int], unacknowledged: Callable[[], int]) -> None:
        """Read a flow's two levels whenever somebody scrapes."""
        self.in_flight.labels(stage).set_function(in_flight)
        self.unacknowledged.labels(stage).set_function(unacknowledged)

    def count(self, stage: str, emit: Emit) -> None:
        """Count one record that a stage published."""
        match emit.record:
            case Answer(source=source):
                self.answers.labels(source.value).inc()
            case DeadLetter(code=code):
                self.dead_letters.labels(stage, code).inc()
            case LedgerEntry(waterfall=waterfall, usage=usage, model=model):
                self.list_cost.inc(waterfall.list_cost)
                if waterfall.effective_cost:
                    self.effective_cost.inc(waterfall.effective_cost)
                if any(line.strategy is None for line in waterfall.costs):
                    self.tokens.labels("input", model).inc(usage.prompt_tokens)
                    self.tokens.labels("output", model).inc(usage.completion_tokens)
            case _:
                pass

    def serve(self, host: str, port: int) -> None:
        """Answer scrapes, in a thread of its own.

        Raises:
            ServiceError: the port is taken.
        """
        try:
            start_http_server(port, host, self.registry)
        except OSError as error:
            raise ServiceError(
                f"metrics cannot be served on {host}:{port}: {error}; set HEADRACE_METRICS_PORT"
            ) from error


class Metered(Generic[R]):
    """A stage that is counted and timed."""

    def __init__(self, name: str, stage: Stage[R], metrics: Metrics) -> None:
        self._name = name
        self._stage = stage
        self._metrics = metrics
        self._seconds = metrics.seconds.of(name)

    def deadline(self, delivery: Delivery[R]) -> int:
        """The stage's own."""
        return self._stage.deadline(delivery)

    async def __call__(self, delivery: Delivery[R]) -> Sequence[Emit]:
        """The stage's own, timed."""
        began = perf_counter()
        emits = await self._stage(delivery)
        self._seconds.observe(perf_counter() - began)
        for emit in emits:
            self._metrics.count(self._name, emit)
        return emits

    def failed(self, delivery: Delivery[R], error: HeadraceError) -> Sequence[Emit]:
        """The stage's own, counted."""
        self._metrics.failures.labels(self._name, error.code).inc()
        emits = self._stage.failed(delivery, error)
        for emit in emits:
            self._metrics.count(self._name, emit)
        return emits
