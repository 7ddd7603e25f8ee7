"""The ledger's roll-ups in a Faust table whose changelog is ``headrace.finops``."""

from __future__ import annotations

from typing import Any

from schemas import topics
from schemas.codec import Codec
from schemas.errors import ServiceError
from schemas.ledger import RollUp
from streams.flow import NotDeliveredError
from streams.outlet import Outlet


class RollUpTable:
    """Rows in memory, published when they are put, and read back by Faust when their partition is assigned.

    Args:
        app: the Faust app, before it starts.
        codec: how rows are written.
        outlet: publishes them.
        partitions: of the ledger's topic and of its roll-ups'.
    """

    def __init__(self, app: Any, codec: Codec, outlet: Outlet, *, partitions: int) -> None:
        self._codec = codec
        self._decode = codec.decoder(RollUp, ours=True)
        self._outlet = outlet
        changelog = app.topic(
            topics.FINOPS,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
            compacting=True,
        )
        self._table = app.Table("rollups", partitions=partitions, changelog_topic=changelog)
        self._decoded: dict[bytes, tuple[bytes, RollUp]] = {}
        """Rows as objects, each with the bytes that it stands for: Faust changes the table when partitions move."""

    def get(self, key: bytes) -> RollUp | None:
        """The row as it was put last, by us or by whoever had the partition before.

        Raises:
            ServiceError: that was a worker of a newer release.
        """
        value = self._table.data.get(key)
        if value is None:
            self._decoded.pop(key, None)
            return None
        known = self._decoded.get(key)
        if known is None or known[0] != value:
            known = self._decoded[key] = (value, self._decode(value))
        return known[1]

    async def put(self, key: bytes, row: RollUp, partition: int) -> None:
        """Keep a row; return when the broker has it.

        Raises:
            ServiceError: it does not, yet.
        """
        value = self._codec.encode(row)
        # Not through the table's own setter: that wants the event that Faust is handling, and says when a change was
        # handed to a buffer, not when it is durable.
        self._table.data[key] = value
        self._decoded[key] = (value, row)
        try:
            await self._outlet.write(topics.FINOPS, partition, key, value)
        except NotDeliveredError as error:
            raise ServiceError(f"a roll-up could not be published: {error}") from error
