"""Spans: of what, in which trace, and without a word of what was asked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, NamedTuple

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from agents.stage import Delivery, Emit, Position
from schemas.errors import EngineRowError, HeadraceError
from schemas.ledger import Timings, Usage
from schemas.record import Record
from schemas.records import InferenceTask, Message, Sampling
from streams.flow import Flow
from streams.river import River, now_ms
from streams.settings import load
from streams.tracing import Tracing, otlp
from tests.fakes.records import AT, answer, lookup, ticket

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TASK = InferenceTask(
    ticket=ticket(),
    lookup=lookup(question="how do I hide my savings?"),
    messages=[Message(role="user", content="how do I hide my savings?")],
    sampling=Sampling(max_tokens=64),
    model="m",
    usage=Usage(),
    costs=[],
)


class Raw(NamedTuple):
    """A record as Kafka has it."""

    offset: int
    headers: Sequence[tuple[str, bytes | None]] = ()
    topic: str = "headrace.tasks.m"
    partition: int = 3
    timestamp: int = AT
    key: bytes | None = b"k"
    value: bytes | None = b"raw"


class Stage:
    def __init__(self, *outcomes: Record | Exception) -> None:
        self.outcomes = iter(outcomes)

    def deadline(self, delivery: Delivery[Any]) -> int:
        return AT + 1

    async def __call__(self, delivery: Delivery[Any]) -> Sequence[Emit]:
        await asyncio.sleep(0.01 * (delivery.position.offset % 3))
        outcome = next(self.outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return [Emit("headrace.answers", b"k", outcome)]

    def failed(self, delivery: Delivery[Any], error: HeadraceError) -> Sequence[Emit]:
        return [Emit("headrace.answers", b"k", answer(error_code=error.code, error_message=str(error)))]


class Traced:
    """A stage behind a flow, and what came of its records."""

    def __init__(self, *outcomes: Record | Exception) -> None:
        self.exporter = InMemorySpanExporter()
        self.tracing = Tracing("headrace", SimpleSpanProcessor(self.exporter))
        self.sent: list[Mapping[str, bytes]] = []
        self.flow = Flow[Any](
            self.tracing.traced("inference", Stage(*outcomes)),
            decode=lambda raw: TASK,
            send=self.tracing.sending(self._send),
            poison=lambda delivery, error: [],
            ack=lambda position: None,
            halt=lambda fatal: None,
            now=lambda: AT,
        )

    async def _send(self, emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        self.sent.append(headers)

    async def lead(self, *records: Raw) -> list[ReadableSpan]:
        for record in records:
            await self.flow.put(record, 0)
        while self.flow.unacknowledged:
            await asyncio.sleep(0.01)
        return list(self.exporter.get_finished_spans())


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


async def test_a_record_is_a_span_of_the_trace_in_its_headers() -> None:
    traced = Traced(answer(timings=Timings(queue=1_000, prefill=20_000, decode=300_000)))
    prediction, stage = await traced.lead(Raw(7, [("traceparent", PARENT.encode()), ("else", b"\xff")]))
    assert stage.name == "process headrace.tasks.m"
    assert stage.kind is SpanKind.CONSUMER
    assert stage.parent is not None
    assert f"{stage.parent.trace_id:032x}-{stage.parent.span_id:016x}" in PARENT
    shown = attributes(stage)
    assert shown["messaging.system"] == "kafka"
    assert (shown["messaging.destination.partition.id"], shown["messaging.kafka.offset"]) == ("3", 7)
    assert (shown["headrace.tenant"], shown["headrace.task"], shown["headrace.request_id"]) == ("bank", "faq", "r-1")
    assert (shown["headrace.answer.source"], shown["headrace.effective_cost_nano_usd"]) == ("ENGINE", 70)
    assert prediction.parent is not None
    assert prediction.parent.span_id == stage.context.span_id


@pytest.mark.parametrize("header", [("traceparent", None), ("traceparent", b"\xff"), ("else", None)])
async def test_a_header_that_cannot_be_read_is_no_header(header: tuple[str, bytes | None]) -> None:
    traced = Traced(answer())
    _, stage = await traced.lead(Raw(0, [header]))
    assert stage.status.status_code is StatusCode.UNSET
    assert stage.parent is None
    assert traced.sent[0].keys() == {"traceparent"}


async def test_what_comes_out_of_a_record_carries_its_span() -> None:
    traced = Traced(answer(), answer())
    spans = await traced.lead(Raw(0, [("traceparent", PARENT.encode()), ("tracestate", b"v=1")]), Raw(1))
    sent = [headers["traceparent"].decode().rpartition("-")[0] for headers in traced.sent]
    stages = [span for span in spans if span.kind is SpanKind.CONSUMER]
    assert sent == [f"00-{s.context.trace_id:032x}-{s.context.span_id:016x}" for s in stages]
    assert traced.sent[0]["tracestate"] == b"v=1"
    assert "tracestate" not in traced.sent[1]
    assert stages[0].context.trace_id != stages[1].context.trace_id


async def test_records_at_work_at_once_do_not_mix() -> None:
    traced = Traced(*(answer() for _ in range(30)))
    parents = [f"00-{n + 1:032x}-{n + 1:016x}-01" for n in range(30)]
    spans = await traced.lead(*(Raw(n, [("traceparent", one.encode())]) for n, one in enumerate(parents)))
    for span in spans:
        if span.kind is SpanKind.CONSUMER:
            assert span.context.trace_id == attributes(span)["messaging.kafka.offset"] + 1
    assert sorted(int(h["traceparent"].split(b"-")[1], 16) for h in traced.sent) == list(range(1, 31))


async def test_a_prediction_is_a_span_of_generative_ai() -> None:
    usage = Usage(prompt_tokens=12, cached_tokens=8, completion_tokens=4)
    traced = Traced(answer(usage=usage, timings=Timings(queue=1_000, prefill=20_000, decode=300_000)))
    prediction, _ = await traced.lead(Raw(0))
    assert (prediction.name, prediction.kind) == ("chat m", SpanKind.CLIENT)
    shown = attributes(prediction)
    assert shown["gen_ai.operation.name"] == "chat"
    assert (shown["gen_ai.request.model"], shown["gen_ai.request.max_tokens"]) == ("m", 64)
    assert (shown["gen_ai.usage.input_tokens"], shown["gen_ai.usage.output_tokens"]) == (12, 4)
    assert shown["gen_ai.response.finish_reasons"] == ("stop",)
    assert prediction.end_time is not None
    assert prediction.start_time is not None
    assert prediction.end_time - prediction.start_time == 321_000_000


async def test_failed_work_is_an_error_and_its_answer_is_in_the_trace() -> None:
    traced = Traced(EngineRowError("the engine said: how do I hide my savings?"))
    (stage,) = await traced.lead(Raw(0))
    assert stage.status.status_code is StatusCode.ERROR
    assert attributes(stage)["error.type"] == "ENGINE_ROW"
    assert f"{stage.context.span_id:016x}".encode() in traced.sent[0]["traceparent"]


async def test_no_span_holds_a_text() -> None:
    traced = Traced(answer(text="under the mattress"), EngineRowError("how do I hide my savings?"))
    for span in await traced.lead(Raw(0), Raw(1)):
        assert "savings" not in span.to_json()
        assert "mattress" not in span.to_json()


def test_a_worker_without_a_collector_loads_nothing_of_it() -> None:
    code = (
        "import sys; from streams.river import River; from streams.settings import load; "
        "river = River(load(), [], None); assert river.tracing is None; "
        "assert 'streams.tracing' not in sys.modules and 'opentelemetry' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture
def collector() -> Any:
    received: list[ExportTraceServiceRequest] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(ExportTraceServiceRequest.FromString(body))
            assert self.path == "/v1/traces"
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", received
    server.shutdown()
    thread.join()
    server.server_close()


async def test_spans_reach_a_collector_before_the_worker_has_stopped(collector: Any) -> None:
    url, received = collector
    tracing = Tracing("my-river", otlp(url))
    delivery: Delivery[Any] = Delivery(TASK, b"", None, Position("t", 0, 1), AT, {})
    await tracing.traced("inference", Stage(answer()))(delivery)
    await asyncio.to_thread(tracing.close)
    (resource,) = received[0].resource_spans
    assert {one.key: one.value.string_value for one in resource.resource.attributes}["service.name"] == "my-river"
    assert {span.name for span in resource.scope_spans[0].spans} == {"process t", "chat m"}


async def test_a_worker_that_knows_a_collector_traces_each_of_its_topics(
    collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, received = collector
    river = River(load(otlp_endpoint=url), [], _nothing)
    sent: list[Mapping[str, bytes]] = []

    async def send(emits: Sequence[Emit], headers: Mapping[str, bytes]) -> None:
        sent.append(headers)

    monkeypatch.setattr(river.outlet, "send", send)
    monkeypatch.setattr(river.transport, "acknowledge", lambda position: None)
    river.wire("inference", "headrace.tasks.m", InferenceTask, Stage(answer()))
    flow = river.transport.flows["headrace.tasks.m"]
    record = Raw(0, [("traceparent", PARENT.encode())], value=river.codec.encode(TASK), timestamp=now_ms())
    monkeypatch.setattr(flow, "_now", lambda: AT)
    await flow.put(record, 0)
    while flow.unacknowledged:
        await asyncio.sleep(0.01)
    assert river.tracing is not None
    await asyncio.to_thread(river.tracing.close)
    spans = [span for one in received for scope in one.resource_spans[0].scope_spans for span in scope.spans]
    assert {span.name for span in spans} == {"process headrace.tasks.m", "chat m"}
    assert {span.trace_id.hex() for span in spans} == {PARENT.split("-")[1]}
    (headers,) = sent
    assert headers["traceparent"].decode().split("-")[1] == PARENT.split("-")[1]
    assert headers["traceparent"] != PARENT.encode()


async def _nothing(_: River) -> None:
    pass
