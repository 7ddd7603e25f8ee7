"""The port to what was answered from a collection: void as soon as the collection says something else."""

from __future__ import annotations

from typing import Protocol


class Invalidation(Protocol):
    """Makes void, on every worker, all that was answered until now from a collection of a tenant."""

    async def __call__(self, tenant: str, collection: str) -> None:
        """Return when it is void.

        Raises:
            ServiceError: it is not, for whatever reason. The call will be repeated until it is.
        """
        ...
