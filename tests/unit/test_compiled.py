"""The compiled functions write and read what fastavro does, byte for byte, and refuse what is no Avro."""

from __future__ import annotations

import io

import fastavro
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import records, registry
from schemas.compiled import blocks, compile_records, length, long, varint
from schemas.records import CostLine, Lane, Message, PredictionRequest, Record, RollUp, Source
from tests.fakes.records import KINDS, any_of

COMPILED = compile_records(records, {name: registry.schema(name) for name in KINDS})
INNER = ("CostLine", "Lookup", "Message", "Removal", "Sampling", "SavingLine", "SavingTotal", "Ticket", "Usage")

any_record = st.sampled_from(sorted(KINDS)).flatmap(lambda name: any_of(KINDS[name]))
longs = st.integers(-(2**63), 2**63 - 1)


def written(record: Record) -> bytes:
    pieces: list[bytes] = []
    COMPILED[type(record).__name__].write(record, pieces.append)
    return b"".join(pieces)


def by_fastavro(record: Record) -> bytes:
    buffer = io.BytesIO()
    fields = msgspec.to_builtins(record, builtin_types=(bytes,))
    fastavro.schemaless_writer(buffer, registry.schema(type(record).__name__), fields)
    return buffer.getvalue()


def test_records_within_records_are_compiled_too() -> None:
    assert set(INNER) <= COMPILED.keys()


@given(any_record)
def test_what_is_written_is_what_fastavro_writes(record: Record) -> None:
    assert written(record) == by_fastavro(record)


@given(any_record, st.binary(max_size=20), st.binary(max_size=20))
def test_what_fastavro_writes_is_read_and_its_end_is_found(record: Record, before: bytes, after: bytes) -> None:
    data = by_fastavro(record)
    read, end = COMPILED[type(record).__name__].read(before + data + after, len(before))
    assert (read, end) == (record, len(before) + len(data))
    assert type(read) is type(record)


@given(any_record)
def test_every_value_has_the_type_that_its_struct_declares(record: Record) -> None:
    read, _ = COMPILED[type(record).__name__].read(by_fastavro(record), 0)
    assert msgspec.convert(msgspec.structs.asdict(read), type(record), from_attributes=True) == record


@given(any_record, st.data())
def test_a_record_cut_short_is_refused_or_ends_beyond_its_data(record: Record, data: st.DataObject) -> None:
    whole = by_fastavro(record)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        _, end = COMPILED[type(record).__name__].read(cut, 0)
    except Exception:
        return
    assert end > len(cut)


@given(longs)
def test_integers_survive(number: int) -> None:
    assert long(varint(number), 0) == (number, len(varint(number)))


@pytest.mark.parametrize(("number", "data"), [(0, "00"), (-1, "01"), (1, "02"), (-64, "7f"), (64, "8001")])
def test_integers_are_written_as_the_specification_says(number: int, data: str) -> None:
    assert varint(number) == bytes.fromhex(data)


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_an_integer_of_more_than_64_bits_is_not_written(number: int) -> None:
    with pytest.raises(OverflowError):
        varint(number)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xff" * 10, b"\xff" * 9 + b"\x7f"])
def test_an_integer_that_does_not_end_or_has_more_than_64_bits_is_not_read(data: bytes) -> None:
    with pytest.raises((ValueError, OverflowError)):
        long(data, 0)


def test_a_length_is_never_negative() -> None:
    with pytest.raises(ValueError, match="-1"):
        length(varint(-1), 0)


def test_blocks_with_their_size_before_them_are_read() -> None:
    body = written(Message(role="user", content="one"))
    sized = varint(-1) + varint(len(body)) + body
    assert blocks(sized, 0) == (1, len(sized) - len(body))
    plain = PredictionRequest(request_id="r", tenant="t", task="q", messages=[Message(role="user", content="one")])
    data = written(plain).replace(varint(1) + body, sized + varint(1) + body, 1)
    read, _ = COMPILED["PredictionRequest"].read(data, 0)
    assert read.messages == plain.messages * 2


def test_a_symbol_that_is_not_there_is_refused() -> None:
    row = RollUp(tenant="", cost_center="", task="", model="", lane=Lane.BATCH, source=Source.NONE, hour=0)
    data = bytearray(written(row))
    assert data[4] == 2  # after four empty strings
    data[4] = 4
    with pytest.raises(KeyError):
        COMPILED["RollUp"].read(bytes(data), 0)


def test_a_branch_that_is_not_there_is_refused() -> None:
    data = bytearray(written(CostLine(kind="", strategy=None, model="", tokens=0, cost=0, price_version="")))
    data[1] = 4  # after an empty string
    with pytest.raises(ValueError, match="branch"):
        COMPILED["CostLine"].read(bytes(data), 0)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 200])
def test_arrays_of_any_length_are_written_as_fastavro_does(count: int) -> None:
    asked = PredictionRequest(
        request_id="r" * count, tenant="t", task="q", messages=[Message(role="user", content="é" * count)] * count
    )
    data = written(asked)
    assert data == by_fastavro(asked)
    assert COMPILED["PredictionRequest"].read(data, 0) == (asked, len(data))
