"""``headrace route``: what is read, what is said, and what is written or not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from agents.embedding import Vector
from agents.router import load
from schemas.errors import SetupError
from streams.cli import route
from streams.cli.main import app
from streams.cli.outcomes import read

HARD = "Prove it to me."
EASY = "Say hello."


@pytest.fixture(autouse=True)
def embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors that are hashes of the first word; what embeds is tested elsewhere, and takes seconds to start."""

    async def embedded(texts: Sequence[str]) -> tuple[str, list[Vector]]:
        directions = {"Prove": (1, 0, 0), "Say": (0, 1, 0)}
        return "minilm", [np.array(directions[text.split()[0]], dtype=np.float32) for text in texts]

    monkeypatch.setattr(route, "embedded", embedded)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["route", *map(str, arguments)])


def outcomes(file: Path, *, told: bool) -> Path:
    """A small model that fails at what is hard, or at every other question."""
    rows = [
        {"text": HARD if number % 2 else EASY, "small-1": (number if told else number // 2) % 2 == 0, "large": 1}
        for number in range(80)
    ]
    file.write_text("\n".join(map(json.dumps, rows)))
    return file


def test_a_router_is_trained_measured_and_written(tmp_path: Path) -> None:
    file, target = outcomes(tmp_path / "outcomes.jsonl", told=True), tmp_path / "router.json"
    done = run("train", file, "--models", "small=small-1, large", "--prompt-column", "text", "--out", target)
    assert done.exit_code == 0, done.output
    assert "Quality by the share sent to large, not small" in done.output
    assert "better than chance" in done.output
    router = load(target)
    assert (router.models, router.written.embedder, router.written.questions) == (["small", "large"], "minilm", 80)
    hard, easy = (router.probabilities(np.array(at, dtype=np.float32), "") for at in ((1, 0, 0), (0, 1, 0)))
    assert hard["small"] < easy["small"]

    shown = run("show", target)
    assert "small, large: trained on 80 questions" in shown.output
    assert "better than chance" in shown.output
    told = json.loads(run("show", target, "--format", "json").stdout)
    assert (told["models"], told["measured"][0]["strong"]) == (["small", "large"], "large")


def test_one_that_is_no_better_than_chance_is_written_only_by_force(tmp_path: Path) -> None:
    file, target = outcomes(tmp_path / "outcomes.jsonl", told=False), tmp_path / "router.json"
    arguments = ("train", file, "--models", "small=small-1,large", "--prompt-column", "text", "--out", target)
    done = run(*arguments, "--format", "json")
    assert done.exit_code == 1
    assert "is not written, as the router is no better than chance" in " ".join(done.stderr.split())
    assert not target.exists()
    told = json.loads(done.stdout)
    assert (told["written"], told["measured"][0]["better"]) == (None, False)
    forced = run(*arguments, "--force")
    assert (forced.exit_code, target.exists()) == (0, True), forced.output


@pytest.mark.parametrize("models", ["small", "small,small", ""])
def test_two_models_are_needed(models: str, tmp_path: Path) -> None:
    file = outcomes(tmp_path / "outcomes.jsonl", told=True)
    done = run("train", file, "--models", models, "--out", tmp_path / "router.json")
    assert "name two different models at least" in done.stderr


def test_too_few_outcomes_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "outcomes.csv"
    file.write_text("prompt,small,large\nwhy?,true,false\n")
    done = run("train", file, "--models", "small,large", "--out", tmp_path / "router.json")
    assert (done.exit_code, "has 1 prompts: at least 50" in done.stderr) == (1, True)


def test_a_router_that_is_none_is_one_red_line(tmp_path: Path) -> None:
    done = run("show", tmp_path / "nowhere.json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "cannot be read" in done.stderr


def test_csv_and_json_lines_are_read_alike(tmp_path: Path) -> None:
    table, lines = tmp_path / "a.csv", tmp_path / "a.jsonl"
    table.write_text('prompt,a,b,note\n"one, two",True,0.5,x\nthree,false,1,y\n')
    lines.write_text('{"prompt": "one, two", "a": true, "b": 0.5}\n\n{"prompt": "three", "a": false, "b": 1}\n')
    for file in (table, lines):
        asked = read(file, "prompt", ["a", "b"])
        assert asked.prompts == ["one, two", "three"]
        assert asked.good.tolist() == [[1.0, 0.5], [0.0, 1.0]]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "prompt,a\nx,maybe\ny,2\nz,\n", "'a' is 'maybe': write true, false, or a number from 0 to 1; 2 more"),
        ("a.csv", "text,a\nx,1\n", "row 1: there is no 'prompt': it has 'text', 'a'"),
        ("a.csv", "prompt,a\n ,1\n", "row 1: 'prompt' holds no prompt"),
        ("a.csv", "prompt,a\nx\n", "row 1: there is no 'a'"),
        ("a.jsonl", '{"prompt": "x", "a": 1}\n{', "row 2: it is not JSON"),
        ("a.jsonl", "[1]", "row 1: it is not a JSON object"),
        ("a.jsonl", '{"prompt": 3, "a": NaN}', "row 1: 'prompt' holds no prompt"),
        ("a.jsonl", '{"prompt": "x", "a": NaN}', "row 1: 'a' is 'nan'"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named(name: str, content: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(content)
    with pytest.raises(SetupError, match="row") as refused:
        read(file, "prompt", ["a"])
    assert said in str(refused.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"prompt,a\n\xff\xfe,1\n")
    with pytest.raises(SetupError, match="not UTF-8"):
        read(file, "prompt", ["a"])
