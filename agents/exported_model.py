"""A sentence-embedding model exported once, as it is kept in a file: all that it takes to run and check it anew."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Self

import msgspec
import numpy as np

from agents.embedding import Embedded


class ExportedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence-transformers model from token ids to vectors, as OpenVINO's intermediate representation."""

    graph: bytes
    """XML."""
    weights: bytes
    inputs: list[str]
    """In their order: some of ``input_ids``, ``attention_mask``, ``token_type_ids``, each (texts, tokens) of int64."""
    tokenizer: str
    """JSON of the ``tokenizers`` library."""
    padding: int
    """The id that fills a batch up."""
    dimensions: int
    window: int
    """Tokens."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the reference model made of one of the sentences that a backend is checked on."""

    vector: bytes
    """float32, little-endian."""
    states: bytes
    """float16, little-endian, row by row."""
    tokens: int
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, embedded: Embedded) -> Self:
        """The form to keep."""
        vector, states = embedded.vector.astype("<f4").tobytes(), embedded.states.astype("<f2").tobytes()
        return cls(vector=vector, states=states, tokens=embedded.tokens, spans=embedded.spans)

    def embedded(self) -> Embedded:
        """What it was made of. Raises ValueError where the parts do not fit each other."""
        vector = np.frombuffer(self.vector, dtype="<f4")
        states = np.frombuffer(self.states, dtype="<f2").reshape(len(self.spans), len(vector))
        return Embedded(vector, self.tokens, states, self.spans)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the first start found out, for the ones after it."""

    model: ExportedModel | None
    """None where torch was chosen."""
    choice: str
    """Which backend was chosen: torch, or OpenVINO at a precision."""
    why: str
    """For people: what was measured, and what was refused."""
    reference: list[Known]


_DIGEST = hashlib.sha256
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[str, Kept]).decode


def identity(folder: Path) -> str:
    """A digest of every file in ``folder``, by name and content. Raises OSError."""
    digest = _DIGEST()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, _DIGEST).hexdigest()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{content}\0".encode())
    return digest.hexdigest()


def keep(file: Path, key: str, kept: Kept) -> None:
    """Write ``file``, whole or not at all, to be had again under ``key`` only. Raises OSError."""
    body = _encode((key, kept))
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as partial:
            partial.write(_DIGEST(body).digest())
            partial.write(body)
            partial.flush()
            os.fsync(partial.fileno())
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def recall(file: Path, key: str) -> Kept | None:
    """What :func:`keep` wrote under this key; None where there is nothing, or it is torn, or of another key."""
    try:
        content = memoryview(file.read_bytes())
    except OSError:
        return None
    digest, body = content[: _DIGEST().digest_size], content[_DIGEST().digest_size :]
    if digest != _DIGEST(body).digest():
        return None
    try:
        found, kept = _decode(body)
    except msgspec.MsgspecError:
        return None
    return kept if found == key else None
