"""Avro's binary encoding, compiled for our own records: from each schema, one function that writes and one that reads.

Only for records whose writer has the very schema that is read here, which is nearly all of them; ``fastavro`` resolves
the others. It goes from struct to bytes without a dictionary between, and without asking of every value which branch
of a union it might be, in a third of the time. Avro specification, "Binary Encoding".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from types import ModuleType
from typing import Any, NamedTuple

Schema = dict[str, Any]
Write = Callable[[Any, Callable[[bytes], None]], None]
"""``write(record, append)`` appends the record's bytes, in pieces."""
Read = Callable[[bytes, int], tuple[Any, int]]
"""``read(data, at)`` is the record that starts at ``at``, and where it ends. That may be beyond the end of ``data``,
which is for the caller to see: the record was cut short then. Broken bytes make it raise anything."""

_MOST = 2**63
_DOUBLE = struct.Struct("<d")


class Compiled(NamedTuple):
    """The two functions of one record type."""

    write: Write
    read: Read


def compile_records(kinds: ModuleType, schemas: dict[str, Schema]) -> dict[str, Compiled]:
    """The functions of every record in ``schemas`` (parsed, by name) and of those within them.

    Args:
        kinds: where the structs and the enums of the schemas' names are.
        schemas: records of strings, bytes, longs, doubles, booleans, enums, arrays, maps, records, and unions of null
            and one of these.
    """
    compiler = _Compiler(kinds)
    for parsed in schemas.values():
        compiler.learn(parsed)
    source = "\n".join(line for known in compiler.records.values() for line in compiler.functions(known))
    exec(compile(source, __file__, "exec"), compiler.scope)  # noqa: S102 - of our own schemas, as dataclasses does it
    return {
        name: Compiled(compiler.scope[f"write_{name}"], compiler.scope[f"read_{name}"])
        for name in map(_short, compiler.records)
    }


@lru_cache(maxsize=8192)
def varint(number: int) -> bytes:
    """A zig-zag variable-length integer. Lengths, counts, days and prices repeat: hence the cache.

    Raises:
        OverflowError: it has more than 64 bits.
    """
    if not -_MOST <= number < _MOST:
        raise OverflowError(f"{number} has more than 64 bits")
    left = number << 1 if number >= 0 else ~(number << 1)
    written = bytearray()
    while left > 0x7F:
        written.append(left & 0x7F | 0x80)
        left >>= 7
    written.append(left)
    return bytes(written)


def long(data: bytes, at: int) -> tuple[int, int]:
    """The zig-zag integer that starts at ``at``, and where it ends."""
    number = shift = 0
    for byte in data[at : at + 10]:
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    else:
        raise ValueError("an integer without an end")
    if number >= 2 * _MOST:
        raise OverflowError("an integer of more than 64 bits")
    return (number >> 1) ^ -(number & 1), at + shift // 7


def length(data: bytes, at: int) -> tuple[int, int]:
    """As :func:`long`, of what cannot be negative."""
    number, at = long(data, at)
    if number < 0:
        raise ValueError(f"a length of {number}")
    return number, at


def blocks(data: bytes, at: int) -> tuple[int, int]:
    """How many items the block of an array or a map holds that starts at ``at``, and where they start."""
    count, at = long(data, at)
    if count < 0:  # its size follows, for those who skip it
        count, (_, at) = -count, length(data, at)
    return count, at


