"""Spans of what a worker does with each record, in OpenTelemetry's conventions for messaging and generative AI.

The trace of a request begins with whoever published it, if there is a ``traceparent`` among its headers, or else in the
cache stage. It travels in the headers of every record that comes out of it, so that all stages on all workers add to
the same one. Spans name tenants, tasks, models, tokens and money, and never hold a text.

Nothing here is imported by a worker that is not told where to send spans.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from opentelemetry import context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from agents.stage import Delivery, Emit, Stage
from schemas.enums import Source
from schemas.errors import HeadraceError
from schemas.record import Record
from schemas.records import Answer, InferenceTask

R = TypeVar("R", bound=Record)

Send = Callable[[Sequence[Emit], Mapping[str, bytes]], Awaitable[None]]

_HEADERS = TraceContextTextMapPropagator()


class Tracing:
    """Makes spans and sends them away, in a thread of its own.

    Args:
        name: of the service.
        processor: where spans go; see :func:`otlp`.
    """

    def __init__(self, name: str, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": name}))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("headrace")

    def traced(self, name: str, stage: Stage[R]) -> Stage[R]:
        """The stage, with a span for each record."""
        return _Traced(name, stage, self)

    def sending(self, send: Send) -> Send:
        """``send``, where the headers are those of the span whose stage emitted the records."""

        async def traced(emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
            carrier: dict[str, str] = {}
            _HEADERS.inject(carrier)
            await send(emits, {name: value.encode() for name, value in carrier.items()} or headers)

        return traced

    def close(self) -> None:
        """Send what is left. Blocks, for as long as the processor allows itself."""
        self._provider.shutdown()

    def begin(self, name: str, delivery: Delivery[Any]) -> Span:
        """The span of a record in a stage."""
        topic, partition, offset = delivery.position
        headers = {key: value.decode("latin-1") for key, value in delivery.headers.items()}
        return self._tracer.start_span(
            f"process {topic}",
            context=_HEADERS.extract(headers, context.Context()),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": topic,
                "messaging.destination.partition.id": str(partition),
                "messaging.kafka.offset": offset,
                "headrace.stage": name,
                **_whose(delivery.record),
            },
        )

    def prediction(self, task: InferenceTask, answer: Answer) -> None:
        """The span of an engine's work on a prompt, by the engine's own clock."""
        timings, sampling, ended = answer.timings, task.sampling, time.time_ns()
        took = (timings.queue + timings.prefill + timings.decode) * 1_000
        span = self._tracer.start_span(
            f"chat {answer.model}",
            kind=SpanKind.CLIENT,
            start_time=ended - took,
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "headrace",
                "gen_ai.request.model": task.model,
                "gen_ai.request.max_tokens": sampling.max_tokens,
                "gen_ai.request.temperature": sampling.temperature,
                "gen_ai.request.top_p": sampling.top_p,
                "gen_ai.response.model": answer.model,
                "gen_ai.response.finish_reasons": (answer.finish_reason or "error",),
                "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
                "gen_ai.usage.cache_read.input_tokens": answer.usage.cached_tokens,
                "gen_ai.usage.output_tokens": answer.usage.completion_tokens,
            },
        )
        span.end(ended)


def otlp(endpoint: str) -> SpanProcessor:
    """Spans go to a collector: OTLP over HTTP, in batches."""
    return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces"))


class _Traced(Generic[R]):
    """A stage whose work on each record is a span.

    A record has a task of its own, so that the context that is set here holds for what becomes of this record and for
    nothing else: for the spans within the stage, and for what the flow then publishes.
    """

    def __init__(self, name: str, stage: Stage[R], tracing: Tracing) -> None:
        self._name = name
        self._stage = stage
        self._tracing = tracing

    def deadline(self, delivery: Delivery[R]) -> int:
        """The stage's own."""
        return self._stage.deadline(delivery)

    async def __call__(self, delivery: Delivery[R]) -> Sequence[Emit]:
        """The stage's own, as a span."""
        span = self._tracing.begin(self._name, delivery)
        context.attach(set_span_in_context(span))
        try:
            emits = await self._stage(delivery)
            for emit in emits:
                if isinstance(emit.record, Answer):
                    self._answered(span, delivery.record, emit.record)
            return emits
        except BaseException as error:
            _failed(span, error.code if isinstance(error, HeadraceError) else type(error).__name__)
            raise
        finally:
            span.end()

    def failed(self, delivery: Delivery[R], error: HeadraceError) -> Sequence[Emit]:
        """The stage's own."""
        return self._stage.failed(delivery, error)

    def _answered(self, span: Span, record: Record, answer: Answer) -> None:
        span.set_attribute("headrace.answer.source", answer.source.value)
        span.set_attribute("headrace.list_cost_nano_usd", answer.waterfall.list_cost)
        span.set_attribute("headrace.effective_cost_nano_usd", answer.waterfall.effective_cost)
        if answer.error_code is not None:
            _failed(span, answer.error_code)
        if isinstance(record, InferenceTask) and answer.source is Source.ENGINE:
            self._tracing.prediction(record, answer)


def _failed(span: Span, code: str) -> None:
    # The message may quote what an engine quoted of the prompt.
    span.set_attribute("error.type", code)
    span.set_status(StatusCode.ERROR)


def _whose(record: Any) -> dict[str, str]:
    """What a record says of the request that it belongs to."""
    ticket = getattr(record, "ticket", record)
    named = {name: getattr(ticket, name, None) for name in ("tenant", "task", "request_id")}
    return {f"headrace.{name}": value for name, value in named.items() if value}
