"""Files that no reader was made for: each is refused by itself, with the reason."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agents.policy import Policy
from schemas.codec import Codec
from schemas.errors import InvalidRequestError
from streams.ingest.changes import Collection
from streams.ingest.files import File
from streams.ingest.readers import READERS
from tests.fakes.cache import document as policy_document


def collection() -> Collection:
    return Collection("bank", "handbook", policy=Policy(policy_document()), codec=Codec(), metadata={})


@pytest.mark.parametrize(
    ("name", "raw", "says"),
    [
        ("deep.html", b"<div>" * 600 + b"text", "is nested too deeply to be read: close what is left open"),
        ("list.htm", b"<ul>" + b"<li>text" * 400, "is nested too deeply to be read: close what is left open"),
        ("long.md", b"---\nn: 0x" + b"f" * 5000 + b"\n---\ntext", "cannot be read: ValueError"),
        ("half.md", b'---\nn: "\\ud800"\n---\ntext', r"holds U\+D800, which is no character: take it out"),
        ("\udcff.txt", b"text", r"holds U\+DCFF, which is no character: take it out"),
    ],
)
def test_an_odd_file_is_refused_with_the_reason(tmp_path: Path, name: str, raw: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(raw)
    with pytest.raises(InvalidRequestError, match=says):
        collection().ingested(File(path, name))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(READERS)),
    st.sampled_from([b"", b"---\n", b"+++\n", b"<p>", b"%PDF-1.7\n"]),
    st.lists(
        st.binary(max_size=20)
        | st.sampled_from(
            [
                b"a: ",
                b"a = ",
                b"[",
                b"{",
                b"!!int ",
                b"2024-02-30",
                b"0x_",
                b"\n",
                b"---\n",
                b"+++\n",
                b"<li>",
                b"<![",
                b"&#xD800;",
            ]
        ),
        max_size=12,
    ),
)
@example(".md", b"---\n", [b"a: ", b"2024-02-30", b"\n", b"---\n", b"text"])
def test_a_file_of_any_bytes_is_a_document_or_is_refused(
    tmp_path: Path, suffix: str, first: bytes, rest: list[bytes]
) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_bytes(first + b"".join(rest))
    with suppress(InvalidRequestError):
        change = collection().ingested(File(path, path.name))
        assert collection().read(change.value) == change._replace(notes=())
