"""Where roll-ups live, as far as the ledger needs to know."""

from __future__ import annotations

from typing import Protocol

from schemas.ledger import RollUp


class Rows(Protocol):
    """The roll-ups of the partitions at hand, in memory, behind a compacted topic.

    What is put is published to ``headrace.finops``, keyed as :func:`agents.ledger.fold.key_of` says, on the partition
    of the ledger entries that it sums up; who takes a partition over reads its rows from there first.

    A worker that lost its partition without noticing may publish an older version after a newer one, and compaction
    then keeps the older. The ledger therefore also asks the database, which keeps the larger version whatever comes.
    """

    def get(self, key: bytes) -> RollUp | None:
        """The roll-up as it was put last. Immediate."""
        ...

    async def put(self, key: bytes, row: RollUp, partition: int) -> None:
        """Keep the roll-up; return when it is durable.

        Of a partition that is no longer this worker's it may return at once and keep nothing: the entries behind it
        are not acknowledged, and their new owner folds them.

        Raises:
            ServiceError: it could not be published; it may be put again.
        """
        ...
