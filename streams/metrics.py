"""Every metric in one place. Names follow Prometheus' conventions; token usage follows OpenTelemetry's GenAI ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from agents.stage import Delivery, Emit, Stage
from schemas.errors import HeadraceError, ServiceError
from schemas.records import Answer, DeadLetter, LedgerEntry, Record

R = TypeVar("R", bound=Record)

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


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
        self._seconds = metrics.seconds.labels(name)

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
