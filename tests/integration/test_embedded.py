"""The embedded services, for real: they start, keep what they should, and never outlive the process that asked."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from redis.asyncio import Redis

from schemas.errors import ServiceError, SetupError
from streams.embedded import kafka, model
from streams.embedded.broker import broker
from streams.embedded.cache import cache_dir, filled
from streams.embedded.kafka import KafkaServer
from streams.embedded.service import HOST, Service
from streams.embedded.tansu import TansuServer
from streams.embedded.valkey import ValkeyServer

needs_kafka = pytest.mark.skipif(kafka.unavailable() is not None, reason=f"no Kafka: {kafka.unavailable()}")


async def publish(address: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, acks="all")
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait("river", value)
    finally:
        await producer.stop()


async def read(address: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer("river", bootstrap_servers=address, group_id="g", auto_offset_reset="earliest")
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def create_topic(address: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic("river", 1, 1)])
    finally:
        await admin.close()


def within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


@needs_kafka
@pytest.mark.slow
async def test_kafka_keeps_what_it_acknowledged_over_a_kill_at_the_same_address() -> None:
    async with KafkaServer() as server:
        address = server.address
        await create_topic(address)
        await publish(address, [b"before"])
        await server.kill()
        assert not listens(server.port)
        await server.start()
        await publish(address, [b"after"])
        assert server.address == address
        assert await read(address, 2) == [b"before", b"after"]
        scratch = server.directory
    assert not scratch.exists()


@needs_kafka
@pytest.mark.slow
async def test_a_kept_data_directory_is_found_again_by_another_broker(tmp_path: Path) -> None:
    async with KafkaServer(tmp_path / "kafka") as first:
        await create_topic(first.address)
        await publish(first.address, [b"kept"])
    async with KafkaServer(tmp_path / "kafka") as second:
        assert await read(second.address, 1) == [b"kept"]


async def test_tansu_carries_messages() -> None:
    async with TansuServer() as server:
        await create_topic(server.address)
        await publish(server.address, [b"one", b"two"])
        assert await read(server.address, 2) == [b"one", b"two"]


async def test_valkey_forgets_when_it_is_stopped() -> None:
    server = ValkeyServer()
    async with server, Redis.from_url(server.url) as client:
        await client.set("k", "1")
    async with server, Redis.from_url(server.url) as client:
        assert await client.get("k") is None


async def test_a_server_that_ended_by_itself_starts_again_and_leaves_nothing_open() -> None:
    async with ValkeyServer() as valkey:
        async with Redis.from_url(valkey.url) as redis:
            await redis.shutdown(nosave=True)
        assert await asyncio.to_thread(within, 10, lambda: not valkey.running)
        await valkey.start()
        gc.collect()  # an open pipe would be complained of here
        async with Redis.from_url(valkey.url) as redis:
            assert await redis.ping()


async def test_valkey_with_a_data_directory_keeps_what_it_was_told(tmp_path: Path) -> None:
    async with ValkeyServer(tmp_path) as first, Redis.from_url(first.url) as client:
        await client.set("k", "1")
    async with ValkeyServer(tmp_path) as second, Redis.from_url(second.url) as client:
        assert await client.get("k") == b"1"


PARENT = """
import asyncio, os, sys, time
from streams.embedded.kafka import KafkaServer
from streams.embedded.valkey import ValkeyServer

