"""The worker: a Faust app whose agents lead their topics through stages.

It knows nothing of what the stages do; :mod:`streams.app` gives it its parts.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import faust
from threadpoolctl import threadpool_limits
from yarl import URL

from agents.stage import Delivery, Stage, dead_letter
from schemas import topics
from schemas.record import Record
from streams import consumer
from streams.client import codec_of
from streams.flow import Flow, Limits
from streams.health import Health, serve
from streams.metrics import Metered, Metrics
from streams.outlet import Outlet
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.tracing import Tracing

R = TypeVar("R", bound=Record)

log = logging.getLogger(__name__)


def now_ms() -> int:
    """The time, in UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000


def now_us() -> int:
    """The time, in UTC epoch microseconds."""
    return time.time_ns() // 1_000


class River(faust.App):  # type: ignore[misc]
    """A worker: one agent for each topic that it consumes, each leading its topic through a stage.

    Args:
        settings: where Kafka is, and how much the worker takes on.
        names: the topics that it consumes.
        compose: starts the worker's parts on ``parts`` and wires every topic; awaited before the worker joins its
            group. What it entered is closed after the last commit, in the opposite order.
    """

    def __init__(self, settings: Settings, names: Iterable[str], compose: Callable[[River], Awaitable[None]]) -> None:
        super().__init__(
            settings.app_id,
            broker=[URL(f"kafka://{address.strip()}") for address in settings.kafka.split(",")],
            broker_credentials=_credentials(settings),
            datadir=str(settings.state_dir / "faust"),
            Worker=consumer.Worker,
            **consumer.SETTINGS,
        )
        self.settings = settings
        self.metrics = Metrics()
        self.health = Health()
        self.codec = codec_of(settings)
        options = settings.producer_options()
        self.outlet = Outlet(options.pop("bootstrap_servers"), self.codec.encode, options=options)
        self.tracing = _tracing(settings)
        self.parts = AsyncExitStack()
        self._compose = compose
        self.transport = consumer.Transport(self, drain_s=settings.drain_seconds)
        for name in names:
            self.agent(self.topic(name), name=name)(self._leader(name))

    def wire(
        self,
        name: str,
        topic: str,
        kind: type[R],
        stage: Stage[R],
        *,
        before: Callable[[Delivery[R]], Awaitable[None]] | None = None,
        at_least: int = 0,
    ) -> None:
        """Lead a topic through a stage. Each topic has a flow of its own, so that no lane holds up the other.

        Args:
            name: the stage's, for whoever watches.
            topic: what to lead through it.
            kind: of the topic's records.
            stage: the stage.
            before: as for a flow.
            at_least: records to have in flight where the settings allow fewer.
        """
        settings = self.settings
        metered: Stage[R] = Metered(name, stage, self.metrics)
        flow = Flow(
            self.tracing.traced(name, metered) if self.tracing else metered,
            decode=self.codec.decoder(kind, ours=not topics.published(topic)),
            send=self.tracing.sending(self.outlet.send) if self.tracing else self.outlet.send,
            poison=lambda delivery, error: [dead_letter(delivery, error, name, topics.DEAD_LETTERS)],
            ack=self.transport.acknowledge,
            halt=self.transport.halt,
            now=now_ms,
            limits=Limits(max(settings.in_flight, at_least), settings.in_flight_bytes, settings.unacknowledged),
            before=before,
        )
        self.metrics.watch(topic, lambda: flow.in_flight, lambda: flow.unacknowledged)
        self.transport.flows[topic] = flow

    def _leader(self, topic: str) -> Callable[[Any], Awaitable[None]]:
        async def lead(stream: Any) -> None:
            await consumer.lead(stream, self.transport.flows[topic])

        return lead

    async def on_first_start(self) -> None:
        """Start the parts, before the app joins its group."""
        if self.settings.metrics_port is not None:
            serve(self.settings.metrics_host, self.settings.metrics_port, self.metrics.registry, self.health)
        # Faust makes a directory in it, and not those above.
        self.settings.state_dir.mkdir(parents=True, exist_ok=True)
        await super().on_first_start()
        if self.tracing is not None:
            self.parts.push_async_callback(asyncio.to_thread, self.tracing.close)
        await self.outlet.start()
        self.parts.push_async_callback(self.outlet.stop)
        await self._compose(self)
        # numpy's matrices are small here. A second thread gains nothing, and then waits for more work awake: a product
        # of 30 words by all others costs 30 ms of another core.
        threadpool_limits(1, user_api="blas")
        # Models and libraries stay for good: a collector that walks them at every turn costs a quarter of the CPU.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)

    async def on_started(self) -> None:
        """Say that the worker is ready, to whoever asks it."""
        await super().on_started()
        self.health.busy_with = ""
        log.info("ready: %s", ", ".join(sorted(self.settings.stages)))

    async def stop(self) -> None:
        """Say that the worker is ready no more, and stop."""
        self.health.busy_with = "stopping"
        await super().stop()

    async def on_stop(self) -> None:
        """Stop the parts, after the last commit."""
        await super().on_stop()
        await self.parts.aclose()


def _tracing(settings: Settings) -> Tracing | None:
    if settings.otlp_endpoint is None:
        return None
    from streams.tracing import Tracing, otlp  # noqa: PLC0415 - a worker without spans does not load their library

    return Tracing(settings.app_id, otlp(settings.otlp_endpoint))


def _credentials(settings: Settings) -> Any:
    """What Faust logs in to Kafka with; None where nobody needs to."""
    options = settings.kafka_options()
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None
