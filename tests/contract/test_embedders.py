"""The choice of an embedding backend, on the real model: what is kept, what is refused, what is made anew."""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec
import pytest

from agents import embedders
from agents.embedders import choose
from agents.exported_model import Kept, keep, recall
from agents.openvino_embedder import OpenVinoEncoder
from agents.sentence_transformers_embedder import SentenceTransformersEncoder
from schemas.errors import SetupError
from streams.embedded.model import embedder_dir

MODEL = str(embedder_dir())
TEXT = "How do I reset my password?"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder after a first start."""
    cache = tmp_path_factory.mktemp("cache")
    choose(MODEL, cache=cache, threads=1)
    return cache


@pytest.fixture
def cache(first: Path, tmp_path: Path) -> Path:
    """The same, to be spoilt."""
    (file,) = first.iterdir()
    (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the reference was loaded from, each time."""
    found: list[str] = []
    real = SentenceTransformersEncoder.load

    def load(path: str, *, threads: int) -> SentenceTransformersEncoder:
        found.append(path)
        return real(path, threads=threads)

    monkeypatch.setattr(SentenceTransformersEncoder, "load", load)
    return found


def test_the_second_start_needs_no_torch_and_the_log_says_what_was_chosen_and_why(
    cache: Path, loads: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="agents.embedders")
    encoder = choose(MODEL, cache=cache, threads=1)
    assert isinstance(encoder, OpenVinoEncoder)
    assert loads == []
    (line,) = caplog.messages
    assert "embedding by openvino" in line
    assert "texts/s at cosine" in line
    assert "torch" in line


@pytest.mark.slow
def test_a_torn_file_is_refused_and_made_anew(cache: Path, loads: list[str]) -> None:
    (file,) = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert isinstance(choose(MODEL, cache=cache, threads=1), OpenVinoEncoder)
    assert loads == [MODEL]
    choose(MODEL, cache=cache, threads=1)
    assert loads == [MODEL]
    assert [path.name for path in cache.iterdir()] == [file.name]


@pytest.mark.slow
def test_an_export_whose_vectors_are_off_is_refused_and_made_anew(
    cache: Path, loads: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (file,) = cache.iterdir()
    key, kept = embedded_in(file)
    assert kept.model is not None
    weights = bytearray(kept.model.weights)
    middle = slice(len(weights) * 3 // 4, len(weights) * 3 // 4 + 1_000_000)
    weights[middle] = bytes(1_000_000)
    spoilt = msgspec.structs.replace(kept.model, weights=bytes(weights))
    keep(file, key, msgspec.structs.replace(kept, model=spoilt))
    encoder = choose(MODEL, cache=cache, threads=1)
    assert loads == [MODEL]
    assert "made anew: its cosine to the reference is" in caplog.text
    right = SentenceTransformersEncoder.load(MODEL, threads=1).encode([TEXT])[0].vector
    assert float(encoder.encode([TEXT])[0].vector @ right) > 0.999


def test_without_openvino_torch_embeds_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openvino", None)
    encoder = choose(MODEL, cache=tmp_path, threads=1)
    assert isinstance(encoder, SentenceTransformersEncoder)
    assert "OpenVINO is not installed" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_cannot_be_exported_runs_on_torch_now_and_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(model: object) -> None:
        raise SetupError("OpenVINO cannot express the model: no such operation")

    caplog.set_level(logging.INFO, logger="agents.embedders")
    monkeypatch.setattr(embedders, "export", fail)
    assert isinstance(choose(MODEL, cache=tmp_path, threads=1), SentenceTransformersEncoder)
    assert "no such operation" in caplog.text
    assert isinstance(choose(MODEL, cache=tmp_path, threads=1), SentenceTransformersEncoder)
    assert "as the first start chose" in caplog.text


def test_a_cache_that_cannot_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    occupied = tmp_path / "file"
    occupied.write_text("not a folder")
    assert isinstance(choose(MODEL, cache=occupied, threads=1), OpenVinoEncoder)
    assert "cannot be kept" in caplog.text


@pytest.mark.parametrize("name", ["", "missing"])
def test_a_folder_without_a_model_is_said_to_be_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match="no sentence-transformers model"):
        choose(str(tmp_path / name), cache=tmp_path / "cache", threads=1)


async def test_an_embedder_is_loaded_in_its_thread(first: Path) -> None:
    embedder = await embedders.load(MODEL, name="all-MiniLM-L6-v2", cache=first)
    vector, tokens, _, _ = await embedder.embed(TEXT)
    assert vector.shape == (384,)
    assert tokens == 9
    await embedder.close()


def embedded_in(file: Path) -> tuple[str, Kept]:
    """The key and the content of a kept file."""
    key, kept = msgspec.msgpack.decode(file.read_bytes()[32:], type=tuple[str, Kept])
    assert recall(file, key) == kept
    return key, kept
