"""Which broker this machine can run."""

from __future__ import annotations

from pathlib import Path

from streams.embedded import kafka
from streams.embedded.cache import Say
from streams.embedded.service import Service
from streams.embedded.tansu import TansuServer


def broker(say: Say, data_dir: Path | None = None) -> Service:
    """Apache Kafka where Java and its jars (or Maven, to fetch them) are there, else Tansu; ``say`` which one.

    The broker is not started yet. ``data_dir`` keeps Kafka's topics from run to run; Tansu keeps nothing.
    """
    if (why := kafka.unavailable()) is None:
        say(f"broker: Apache Kafka {kafka.kafka_version()}")
        return kafka.KafkaServer(data_dir, say=say)
    say(f"broker: Tansu, in memory only; its topics end with it ({why})")
    return TansuServer()
