from pathlib import Path

import msgspec
import pytest

from bench.tatqa import Context, holds, load, markdown
from schemas.errors import SetupError

TABLE = [
    ["", "", "Years ended"],
    ["", "2019", "2018"],
    ["Total  sales", "$ 1,496.5", "1,202.9"],
    ["Other | rest", "7", "-"],
]


def question(answer: object, kind: str, derivation: str = "") -> dict[str, object]:
    return {"question": "How  much?", "answer": answer, "answer_type": kind, "derivation": derivation}


def loaded(path: Path, *questions: dict[str, object]) -> Context:
    paragraphs = [{"order": 2, "text": "Amounts are in\nmillions."}, {"order": 1, "text": "Fixed price only."}]
    context = {"table": {"uid": "c-1", "table": TABLE}, "paragraphs": paragraphs, "questions": list(questions)}
    path.write_bytes(msgspec.json.encode([context]))
    (read,) = load(path)
    return read


def test_a_context_is_one_markdown_document(tmp_path: Path) -> None:
    context = loaded(tmp_path / "file")
    assert context.text == (
        "|  | 2019 | Years ended 2018 |\n| --- | --- | --- |\n| Total sales | $ 1,496.5 | 1,202.9 |\n"
        "| Other \\| rest | 7 | - |\n\nFixed price only.\n\nAmounts are in millions."
    )
    assert context.table[1] == ("Total sales", "$ 1,496.5", "1,202.9")


def test_gold_is_what_the_answer_is_read_or_worked_out_from(tmp_path: Path) -> None:
    context = loaded(
        tmp_path / "file",
        question(["$ 1,496.5"], "span"),
        question(["2019"], "span", "1,496.5>1,202.9"),
        question(293.6, "arithmetic", "(1,496.5-1,202.9)/2"),
        question("2", "count", "Fixed##Total sales"),
        question(["nowhere to be found"], "span"),
    )
    assert [one.gold for one in context.questions] == [
        ("$ 1,496.5",),
        ("2019", "1,496.5", "1,202.9"),
        ("1,496.5", "1,202.9"),
        ("Fixed", "Total sales"),
        (),
    ]
    assert context.questions[0].text == "How much?"


def test_a_figure_is_held_as_a_whole_or_not_at_all() -> None:
    assert holds("it was 44.1, or", "44.1")
    assert holds("| 44.1 |", "44.1")
    assert holds("cost\n plus", "cost plus")
    for other in ("144.1", "44.15", "1,44.1", "44.1.2", "44,1"):
        assert not holds(other, "44.1")
    assert not holds("1,496.55", "1,496.5")
    assert not holds("12,300", "12")


def test_every_row_is_one_line() -> None:
    assert markdown([["a", "b"]]) == "| a | b |\n| --- | --- |"


@pytest.mark.parametrize("content", ["", "{}", '[{"table": 1}]'])
def test_another_file_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "file").write_text(content)
    with pytest.raises(SetupError, match="is no TAT-QA"):
        load(tmp_path / "file")
    with pytest.raises(SetupError, match="cannot be read"):
        load(tmp_path / "missing")