async def main():
    services = [Server() for Server in (ValkeyServer, KafkaServer)[:int(sys.argv[1])]]
    await asyncio.gather(*(service.start() for service in services))
    if sys.argv[2] == "fork" and os.fork() == 0:
        time.sleep(60)  # a child without exec: it holds the pipes open after its parent's death
    print(*(f"{service.port} {service.directory}" for service in services), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("also", ["alone", "fork"])
def test_servers_die_with_a_parent_that_is_killed(also: str) -> None:
    count = 2 if kafka.unavailable() is None else 1
    command = [sys.executable, "-c", PARENT, str(count), also]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        words = parent.stdout.readline().split()
        servers = {int(port): Path(directory) for port, directory in zip(words[::2], words[1::2], strict=True)}
        assert len(servers) == count
        assert all(listens(port) for port in servers)
        family = psutil.Process(parent.pid).children(recursive=True)
        forked = [member for member in family if PARENT in member.cmdline()]
        assert len(forked) == (also == "fork")
        parent.send_signal(signal.SIGKILL)
        assert within(15, lambda: not any(member.is_running() for member in family if member not in forked))
        assert not any(listens(port) for port in servers)
        assert within(5, lambda: not any(directory.exists() for directory in servers.values()))
        for member in forked:
            member.kill()


async def test_stopping_asks_the_server_alone_and_then_ends_what_it_started(tmp_path: Path) -> None:
    class Shell(Service):
        name = "Shell"

        def command(self) -> list[str]:
            # The helper ignores nothing: it would be gone first if it were asked too.
            script = f"sleep 60 & trap 'kill -0 $! && echo helper alive; exit 0' TERM; echo $! >{tmp_path}/helper; "
            serve = f"import http.server as h; h.HTTPServer(('{HOST}', {self.port}), None).serve_forever()"
            return ["bash", "-c", f'{script} {sys.executable} -c "{serve}" & wait $!; wait']

        async def probe(self) -> None:
            assert (tmp_path / "helper").exists()

    server = Shell(tmp_path)
    await server.start()
    helper = int((tmp_path / "helper").read_text())
    await server.stop()
    assert "helper alive" in server.log.read_text()
    assert within(5, lambda: not psutil.pid_exists(helper) or psutil.Process(helper).status() == "zombie")


async def test_a_server_that_cannot_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "valkey.log").write_text("what an earlier start said\n")
    server = ValkeyServer(tmp_path)
    server.port = 1 << 16
    said = rf"Valkey on 127.0.0.1:65536 ended with status 1 while starting. The end of its log, {server.log}:\n"
    with pytest.raises(ServiceError, match=rf"{said}(?s:.*)must be between 0 and 65535"):
        await server.start()
    assert not server.running


def executable(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("java", "maven", "why"),
    [
        (None, True, "java is not on PATH"),
        ("echo 'openjdk version \"11.0.2\"' >&2", True, "version 11"),
        ("echo 'java version \"1.8.0_392\"' >&2", True, "version 8"),
        ("echo 'openjdk version \"17.0.15\"' >&2", False, "mvn is not on PATH"),
        ("echo 'openjdk version \"21\" 2023-09-19' >&2", True, None),
    ],
)
def test_the_broker_is_kafka_where_java_and_maven_are_and_tansu_elsewhere(
    java: str | None, maven: bool, why: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HEADRACE_CACHE_DIR", str(tmp_path / "empty"))
    if java is not None:
        executable(tmp_path / "java", java)
    if maven:
        executable(tmp_path / "mvn", "exit 1")
    said: list[str] = []
    chosen = broker(said.append)
    assert len(said) == 1
    if why is None:
        assert isinstance(chosen, KafkaServer)
        assert said[0] == f"broker: Apache Kafka {kafka.kafka_version()}"
        with pytest.raises(SetupError, match="Maven could not fetch Kafka's jars"):
            kafka.install(said.append)
        assert not kafka.jars_dir().exists()
    else:
        assert isinstance(chosen, TansuServer)
        assert why in said[0]
        assert "memory only" in said[0]


def test_a_filled_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    wanted = tmp_path / "cache" / "thing"

    def interrupted(into: Path) -> None:
        (into / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        filled(wanted, interrupted)
    assert not wanted.exists()

    fills: list[Path] = []

    def fill(into: Path) -> None:
        fills.append(into)
        time.sleep(0.1)
        (into / "whole").touch()

    threads = [threading.Thread(target=filled, args=(wanted, fill)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fills) == 1
    assert [entry.name for entry in wanted.iterdir()] == ["whole"]


def test_a_full_disk_is_said_plainly(tmp_path: Path) -> None:
    def fill(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(SetupError, match=r"no space left for .*thing: free some, or set HEADRACE_CACHE_DIR"):
        filled(tmp_path / "thing", fill)


def test_the_cache_directory_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEADRACE_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_dir() == Path.home() / ".cache" / "headrace"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_dir() == tmp_path / "headrace"
    monkeypatch.setenv("HEADRACE_CACHE_DIR", str(tmp_path / "own"))
    assert cache_dir() == tmp_path / "own"


@pytest.mark.filterwarnings("default")
def test_the_converted_model_knows_the_capital_of_france() -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    directory = str(model.model_dir())
    tokenizer = AutoTokenizer.from_pretrained(directory)
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    generated = AutoModelForCausalLM.from_pretrained(directory).generate(**prompt, max_new_tokens=20, do_sample=False)
    answer = generated[0][prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(answer) == "The capital of France is Paris.<|im_end|>"
    assert answer[-1] == tokenizer.eos_token_id
    assert [tokenizer.decode(token) for token in tokenizer("on 2024")["input_ids"]] == ["on", " ", *"2024"]


def test_the_embedder_is_where_it_is_said_to_be() -> None:
    assert (model.embedder_dir() / "model.safetensors").exists()
