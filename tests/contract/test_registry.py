"""Registries: the schemas folder and a real Confluent-compatible server keep one contract."""

from __future__ import annotations

import base64
import http.server
import io
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fastavro
import httpx
import pytest

from schemas import registry
from schemas.codec import Codec
from schemas.errors import ServiceError, UndecodableError
from schemas.ledger import CostLine, SavingLine, Timings
from schemas.records import DeadLetter, Message, PredictionRequest
from schemas.registry import FolderRegistry, HttpRegistry, Registry
from streams.embedded.service import HOST, free_port
from tests.services.apicurio import ApicurioServer

NAMES = sorted(path.name.split(".")[1] for path in registry.FOLDER.glob("headrace.*.avsc"))
RECORDS = [name for name in NAMES if registry.schema(name)["type"] == "record"]
UNKNOWN = 2_000_000_000
REQUEST = PredictionRequest(
    request_id="r-1",
    tenant="bank",
    task="desk",
    messages=[Message(role="user", content="Is Zürich open on Sunday?")],
    deadline=1_750_000_000_123,
)
DEAD = DeadLetter(
    origin="headrace.requests/0@7",
    key=None,
    value=b"\x00\xff",
    code="UNDECODABLE",
    reason="not Avro",
    stage="cache",
    occurred_at=1,
)

Fresh = Callable[[], Registry]
"""Makes a registry that has seen nothing yet, over schemas that all of them share."""


@pytest.fixture(params=["folder", "apicurio"])
def fresh(request: pytest.FixtureRequest) -> Fresh:
    if request.param == "folder":
        return FolderRegistry
    return partial(HttpRegistry, request.getfixturevalue("apicurio").url)


# What every registry does.


@pytest.mark.parametrize("name", RECORDS)
def test_an_id_leads_back_to_its_schema(fresh: Fresh, name: str) -> None:
    number = fresh().id_of(name)
    assert fresh().by_id(number) is registry.schema(name), "ours itself: reading it resolves nothing"


def test_an_id_never_changes_and_no_two_records_share_one(fresh: Fresh) -> None:
    one, other = fresh(), fresh()
    ids = [one.id_of(name) for name in RECORDS]
    assert len(set(ids)) == len(RECORDS)
    assert ids == [other.id_of(name) for name in RECORDS]
    assert ids == [one.id_of(name) for name in RECORDS]


def test_an_unknown_id_is_undecodable(fresh: Fresh) -> None:
    with pytest.raises(UndecodableError, match=str(UNKNOWN)):
        fresh().by_id(UNKNOWN)
    with pytest.raises(UndecodableError, match=str(UNKNOWN)):
        Codec("confluent", fresh()).decode(b"\x00" + struct.pack(">I", UNKNOWN) + b"body", Message)


@pytest.mark.parametrize("record", [REQUEST, DEAD], ids=lambda record: type(record).__name__)
def test_codecs_that_share_a_registry_read_each_other(fresh: Fresh, record: PredictionRequest | DeadLetter) -> None:
    one, other = Codec("confluent", fresh()), Codec("confluent", fresh())
    written = one.encode(record)
    assert written[:5] == b"\x00" + struct.pack(">I", fresh().id_of(type(record).__name__))
    assert other.decode(written, type(record)) == record
    assert one.decode(other.encode(record), type(record)) == record


def test_whatever_is_written_both_framings_are_read(fresh: Fresh) -> None:
    confluent, single = Codec("confluent", fresh()), Codec("single-object", fresh())
    assert confluent.decode(single.encode(REQUEST), PredictionRequest) == REQUEST
    assert single.decode(confluent.encode(REQUEST), PredictionRequest) == REQUEST


def test_another_record_than_the_topic_carries_is_undecodable(fresh: Fresh) -> None:
    codec = Codec("confluent", fresh())
    with pytest.raises(UndecodableError, match=r"headrace\.DeadLetter where a headrace\.PredictionRequest"):
        codec.decode(codec.encode(DEAD), PredictionRequest)


def test_bytes_that_end_too_early_are_undecodable(fresh: Fresh) -> None:
    codec = Codec("confluent", fresh())
    written = codec.encode(REQUEST)
    for length in range(len(written)):
        with pytest.raises(UndecodableError):
            codec.decode(written[:length], PredictionRequest)


# What a server adds: producers register schemas of their own.


