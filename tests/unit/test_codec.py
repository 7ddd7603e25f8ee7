"""Bytes and records: what is written can be read, by us and by the reference implementation; the rest is refused."""

from __future__ import annotations

import io
import json
import struct
from functools import cache
from pathlib import Path
from typing import Any

import avro.io
import avro.schema
import fastavro
import fastavro.utils
import msgspec
import pytest
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import registry
from schemas.codec import CONFLUENT, KINDS, SINGLE_OBJECT, Codec, Framing, json_of
from schemas.errors import ServiceError, UndecodableError, UnknownSchemaError
from schemas.record import Record
from schemas.records import Answer, DeadLetter, Message, PredictionRequest
from tests.fakes.records import answer, any_of

FRAMINGS: tuple[Framing, ...] = ("single-object", "confluent")
CODECS = {framing: Codec(framing) for framing in FRAMINGS}
RELEASED = sorted((registry.FOLDER / "released").glob("*/*.json"))

any_record = st.sampled_from(sorted(KINDS)).flatmap(lambda name: any_of(KINDS[name]))
any_framing = st.sampled_from(FRAMINGS)


def head(framing: Framing) -> int:
    return 10 if framing == "single-object" else 5


def referenced(name: str) -> avro.schema.Schema:
    return avro.schema.parse(registry.text(name))


@cache
def plain(name: str) -> avro.schema.Schema:
    """Without the logical types, for which the reference implementation wants a datetime."""
    return avro.schema.parse(json.dumps(_without_logical_types(json.loads(registry.text(name)))))


@given(any_record, any_framing)
def test_what_is_encoded_decodes_to_the_same(record: Record, framing: Framing) -> None:
    data = CODECS[framing].encode(record)
    assert CODECS[framing].decode(data, type(record)) == record


@given(any_record, any_framing, any_framing)
def test_either_framing_is_read_whichever_is_written(record: Record, writes: Framing, reads: Framing) -> None:
    assert CODECS[reads].decode(CODECS[writes].encode(record), type(record)) == record


@given(any_record)
def test_the_same_record_has_the_same_bytes(record: Record) -> None:
    assert Codec().encode(record) == CODECS["single-object"].encode(record)


@settings(max_examples=50)
@given(any_record, any_framing)
def test_the_reference_implementation_reads_what_we_write(record: Record, framing: Framing) -> None:
    name = type(record).__name__
    decoder = avro.io.BinaryDecoder(io.BytesIO(CODECS[framing].encode(record)[head(framing) :]))
    fields = avro.io.DatumReader(plain(name)).read(decoder)
    assert msgspec.convert(fields, type(record)) == record


@settings(max_examples=50)
@given(any_record)
def test_we_read_what_the_reference_implementation_writes(record: Record) -> None:
    name = type(record).__name__
    out = io.BytesIO()
    fields = msgspec.to_builtins(record, builtin_types=(bytes,))
    avro.io.DatumWriter(plain(name)).write(fields, avro.io.BinaryEncoder(out))
    framed = SINGLE_OBJECT + registry.fingerprint(registry.schema(name)) + out.getvalue()
    assert CODECS["single-object"].decode(framed, type(record)) == record


@given(any_record, any_framing, st.data())
def test_a_record_that_was_cut_short_is_refused(record: Record, framing: Framing, data: st.DataObject) -> None:
    whole = CODECS[framing].encode(record)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(UndecodableError):
        CODECS[framing].decode(whole[:cut], type(record))


@given(any_record, any_framing, st.binary(min_size=1, max_size=4))
def test_bytes_after_the_record_are_refused(record: Record, framing: Framing, more: bytes) -> None:
    with pytest.raises(UndecodableError):
        CODECS[framing].decode(CODECS[framing].encode(record) + more, type(record))


