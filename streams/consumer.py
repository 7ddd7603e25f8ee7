"""What Headrace changes in Faust's Kafka transport, and why.

Faust keeps agents, group membership, assignment, rebalancing, commits and table recovery. Topics that have a
:class:`~streams.flow.Flow` are consumed in batches: Faust hands out one message at a time through two tasks, a lock, an
``Event`` and a stream iterator, which costs ten times what the client below it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import faust
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams import header_names
from streams.fetching import wait_as_asked

if TYPE_CHECKING:
    from agents.stage import Position
    from streams.flow import Flow, KafkaRecord

log = logging.getLogger(__name__)

SETTINGS: Mapping[str, Any] = {
    # A dead worker's partitions are free after this long, and what it had in hand is worked on again.
    "broker_session_timeout": 6.0,
    "broker_heartbeat_interval": 1.0,
    # Bounds, together with what is in flight, how much is worked on twice after a crash.
    "broker_commit_interval": 0.5,
    # Bounds what one partition holds in memory, together with the flow's own limits.
    "consumer_max_fetch_size": 1024 * 1024,
    "consumer_auto_offset_reset": "earliest",
    # Waits that Faust puts before it starts to work, for many agents that come up one by one.
    "stream_recovery_delay": 0.0,
    # A failed-over table is read again from its changelog, which is compacted and small.
    "table_standby_replicas": 0,
    # Faust waits for what is in flight before it gives partitions away; Consumer.wait_empty bounds that.
    "stream_wait_empty": True,
    # Topics are created by streams.topics, with their partition counts.
    "topic_allow_declare": False,
    "topic_disable_leader": True,
    "web_enabled": False,
    "worker_redirect_stdouts": False,
}
"""Faust settings that go with this transport."""


class Batch(NamedTuple):
    """What an agent gets from the channel of a topic that has a flow: the records of one fetch from one partition."""

    tp: TP
    records: Sequence[KafkaRecord]
    generation: int


async def lead(stream: Any, flow: Flow[Any]) -> None:
    """The whole body of an agent: lead what comes on ``stream`` through ``flow`` until the agent is stopped."""
    consumer = cast("Consumer", stream.app.consumer)
    queue = stream.channel.queue
    while True:
        try:
            batch: Batch = await queue.get()
        except StopAsyncIteration:  # how Faust tells an agent that it is over
            return
        for record in batch.records:
            await flow.put(record, batch.generation)
        consumer.release(batch, flow)


class ConsumerThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Runs the Kafka client with a wait for new records that fits what it asks for."""

    async def on_start(self) -> None:
        """Connect. What is consumed is subscribed to later."""
        await super().on_start()
        transport = cast("Transport", self.transport)
        # Once they are read, Faust leaves the changelogs of tables paused: nobody waits for them.
        wait_as_asked(
            self._consumer._fetcher, brief_ms=transport.fetch_wait_ms, awaited=lambda tp: tp.topic in transport.flows
        )

    async def on_thread_stop(self) -> None:
        """Disconnect."""
        # While its broker is away, aiokafka's fetcher lets the cancellation of its own task out of close(); Faust
        # would then wait for the end of this thread for ever.
        with contextlib.suppress(asyncio.CancelledError):
            await super().on_thread_stop()


