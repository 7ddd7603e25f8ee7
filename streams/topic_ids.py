"""Topics with their ids: a newer version of Kafka's Metadata request than aiokafka knows, in its own terms.

A broker draws an id for every topic that it makes, so that a topic that is made again under the same name is told
from the first. A cluster's id tells no such thing: the containers of one image may all have the same.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from typing import Any, ClassVar

from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.metadata import MetadataRequest, MetadataRequest_v5
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Schema, TaggedFields

_BYTES = 16
_NONE = bytes(_BYTES)


class TopicId(AbstractType):  # type: ignore[misc]
    """A UUID as Kafka's tools write it: 22 characters of URL-safe base64. None, where a topic has none."""

    @classmethod
    def encode(cls, value: str | None) -> bytes:
        """Only topics by name are asked for: an id is never sent."""
        assert value is None  # noqa: S101 - what it says
        return _NONE

    @classmethod
    def decode(cls, data: Any) -> str | None:
        """Read one."""
        raw = data.read(_BYTES)
        return None if raw == _NONE else urlsafe_b64encode(raw).rstrip(b"=").decode()


_TAGS = ("tags", TaggedFields)
_BROKER = (("node_id", Int32), ("host", CompactString()), ("port", Int32), ("rack", CompactString()), _TAGS)
_PARTITION = (
    ("error_code", Int16),
    ("partition", Int32),
    ("leader", Int32),
    ("leader_epoch", Int32),
    ("replicas", CompactArray(Int32)),
    ("isr", CompactArray(Int32)),
    ("offline_replicas", CompactArray(Int32)),
    _TAGS,
)
_TOPIC = (
    ("error_code", Int16),
    ("topic", CompactString()),
    ("topic_id", TopicId),
    ("is_internal", Boolean),
    ("partitions", CompactArray(*_PARTITION)),
    ("authorized_operations", Int32),
    _TAGS,
)


class _Answer(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 11
    SCHEMA: ClassVar[Any] = Schema(
        ("throttle_time_ms", Int32),
        ("brokers", CompactArray(*_BROKER)),
        ("cluster_id", CompactString()),
        ("controller_id", Int32),
        ("topics", CompactArray(*_TOPIC)),
        _TAGS,
    )


class _Asked(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 3
    API_VERSION = 11
    RESPONSE_TYPE = _Answer
    SCHEMA: ClassVar[Any] = Schema(
        ("topics", CompactArray(("topic_id", TopicId), ("name", CompactString()), _TAGS)),
        ("allow_auto_topic_creation", Boolean),
        ("include_authorized_operations", Boolean),
        _TAGS,
    )


class EveryTopic(Request[MetadataRequest_v5 | _Asked]):  # type: ignore[misc]
    """Asks for all topics. Where the broker is too old to tell ids, its answer's topics have no ``topic_id``."""

    API_KEY = 3

    def build(self, version: Any) -> Any:
        """The request, in the newest version that the broker knows too."""
        return _Asked(None, False, False, {}) if version is _Asked else MetadataRequest(None, False).build(version)
