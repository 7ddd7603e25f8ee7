from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from agents.corpus import Chunk
from agents.knowledge.document import digest
from agents.lance_corpus import LanceCorpus
from schemas.records import Document
from streams.cli.main import app
from streams.settings import load

NOWHERE = "127.0.0.1:1"
TEXT = "# Cards\n\nText.\n"


@pytest.fixture(autouse=True)
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEADRACE_STATE_DIR", str(home / "state"))
    monkeypatch.setenv("HEADRACE_KAFKA", NOWHERE)
    return home


@pytest.fixture
def handbook(home: Path) -> Path:
    folder = home / "handbook"
    folder.mkdir()
    (folder / "cards.md").write_text(TEXT)
    (folder / "bad.md").write_bytes(b"\xff")
    (folder / "tags.md").write_text("---\ntags: [a]\n---\ntext\n")
    return folder


def run(*arguments: str, tenant: str = "retail") -> Result:
    return CliRunner().invoke(app, ["ingest", *arguments, "--tenant", tenant, "--collection", "handbook"])


def indexed(documents: Sequence[Document]) -> None:
    """A corpus that holds these."""

    async def write() -> None:
        corpus = await LanceCorpus.open(load().corpus, model="all-MiniLM-L6-v2")
        vectors = np.ones((1, 4), dtype=np.float32) / 2
        for one in documents:
            await corpus.replace(
                *(one.tenant, one.collection, one.document_id),
                version=1,
                digest=digest(one),
                metadata=one.metadata,
                chunks=[(Chunk(one.document_id, 0, one.title, (), one.text or ""), vectors)],
            )
        await corpus.close()

    asyncio.run(write())


def document(name: str, title: str = "Cards", tenant: str = "retail") -> Document:
    return Document(tenant=tenant, collection="handbook", document_id=name, title=title, text=TEXT)


def test_a_dry_run_says_what_would_become_of_each_document_and_needs_no_kafka(handbook: Path) -> None:
    indexed([document("cards.md"), document("old.md"), document("tags.md"), document("other.md", tenant="research")])
    ran = run(str(handbook), "--dry-run", "--prune", "--format", "json")
    assert ran.exit_code == 1
    assert json.loads(ran.stdout) == {
        "counts": {"indexed": 1, "removed": 1, "unchanged": 1, "bad": 1},
        "states": {"bad.md": "bad", "cards.md": "unchanged", "tags.md": "indexed", "old.md": "removed"},
        "bad": {"bad.md": "line 1 is not UTF-8: save the file as UTF-8"},
        "notes": {"tags.md": ["left out of the metadata, being lists or tables: tags"]},
        "dry_run": True,
    }
    assert "✗ bad.md: line 1 is not UTF-8" in ran.stderr
    assert "tags.md: left out of the metadata" in ran.stderr
    assert "1 indexed, 1 removed" in run(str(handbook), "--dry-run", "--prune").stdout


def test_no_odd_file_keeps_the_others_out(handbook: Path) -> None:
    odd = {
        "date.md": b"---\ndate: 2024-02-30\n---\ntext",
        "deep.html": b"<div>" * 600,
        "deep.md": b"---\n" + b"[" * 2000 + b"\n---\ntext",
        "\udcff.txt": b"text",
    }
    for name, raw in odd.items():
        (handbook / name).write_bytes(raw)
    ran = run(str(handbook), "--dry-run", "--format", "json")
    assert ran.exit_code == 1
    told = json.loads(ran.stdout)
    assert told["bad"].keys() == {"bad.md", *odd}
    assert told["counts"]["indexed"] == 2


def test_metadata_that_is_given_makes_another_document_of_it(handbook: Path) -> None:
    indexed([document("cards.md")])
    cards = str(handbook / "cards.md")
    assert "1 unchanged" in run(cards, "--dry-run").stdout
    assert "1 indexed" in run(cards, "--dry-run", "--meta", "year=2026").stdout


def test_what_is_to_go_must_be_there(handbook: Path) -> None:
    indexed([document("cards.md")])
    ran = run("cards.md", "gone.md", "--delete", "--dry-run")
    assert ran.exit_code == 1
    assert "1 removed" in ran.stdout
    assert "✗ gone.md: is not in the collection" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "tenant", "status", "says"),
    [
        (["--delete", "--prune"], "retail", 2, "--delete says what goes, --prune what stays"),
        (["--meta", "year"], "retail", 1, "✗ metadata 'year' is no name=value"),
        (["--dry-run"], "nobody", 1, "✗ tenant 'nobody' is not in the policy"),
        ([], "retail", 1, f"✗ Kafka at {NOWHERE} cannot be reached"),
    ],
)
def test_what_cannot_be_done_is_said_once(
    handbook: Path, arguments: list[str], tenant: str, status: int, says: str
) -> None:
    ran = run(str(handbook), *arguments, tenant=tenant)
    assert ran.exit_code == status
    assert " ".join(ran.stderr.replace("│", " ").split()).count(says) == 1


def test_a_path_that_leads_nowhere_is_refused(home: Path) -> None:
    ran = run(str(home / "gone"))
    assert ran.exit_code == 1
    assert "does not exist" in ran.stderr


def test_help_names_the_command() -> None:
    assert "ingest" in CliRunner().invoke(app, ["--help"]).stdout