class Consumer(driver.Consumer):  # type: ignore[misc]
    """Faust's consumer; for topics that have a flow, batches in and finished prefixes out."""

    transport: Transport

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._finished: dict[TP, int] = {}
        self._waiting: Counter[TP] = Counter()
        self._resumed = asyncio.Event()
        super().__init__(*args, **kwargs)

    def acknowledge(self, position: Position) -> None:
        """Everything received on this partition up to and including this offset is finished: commit it, some time."""
        self._finished[TP(position.topic, position.partition)] = position.offset + 1

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # -- records in

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            await self._drain(fetcher)
        except asyncio.CancelledError:
            # While partitions move, Faust takes the end of a fetcher that is told to stop for a crash of the worker.
            if not fetcher.should_stop:
                raise

    async def _drain(self, fetcher: Any) -> None:
        # In place of Faust's loop of the same name, which makes two tasks a message and, when one agent's buffer is
        # full, keeps every other agent waiting. Here a partition is asked for more only while fewer than two of its
        # batches wait in memory, and nobody waits for another.
        passed_over: dict[TP, int] = {}
        flows = self.transport.flows
        while not (self.should_stop or fetcher.should_stop):
            if not self.flow_active:
                await self.wait(self.can_resume_flow)
                continue
            # Until tables are recovered, flows get nothing: what is queued before that is cleared, and positions move.
            settled = not self.app.rebalancing
            if settled and passed_over and await self._seek_back(passed_over):
                passed_over = {}
            wanted = {tp for tp in self._get_active_partitions() if settled or tp.topic not in flows}
            if not wanted:  # no partitions at all would mean every one of them
                self._resumed.clear()
                await self.wait(self._resumed, timeout=0.05)
                continue
            generation = self.app.consumer_generation_id
            fetched = await self._getmany(wanted, timeout=0.05 if self._buffered_partitions else 1.0)
            same = self.flow_active and generation == self.app.consumer_generation_id
            for key, records in fetched.items():
                tp = ensure_TP(key)
                flow = flows.get(tp.topic)
                if not same or (flow is not None and self.app.rebalancing):
                    passed_over.setdefault(tp, records[0].offset)  # the position is past what nobody took
                elif flow is not None:
                    self._hand_over(tp, records, flow)
                else:
                    taken = await self._hand_out(tp, records, generation)
                    if taken < len(records):
                        passed_over.setdefault(tp, records[taken].offset)
                        same = False
            await asyncio.sleep(0)

    def _hand_over(self, tp: TP, records: Sequence[KafkaRecord], flow: Flow[Any]) -> None:
        expected = self._read_offset[tp]
        if expected is not None and records[0].offset < expected:
            records = [record for record in records if record.offset >= expected]
        if not records:
            return
        self._read_offset[tp] = records[-1].offset + 1
        self._waiting[tp] += 1
        if self._waiting[tp] > 1:
            self.on_buffer_full(tp)
        for channel in self.app.topics._tp_index[tp]:
            channel.queue.force_put_nowait(Batch(tp, records, flow.generation))

    def release(self, batch: Batch, flow: Flow[Any]) -> None:
        """The records of this batch are with their flow: there is room for another."""
        if batch.generation == flow.generation:
            self._waiting[batch.tp] -= 1
            self.on_buffer_drop(batch.tp)
            self._resumed.set()

    async def _hand_out(self, tp: TP, records: Sequence[Any], generation: int) -> int:
        """One by one to whatever else listens (table recovery, other agents), as Faust does it; how many were taken."""
        for taken, record in enumerate(records):
            if not self.flow_active or self.app.consumer_generation_id != generation:
                return taken
            expected = self._read_offset[tp]
            if expected is not None and record.offset > expected and self.app.topics.acks_enabled_for(tp.topic):
                await self._add_gap(tp, expected, record.offset - 1)
            if expected is None or record.offset >= expected:
                message = self._to_message(tp, record)
                await self.wait_first(self.callback(message), self.suspend_flow.wait())
                self._read_offset[tp] = record.offset + 1
        return len(records)

    async def _seek_back(self, passed_over: Mapping[TP, int]) -> bool:
        """Stand at the committed offsets again, or at the first record passed over where nothing was ever committed."""
        try:
            await self.perform_seek()  # leaves a partition without a committed offset where it stands
            for tp in passed_over.keys() & self.assignment():
                first = passed_over[tp]
                if tp.topic in self.transport.flows and self._read_offset[tp] is None:
                    position = await self.position(tp)
                    if position is not None and first < position:
                        await self.seek_wait({tp: first})
        except Exception as error:  # noqa: BLE001 - partitions move again; this is called again when they are settled
            log.info("no seek while partitions move: %r", error)
            return False
        return True

    # -- acknowledgements out

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        yield from super()._filter_tps_with_pending_acks(topics)
        yield from [tp for tp in self._finished if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        if tp in self._finished:
            return self._finished.pop(tp)
        return cast("int | None", super()._new_offset(tp))

    # -- partitions away

    async def wait_empty(self) -> None:
        """Let the flows finish what they hold, for a while, and commit.

        Called before partitions are given away and before the worker ends. Faust waits without a limit, so that one
        slow record holds up a rebalance of the whole group and makes the worker deaf to SIGTERM.
        """
        flows = {id(flow): flow for flow in self.transport.flows.values()}.values()
        given_back = sum(await asyncio.gather(*(flow.drain(self.transport.drain_s) for flow in flows)))
        if given_back:
            log.warning("%d records were not done in time and are given back", given_back)
        # In a task of its own: Faust takes the cancellation of a commit for that of another one, and goes on waiting.
        commit = asyncio.create_task(self._commit_all())
        done, _ = await asyncio.wait({commit}, timeout=self.transport.commit_s)
        if not done:
            commit.cancel()
            log.warning("no commit for %.0f s: what was finished meanwhile comes again", self.transport.commit_s)

    async def _commit_all(self) -> None:
        # Faust skips a commit while another runs, which may have begun before the last record was finished.
        await self.maybe_wait_for_commit_to_finish()
        await super().wait_empty()

    async def on_stop(self) -> None:
        """Disconnect: the app has called ``wait_empty``, and to wait for a broker that is away twice helps nobody."""
        self.transport._topic_waiters.clear()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish, commit, and forget what belonged to those partitions."""
        await super().on_partitions_revoked(revoked)
        self._finished.clear()
        self._waiting.clear()
        self._buffered_partitions.clear()

    async def verify_all_partitions_active(self) -> None:
        """Nothing: Faust looks for stalls in sensors that batches do not pass, and would log one for every partition.

        A stall cannot last here: every record has a deadline.
        """


class Transport(driver.Transport):  # type: ignore[misc]
    """Faust's Kafka transport with this module's consumer. Assign it to ``app.transport`` before the first agent.

    Args:
        app: the app that it serves.
        fetch_wait_ms: how long the broker may wait for a first record, where other partitions wait for its answer.
        drain_s: how long what is in flight may take to finish before partitions are given away.
        commit_s: how long the last commit may take.
    """

    Consumer = Consumer

    def __init__(
        self, app: faust.App, *, fetch_wait_ms: int = 50, drain_s: float = 10.0, commit_s: float = 5.0
    ) -> None:
        super().__init__(app.conf.broker_consumer, app)
        header_names.read_any()
        self.fetch_wait_ms = fetch_wait_ms
        self.drain_s = drain_s
        self.commit_s = commit_s
        self.flows: dict[str, Flow[Any]] = {}
        """By topic. Fill it before the app starts; a topic that is not here is consumed as Faust does."""

    def acknowledge(self, position: Position) -> None:
        """What a flow's ``ack`` is."""
        cast("Consumer", self.app.consumer).acknowledge(position)

    def halt(self, error: BaseException) -> None:
        """What a flow's ``halt`` is: the worker drains, commits, and ends with a status that is not 0."""
        log.critical("%s: the worker stops; what it had in hand goes to another", error)
        # Not App.crash, which takes the consumer down at once: what is finished could not be committed any more.
        root = self.app.beacon.root
        worker = self.app if root is None else root.data
        worker.crash_reason = error
        worker._crashed.set()


class Worker(faust.Worker):  # type: ignore[misc]
    """Faust's worker without its spinner, which sets the root logger to DEBUG and costs a fifth of the CPU."""

    def on_setup_root_logger(self, logger: logging.Logger, level: int) -> None:
        """Leave the level as it was asked for."""
        self.spinner = None