def registered(server: ApicurioServer, subject: str, schema: Any, **more: Any) -> int:
    """What any producer may do: register a schema under a subject of its own; return the id."""
    text = schema if isinstance(schema, str) else json.dumps(schema)
    answer = httpx.post(f"{server.url}/subjects/{subject}/versions", json={"schema": text, **more})
    answer.raise_for_status()
    return int(answer.json()["id"])


def changed(name: str, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> dict[str, Any]:
    """Our schema of that name with its fields changed, as another release may have it."""
    schema = json.loads(registry.text(name))
    schema["fields"] = change(schema["fields"])
    return dict(schema)


def framed(number: int, schema: dict[str, Any], fields: dict[str, Any]) -> bytes:
    body = io.BytesIO()
    fastavro.schemaless_writer(body, fastavro.parse_schema(schema), fields)
    return b"\x00" + struct.pack(">I", number) + body.getvalue()


def test_a_newer_writers_record_is_read_as_ours(apicurio: ApicurioServer) -> None:
    added = {"name": "currency", "type": "string", "default": "USD"}
    newer = changed("SavingLine", lambda fields: [added, *fields])
    number = registered(apicurio, "newer-release", newer)
    line = SavingLine(strategy="exact_cache", tokens=12, gross=700, cost=3)
    fields = {"currency": "CHF", "strategy": "exact_cache", "tokens": 12, "gross": 700, "cost": 3}
    codec = Codec("confluent", HttpRegistry(apicurio.url))
    assert codec.decode(framed(number, newer, fields), SavingLine) == line


def test_an_older_writers_record_gets_our_defaults(apicurio: ApicurioServer) -> None:
    needed = {"request_id", "tenant", "task", "messages"}
    older = changed("PredictionRequest", lambda fields: [field for field in fields if field["name"] in needed])
    number = registered(apicurio, "older-release", older)
    fields = {"request_id": "r", "tenant": "t", "task": "k", "messages": [{"role": "user", "content": "?"}]}
    codec = Codec("confluent", HttpRegistry(apicurio.url))
    assert codec.decode(framed(number, older, fields), PredictionRequest) == PredictionRequest(
        request_id="r", tenant="t", task="k", messages=[Message(role="user", content="?")]
    )


def test_a_writer_whose_field_has_another_type_is_undecodable(apicurio: ApicurioServer) -> None:
    other = changed("Timings", lambda fields: [{**field, "type": "string", "default": ""} for field in fields])
    number = registered(apicurio, "another-type", other)
    written = framed(number, other, {"queue": "1", "prefill": "2", "decode": "3"})
    with pytest.raises(UndecodableError, match=r"not a headrace\.Timings"):
        Codec("confluent", HttpRegistry(apicurio.url)).decode(written, Timings)


def test_an_incompatible_schema_is_refused_and_the_message_says_why(
    apicurio: ApicurioServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = f"{apicurio.url}/subjects/headrace.CostLine"
    HttpRegistry(apicurio.url).id_of("CostLine")

    def later(fields: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**field, "type": "string"} if field["name"] == "cost" else field for field in fields]

    with monkeypatch.context() as release:
        broken = json.dumps(changed("CostLine", later))
        release.setattr(registry, "text", lambda name: broken)
        with pytest.raises(ServiceError, match=r"headrace\.CostLine incompatible .*LONG.*STRING") as caught:
            HttpRegistry(apicurio.url).id_of("CostLine")
    assert apicurio.url in str(caught.value)
    assert "{" not in str(caught.value).replace("{2}", ""), "the registry's JSON is not for a person to read"
    assert httpx.get(f"{subject}/versions").json() == [1]

    line = CostLine(kind="input", strategy=None, model="m", tokens=1, cost=2, price_version="p")
    codec = Codec("confluent", HttpRegistry(apicurio.url))
    assert codec.decode(codec.encode(line), CostLine) == line


@pytest.mark.parametrize(
    ("subject", "schema", "kind"),
    [
        ("a-string", '"string"', "AVRO"),
        ("an-enum", {"type": "enum", "name": "headrace.Message", "symbols": ["A"]}, "AVRO"),
        ("a-union", ["null", {"type": "record", "name": "headrace.Message", "fields": []}], "AVRO"),
        ("json-schema", {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}, "JSON"),
        ("protobuf", 'syntax = "proto3"; message Message { string role = 1; }', "PROTOBUF"),
    ],
)
def test_a_schema_that_is_no_avro_record_is_undecodable(
    apicurio: ApicurioServer, subject: str, schema: Any, kind: str
) -> None:
    number = registered(apicurio, subject, schema, schemaType=kind)
    with pytest.raises(UndecodableError, match=f"schema id {number} at {apicurio.url} is not a self-contained Avro"):
        Codec("confluent", HttpRegistry(apicurio.url)).decode(b"\x00" + struct.pack(">I", number) + b"xyz", Message)


def test_a_schema_in_pieces_is_undecodable_and_the_message_names_the_missing_one(apicurio: ApicurioServer) -> None:
    registered(apicurio, "pieces.Role", {"type": "enum", "name": "pieces.Role", "symbols": ["user"]})
    whole = {"type": "record", "name": "headrace.Message", "fields": [{"name": "role", "type": "pieces.Role"}]}
    reference = {"name": "pieces.Role", "subject": "pieces.Role", "version": 1}
    number = registered(apicurio, "pieces.Message", whole, references=[reference])
    with pytest.raises(UndecodableError, match=r"self-contained.*pieces\.Role"):
        HttpRegistry(apicurio.url).by_id(number)


# A registry in trouble: the bytes may be good, so they are not called undecodable.


def asked(url: str, **options: Any) -> list[str]:
    """What each way of asking says when it fails, all of them ServiceErrors."""
    source = HttpRegistry(url, **options)
    codec = Codec("confluent", source)
    written = b"\x00" + struct.pack(">I", 1) + b"body"
    ways: list[Callable[[], object]] = [
        lambda: source.id_of("Answer"),
        lambda: source.by_id(1),
        lambda: codec.encode(REQUEST),
        lambda: codec.decode(written, PredictionRequest),
    ]
    said = []
    for way in ways:
        with pytest.raises(ServiceError) as caught:
            way()
        said.append(str(caught.value))
    return said


def test_a_schema_is_asked_for_once(apicurio: ApicurioServer, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = Codec("confluent", HttpRegistry(apicurio.url))
    written = codec.encode(REQUEST)
    codec.decode(written, PredictionRequest)

    def away(*_: object, **__: object) -> None:
        raise httpx.ConnectError("away")

    monkeypatch.setattr(httpx.Client, "send", away)
    assert codec.decode(codec.encode(REQUEST), PredictionRequest) == REQUEST
    with pytest.raises(ServiceError, match="away"):
        codec.encode(DEAD)


def test_a_registry_that_is_down_is_a_service_error() -> None:
    url = f"http://{HOST}:{free_port()}"
    assert all(f"the schema registry at {url} cannot be reached" in said for said in asked(url))


def test_a_registry_that_never_answers_is_a_service_error() -> None:
    with socket.create_server((HOST, 0)) as silent:
        url = f"http://{HOST}:{silent.getsockname()[1]}"
        assert all(f"the schema registry at {url} cannot be reached" in said for said in asked(url, timeout=0.2))


def test_a_url_without_the_path_of_the_api_is_a_service_error(apicurio: ApicurioServer) -> None:
    said = asked(f"http://{apicurio.address}")
    assert all("answered 404" in line and "path of its Confluent API" in line for line in said)


class WebServer:
    """A web server that knows nothing of schemas, and what it was sent as a login."""

    def __init__(self, directory: Path) -> None:
        self.logins: list[str] = []
        logins = self.logins

        class Handler(http.server.SimpleHTTPRequestHandler):
            def parse_request(self) -> bool:
                understood = super().parse_request()
                logins.append(base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode())
                return understood

            def log_message(self, *said: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, 0), partial(Handler, directory=directory))
        self.address = f"{HOST}:{self.server.server_port}"


@pytest.fixture
def web_server(tmp_path: Path) -> Iterator[WebServer]:
    web = WebServer(tmp_path)
    with web.server:
        thread = threading.Thread(target=web.server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield web
        web.server.shutdown()
        thread.join()


def test_a_web_server_that_is_no_registry_is_a_service_error(web_server: WebServer) -> None:
    assert all("nothing that a schema registry says" in said for said in asked(f"http://{web_server.address}"))


def test_a_password_in_the_url_is_sent_and_never_shown(web_server: WebServer) -> None:
    for said in asked(f"http://finance:hunter2@{web_server.address}"):
        assert "hunter2" not in said
        assert f"at http://{web_server.address} " in said
    assert set(web_server.logins) == {"finance:hunter2"}


def test_a_url_that_is_none_is_a_service_error() -> None:
    with pytest.raises(ServiceError, match="the URL of the schema registry is none"):
        HttpRegistry("http://127.0.0.1:many")
