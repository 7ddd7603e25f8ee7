"""Apache Kafka in KRaft mode: one node, broker and controller, out of Maven Central's jars."""

from __future__ import annotations

import re
import shutil
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from aiokafka.admin import AIOKafkaAdminClient

from schemas.errors import ServiceError, SetupError
from streams.embedded.cache import Say, cache_dir, filled
from streams.embedded.service import HOST, Service, free_port

_POM = Path(__file__).with_name("kafka.pom.xml")
_OLDEST_JAVA = 17
_QUICK = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
"""A broker for one machine is started often and lives for minutes: compiling well takes longer than it gains. Its start
is 7 s of a core instead of 11."""

_LOGGING = """\
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
"""


def kafka_version() -> str:
    """The version of Kafka that the pom names."""
    return _POM.read_text().partition("<kafka.version>")[2].partition("<")[0]


def jars_dir() -> Path:
    """Where the jars are, or will be."""
    return cache_dir() / f"kafka-{kafka_version()}"


def unavailable() -> str | None:
    """Why Kafka cannot run here, as half a sentence; None where it can."""
    if (java := shutil.which("java")) is None:
        return "java is not on PATH"
    if (version := _java_version(java)) < _OLDEST_JAVA:
        return f"java on PATH is version {version}, and Kafka needs {_OLDEST_JAVA}"
    if not jars_dir().exists() and shutil.which("mvn") is None:
        return "mvn is not on PATH to fetch its jars"
    return None


def _java_version(java: str) -> int:
    """17 for ``17.0.15`` and 8 for ``1.8.0_392``; 0 where it does not run."""
    try:
        shown = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r'version "(?:1\.)?(\d+)', shown)
    return int(found[1]) if found else 0


def install(say: Say) -> Path:
    """Fetch Kafka's jars through Maven, once; return their directory.

    Raises:
        SetupError: Maven is missing or failed, or the cache cannot be written.
    """

    def fetch(into: Path) -> None:
        if (maven := shutil.which("mvn")) is None:
            raise SetupError("mvn is not on PATH: install Maven, or run without Kafka (the Tansu broker is used)")
        say(f"fetching Apache Kafka {kafka_version()} through Maven (about 45 MB)")
        # Maven writes its own files beside the pom it is given, so it gets a copy.
        shutil.copy(_POM, into / "pom.xml")
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={into}", "-DincludeScope=runtime"]
        ran = subprocess.run(
            [maven, "-q", "-B", "-f", str(into / "pom.xml"), *goal], capture_output=True, text=True, check=False
        )
        if ran.returncode != 0:
            why = [line for line in (ran.stdout + ran.stderr).splitlines() if "ERROR" in line][:3]
            raise SetupError("Maven could not fetch Kafka's jars; is there a network? " + " ".join(why))

    return filled(jars_dir(), fetch)


class KafkaServer(Service):
    """One Kafka broker, its own controller. Topics are not made by themselves.

    With a ``data_dir`` it finds there what an earlier one left, under another port or the same.
    """

    name: ClassVar[str] = "Kafka"

    def __init__(self, data_dir: Path | None = None, *, say: Say = lambda _: None) -> None:
        super().__init__(data_dir)
        self._say = say
        self._controller_port = free_port()

    def command(self) -> list[str]:
        """Write the configuration, format the data directory once, and run ``kafka.Kafka``."""
        if why := unavailable():
            raise ServiceError(f"Kafka cannot run here: {why}. Install Java 17 or later and Maven")
        jars = install(self._say)
        config = self.directory / "server.properties"
        config.write_text("".join(f"{key}={value}\n" for key, value in self._properties().items()))
        logging = self.directory / "log4j2.properties"
        logging.write_text(_LOGGING)
        classpath = [f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
        if not (self.directory / "data" / "meta.properties").exists():
            self._format(["-Xmx128m", *_QUICK, *classpath], config)
        return ["java", "-Xms256m", "-Xmx512m", *_QUICK, *classpath, "kafka.Kafka", str(config)]

    def _format(self, java: list[str], config: Path) -> None:
        # The form of Kafka's own ids: 22 letters of base64. The first must not look like an option.
        cluster = "h" + urlsafe_b64encode(uuid4().bytes).decode()[:21]
        tool = ["kafka.tools.StorageTool", "format", "--cluster-id", cluster, "--config", str(config)]
        ran = subprocess.run(["java", *java, *tool], capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            end = "\n".join((ran.stdout + ran.stderr).splitlines()[-5:])
            raise ServiceError(f"Kafka could not format {self.directory / 'data'}: {end}")

    def _properties(self) -> dict[str, object]:
        controller = f"{HOST}:{self._controller_port}"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": self.directory / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 4,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            # A broker that was killed may not register again before its old session ends: 9 s by default.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,
            # Workers here notice a dead one within seconds, so that a demo and a test do.
            "group.min.session.timeout.ms": 1000,
            # The default of 128 MB would take a quarter of the heap.
            "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        }

    async def probe(self) -> None:
        """Ask who coordinates a group; that makes the offsets topic too, so that the first to join need not wait."""
        client = AIOKafkaAdminClient(bootstrap_servers=self.address, request_timeout_ms=5000)
        await client.start()
        try:
            await client.find_coordinator("headrace-probe")
        finally:
            await client.close()
