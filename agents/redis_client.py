"""Connections to Redis: any from 6 on, or Valkey, without modules."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from schemas.errors import ServiceError


def connect(url: str) -> Redis:
    """A client: ``redis://``, ``rediss://`` or ``unix://``; nothing is sent yet. Whoever makes it closes it.

    Raises:
        ServiceError: not such a URL.
    """
    try:
        # A connection that a restart of the server has cut is replaced once. Every call has a limit of its own.
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        return Redis.from_url(url, protocol=2, retry=retry, socket_timeout=None)
    except ValueError as error:
        raise ServiceError(f"{url!r} is not the URL of a Redis: {error}") from error


def name_of(client: Any) -> str:
    """What the server of a client is called in messages: its kind and address."""
    where = client.get_connection_kwargs()
    return f"Redis at {where.get('path') or '{}:{}'.format(where.get('host'), where.get('port'))}"
