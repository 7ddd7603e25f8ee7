"""What is kept of an export: whole, under its key, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from agents.embedding import Embedded
from agents.exported_model import ExportedModel, Kept, Known, identity, keep, recall

MODEL = ExportedModel(
    graph=b"<net/>", weights=bytes(100), inputs=["input_ids"], tokenizer="{}", padding=0, dimensions=2, window=8
)
STATES = np.arange(6, dtype=np.float16).reshape(3, 2)
EMBEDDED = Embedded(np.array([0.6, 0.8], dtype=np.float32), 5, STATES, ((0, 1), (2, 4), (4, 5)))
KEPT = Kept(model=MODEL, choice="openvino bf16", why="fast", reference=[Known.of(EMBEDDED)])


def test_what_is_kept_is_recalled_under_its_key_only(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "file"
    assert recall(file, "key") is None
    keep(file, "key", KEPT)
    assert recall(file, "key") == KEPT
    assert recall(file, "another") is None
    keep(file, "another", KEPT)
    assert recall(file, "another") == KEPT
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_what_the_reference_made_of_a_text_comes_back_as_it_was() -> None:
    vector, tokens, states, spans = Known.of(EMBEDDED).embedded()
    assert (tokens, spans) == (5, EMBEDDED.spans)
    assert np.array_equal(vector, EMBEDDED.vector)
    assert np.array_equal(states, STATES)


@pytest.mark.parametrize("cut", [0, 10, 32, 60, -1])
def test_a_torn_file_is_not_there(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "file"
    keep(file, "key", KEPT)
    file.write_bytes(file.read_bytes()[:cut])
    assert recall(file, "key") is None


def test_a_file_with_a_changed_byte_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    keep(file, "key", KEPT)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert recall(file, "key") is None


def test_a_file_of_another_kind_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("something else, longer than a digest is: " * 3)
    assert recall(file, "key") is None


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError, match="file"):
        keep(tmp_path / "file", "key", KEPT)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_models_are_told_apart_by_the_names_and_contents_of_their_files(tmp_path: Path) -> None:
    seen = set()
    for name, content in (("a", "1"), ("a", "2"), ("b", "2"), ("sub/b", "2")):
        folder = tmp_path / f"{len(seen)}"
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(content)
        seen.add(identity(folder))
        assert identity(folder) in seen
    assert len(seen) == 4