class _Compiler:
    def __init__(self, kinds: ModuleType) -> None:
        self.records: dict[str, Schema] = {}
        self._enums: dict[str, Schema] = {}
        self._kinds = kinds
        self._names = 0
        self.scope: dict[str, Any] = {
            "varint": varint,
            "long": long,
            "length": length,
            "blocks": blocks,
            "pack": _DOUBLE.pack,
            "unpack_from": _DOUBLE.unpack_from,
        }

    def learn(self, node: Any) -> None:
        """Note every named type in a schema."""
        if isinstance(node, list):
            for branch in node:
                self.learn(branch)
        elif isinstance(node, dict):
            kind, name = node["type"], node.get("name", "")
            if kind == "record" and name not in self.records:
                self.records[name] = node
                self.scope[_short(name)] = getattr(self._kinds, _short(name))
                for field in node["fields"]:
                    self.learn(field["type"])
            elif kind == "enum":
                self._enums[name] = node
                enum: type[StrEnum] = getattr(self._kinds, _short(name))
                symbols = [enum(symbol) for symbol in node["symbols"]]
                self.scope[f"{_short(name)}_bytes"] = {symbol: varint(at) for at, symbol in enumerate(symbols)}
                self.scope[f"{_short(name)}_symbols"] = {2 * at: symbol for at, symbol in enumerate(symbols)}
            else:
                self.learn(node.get("items") or node.get("values") or node["type"])

    def functions(self, record: Schema) -> Iterator[str]:
        """The source of a record's two functions."""
        name, fields = _short(record["name"]), record["fields"]
        yield f"def write_{name}(record, append):"
        for field in fields:
            yield from _indented(self._write(field["type"], f"record.{field['name']}"))
        yield f"def read_{name}(data, at):"
        for field in fields:
            yield from _indented(self._read(field["type"], f"{field['name']}_"))
        given = ", ".join("{0}={0}_".format(field["name"]) for field in fields)
        yield f"    return {name}({given}), at"

    def _write(self, node: Any, value: str) -> Iterator[str]:
        kind = _kind(node)
        if isinstance(kind, list):
            null, other = kind.index("null"), kind[1 - kind.index("null")]
            it = self._name()
            yield from (f"{it} = {value}", f"if {it} is None: append({varint(null)!r})", "else:")
            yield from _indented([f"append({varint(1 - null)!r})", *self._write(other, it)])
        elif kind == "long":
            yield f"append(varint({value}))"
        elif kind in {"string", "bytes"}:
            it = self._name()
            yield f"{it} = {value}" + (".encode()" if kind == "string" else "")
            yield f"append(varint(len({it}))); append({it})"
        elif kind == "double":
            yield f"append(pack({value}))"
        elif kind == "boolean":
            yield f"append(b'\\x01' if {value} else b'\\x00')"
        elif kind in {"array", "map"}:
            it, item, key = self._name(), self._name(), self._name()
            yield from (f"{it} = {value}", f"if {it}:", f"    append(varint(len({it})))")
            yield f"    for {item} in {it}:" if kind == "array" else f"    for {key}, {item} in {it}.items():"
            inner = [] if kind == "array" else [*self._write("string", key)]
            yield from _indented([*inner, *self._write(node.get("items") or node.get("values"), item)], 2)
            yield "append(b'\\x00')"
        elif kind in self._enums:
            yield f"append({_short(kind)}_bytes[{value}])"
        else:
            yield f"write_{_short(self.records[kind]['name'])}({value}, append)"

    def _read(self, node: Any, into: str) -> Iterator[str]:
        kind = _kind(node)
        if isinstance(kind, list):
            null, other = kind.index("null"), kind[1 - kind.index("null")]
            yield from ("branch = data[at]; at += 1", f"if branch == {2 * null}: {into} = None")
            yield f"elif branch == {2 - 2 * null}:"
            yield from _indented(self._read(other, into))
            yield "else: raise ValueError(f'no branch {branch}')"
        elif kind == "long":
            yield f"{into} = data[at]; at += 1"
            yield f"if {into} < 128: {into} = ({into} >> 1) ^ -({into} & 1)"
            yield f"else: {into}, at = long(data, at - 1)"
        elif kind in {"string", "bytes"}:
            yield "size = data[at]; at += 1"
            yield "if size & 129: size, at = length(data, at - 1)"
            yield "else: size >>= 1"
            yield f"{into} = data[at:at + size]" + (".decode()" if kind == "string" else "") + "; at += size"
        elif kind == "double":
            yield f"{into}, = unpack_from(data, at); at += 8"
        elif kind == "boolean":
            yield f"{into} = (False, True)[data[at]]; at += 1"
        elif kind in {"array", "map"}:
            count, item, key = self._name(), self._name(), self._name()
            yield f"{into} = {'[]' if kind == 'array' else '{}'}"
            yield "while data[at]:"
            yield f"    {count}, at = blocks(data, at)"
            yield f"    for _ in range({count}):"
            inner = [] if kind == "array" else [*self._read("string", key)]
            yield from _indented([*inner, *self._read(node.get("items") or node.get("values"), item)], 2)
            yield f"        {into}.append({item})" if kind == "array" else f"        {into}[{key}] = {item}"
            yield "at += 1"
        elif kind in self._enums:
            yield f"{into} = {_short(kind)}_symbols[data[at]]; at += 1"
        else:
            yield f"{into}, at = read_{_short(self.records[kind]['name'])}(data, at)"

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"


def _kind(node: Any) -> Any:
    """What a schema is: a primitive's name, a named type's, ``array``, ``map``, or the list of a union's branches."""
    if not isinstance(node, dict):
        return node
    kind = node["type"]
    return node["name"] if kind in {"record", "enum"} else kind if kind in {"array", "map"} else _kind(kind)


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _indented(lines: Any, depth: int = 1) -> list[str]:
    return ["    " * depth + line for line in lines]