@given(any_record, any_framing, st.data())
def test_a_damaged_record_is_refused_or_is_another_record(
    record: Record, framing: Framing, data: st.DataObject
) -> None:
    whole = bytearray(CODECS[framing].encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = CODECS[framing].decode(bytes(whole), type(record))
    except UndecodableError:
        return
    assert type(read) is type(record)
    CODECS[framing].encode(read)


@given(st.binary(max_size=200), st.sampled_from(sorted(KINDS)))
def test_garbage_is_refused(data: bytes, name: str) -> None:
    with pytest.raises(UndecodableError):
        Codec().decode(data, KINDS[name])


@given(st.binary(max_size=120), st.sampled_from(sorted(KINDS)))
def test_garbage_under_a_right_header_is_refused_or_is_a_record(body: bytes, name: str) -> None:
    header = SINGLE_OBJECT + registry.fingerprint(registry.schema(name))
    try:
        assert type(Codec().decode(header + body, KINDS[name])) is KINDS[name]
    except UndecodableError:
        return


def test_a_length_that_no_record_can_have_is_refused_without_the_memory_for_it() -> None:
    header = SINGLE_OBJECT + registry.fingerprint(registry.schema("Message"))
    for length in (b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\x01", b"\xff" * 30):
        with pytest.raises(UndecodableError):
            Codec().decode(header + length + b"user", Message)


def test_another_record_than_expected_is_named() -> None:
    data = Codec().encode(answer())
    with pytest.raises(UndecodableError, match=r"a headrace\.Answer where a headrace\.PredictionRequest belongs"):
        Codec().decode(data, PredictionRequest)


def test_bytes_that_are_not_avro_say_so() -> None:
    with pytest.raises(UndecodableError, match="not Avro: the first bytes are 7b22726571"):
        Codec().decode(b'{"request_id": "r-1"}', PredictionRequest)


def test_an_empty_value_says_so() -> None:
    with pytest.raises(UndecodableError, match="the first bytes are missing"):
        Codec().decode(b"", PredictionRequest)


def test_an_unknown_fingerprint_and_an_unknown_id_are_refused() -> None:
    with pytest.raises(UnknownSchemaError, match="unknown schema 0102030405060708"):
        Codec().decode(SINGLE_OBJECT + bytes(range(1, 9)) + b"x", Answer)
    with pytest.raises(UndecodableError, match="schema id 9999"):
        Codec().decode(CONFLUENT + struct.pack(">I", 9999) + b"x", Answer)


def test_the_fingerprint_is_the_specifications() -> None:
    # The Avro specification's own example: the fingerprint of "null" is 0x63dd24e7cc258f8a.
    canonical = fastavro.parse_schema("null")
    assert registry.fingerprint(canonical) == bytes.fromhex("8a8f25cce724dd63")


class Older:
    """A registry whose id 7 is a PredictionRequest as an older producer knows it."""

    def id_of(self, name: str) -> int:
        return registry.FOLDER.stat().st_nlink

    def by_id(self, number: int) -> dict[str, Any]:
        fields = registry.schema("PredictionRequest")["fields"]
        schema = {
            "type": "record",
            "name": "headrace.PredictionRequest",
            "fields": [
                *(field for field in fields if field["name"] in {"request_id", "tenant", "task", "messages"}),
                {"name": "was_dropped", "type": "string"},
            ],
        }
        parsed: dict[str, Any] = fastavro.parse_schema(schema)
        return parsed


def test_a_record_of_another_version_is_resolved_to_ours() -> None:
    out = io.BytesIO(CONFLUENT + struct.pack(">I", 7))
    out.seek(0, io.SEEK_END)
    messages = [{"role": "user", "content": "why?"}]
    record = {"request_id": "r", "tenant": "bank", "task": "faq", "messages": messages, "was_dropped": "x"}
    fastavro.schemaless_writer(out, Older().by_id(7), record)
    read = Codec(source=Older()).decode(out.getvalue(), PredictionRequest)
    message = Message(role="user", content="why?")
    assert read == PredictionRequest(request_id="r", tenant="bank", task="faq", messages=[message])


def test_people_see_plain_values() -> None:
    shown = json_of(answer())
    assert shown["source"] == "ENGINE"
    assert shown["ticket"]["reply_key"] == "cmVwbHk="
    assert json.loads(json.dumps(shown)) == shown


def test_raw_bytes_survive_a_dead_letter() -> None:
    raw = bytes(range(256))
    letter = DeadLetter(origin="t/0@1", key=None, value=raw, code="X", reason="r", stage="s", occurred_at=1)
    assert Codec().decode(Codec().encode(letter), DeadLetter).value == raw


def test_every_record_on_a_topic_was_released() -> None:
    assert {path.stem for path in RELEASED} >= {"PredictionRequest", "Answer", "PredictionResponse", "LedgerEntry"}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_todays_schema_and_a_released_one_read_each_other(path: Path) -> None:
    ours, theirs = referenced(path.stem), avro.schema.parse(path.read_text())
    for reader, writer in ((ours, theirs), (theirs, ours)):
        found = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)
        assert found.compatibility is SchemaCompatibilityType.compatible, found.messages


def contains(ours: Any, theirs: Any) -> bool:
    """Whether what both schemas know is the same."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return all(contains(ours[name], theirs[name]) for name in ours.keys() & theirs.keys())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(contains, ours, theirs))
    return bool(ours == theirs)


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_record_that_a_released_worker_wrote_is_read(path: Path) -> None:
    theirs: dict[str, Any] = fastavro.parse_schema(json.loads(path.read_text()))
    written = fastavro.utils.generate_one(theirs)
    out = io.BytesIO(SINGLE_OBJECT + registry.fingerprint(theirs))
    out.seek(0, io.SEEK_END)
    fastavro.schemaless_writer(out, theirs, written)
    read = Codec().decode(out.getvalue(), KINDS[path.stem])
    assert contains(msgspec.to_builtins(read, builtin_types=(bytes,)), written)


def test_a_newer_release_s_record_waits_on_our_own_topics_and_is_undecodable_on_those_of_producers() -> None:
    newer = SINGLE_OBJECT + bytes(range(1, 9))
    with pytest.raises(ServiceError, match="waits for a worker of that release"):
        Codec().decoder(PredictionRequest, ours=True)(newer)
    with pytest.raises(UndecodableError):
        Codec().decoder(PredictionRequest, ours=False)(newer)
    with pytest.raises(UndecodableError):
        Codec().decoder(PredictionRequest, ours=True)(b"no Avro")


def test_an_incompatible_schema_would_be_noticed() -> None:
    changed = json.loads(registry.text("Message"))
    changed["fields"].append({"name": "tool", "type": "string"})
    found = ReaderWriterCompatibilityChecker().get_compatibility(
        avro.schema.parse(json.dumps(changed)), referenced("Message")
    )
    assert found.compatibility is SchemaCompatibilityType.incompatible


def _without_logical_types(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _without_logical_types(value) for key, value in node.items() if key != "logicalType"}
    return [_without_logical_types(value) for value in node] if isinstance(node, list) else node
