"""A passage in units: nothing is lost, and each carries what it makes sense with."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents import units as of
from agents.units import parts, sentences, units

NOTE = """# Report

## Sales
Sales rose by 3.5% in the U.S. market, i.e. to $1.2 billion. The company (Acme Inc. of Ohio) said so; "It is good." Then
No. 5 came.
1. First item here. And more.
2. Second item

| | 2019 | 2018 |
| --- | --- | --- |
| Assets | | |
| Cash | 1 | 2 |
| a \\| b | 3 | 4 |
After the table.

```py
x = 1. Y
y = 2
```

# Outlook
All is well."""


def texts(passage: str) -> list[str]:
    return [passage[unit.start : unit.end] for unit in units(passage)]


def test_a_note_in_units() -> None:
    assert texts(NOTE) == [
        "# Report",
        "## Sales",
        "Sales rose by 3.5% in the U.S. market, i.e. to $1.2 billion.",
        'The company (Acme Inc. of Ohio) said so; "It is good."',
        "Then\nNo. 5 came.",
        "1. First item here.",
        "And more.",
        "2. Second item",
        "| | 2019 | 2018 |\n| --- | --- | --- |",
        "| Assets | | |",
        "| Cash | 1 | 2 |",
        "| a \\| b | 3 | 4 |",
        "After the table.",
        "```py\nx = 1. Y\ny = 2\n```",
        "# Outlook",
        "All is well.",
    ]


def test_a_unit_carries_the_headings_above_it_and_a_row_its_header_and_section() -> None:
    found = units(NOTE)
    names = texts(NOTE)

    def carried(text: str) -> list[str]:
        return [names[at] for at in found[names.index(text)].carries]

    assert carried("And more.") == ["# Report", "## Sales"]
    assert carried("## Sales") == ["# Report"]
    assert carried("All is well.") == ["# Outlook"]
    header = "| | 2019 | 2018 |\n| --- | --- | --- |"
    assert carried("| Assets | | |") == ["# Report", "## Sales", header]
    assert carried("| Cash | 1 | 2 |") == ["# Report", "## Sales", header, "| Assets | | |"]
    assert [unit.label for unit in found if unit.label] == ["Assets", "Cash", "a \\| b"]
    assert [names[at] for at, unit in enumerate(found) if unit.frame] == ["# Report", "## Sales", header, "# Outlook"]


def test_a_unit_can_end_after_a_clause_or_a_cell_but_a_row_not_before_its_first_figure() -> None:
    said = {NOTE[unit.start : unit.end]: [NOTE[unit.start : cut] for cut in unit.cuts] for unit in units(NOTE)}
    assert said['The company (Acme Inc. of Ohio) said so; "It is good."'] == [
        "The company (Acme Inc. of Ohio)",
        "The company (Acme Inc. of Ohio) said so;",
    ]
    assert said["| Cash | 1 | 2 |"] == ["| Cash | 1 |"]
    assert said["After the table."] == []


def test_sentences_of_other_scripts() -> None:
    text = "売上は増えた。利益も増えた！ Ça va? Oui. Да. Нет."
    assert [text[at:to] for at, to in sentences(text)] == [
        "売上は増えた。",
        "利益も増えた！",
        "Ça va?",
        "Oui.",
        "Да.",
        "Нет.",
    ]


def test_what_only_looks_like_a_table_is_read_as_text() -> None:
    assert texts("| no rule under it |\n| 1 |") == ["| no rule under it |\n| 1 |"]
    assert texts("|\n|---|\n|") == ["|\n|---|", "|"]


def test_a_part_stands_under_what_it_carries_and_no_frame_is_one() -> None:
    found = {part.text: part.label for part in parts(NOTE)}
    header = "# Report\n## Sales\n| | 2019 | 2018 |\n| --- | --- | --- |"
    assert found[f"{header}\n| Assets | | |\n| Cash | 1 | 2 |"] == "Cash"
    assert found[f"{header}\n| Assets | | |"] == "Assets"
    assert found["# Outlook\nAll is well."] == ""
    assert len(found) == len(units(NOTE)) - 4
    assert parts("# Report") == []


LINES = st.lists(
    st.sampled_from(
        [
            *(
                "",
                " ",
                "# Head",
                "### Deep",
                "- item one. Two",
                "12) twelve",
                "```",
                "~~~py",
                "| a | b |",
                "| --- | --- |",
            ),
            *(
                "|---|",
                "|",
                "| | 5 |",
                "One, two; three. Four (five) six! 7.5 % of it",
                "  indented. Text",
                "Mr. X",
                "。",
            ),
        ]
    )
    | st.text(max_size=30),
    max_size=20,
)


@given(LINES)
@example(["a:", "b –", "c"])
def test_nothing_but_white_space_stands_between_units(lines: list[str]) -> None:
    passage = "\n".join(lines)
    found = units(passage)
    ends = [0, *(unit.end for unit in found)]
    starts = [*(unit.start for unit in found), len(passage)]
    for end, start in zip(ends, starts, strict=True):
        assert end <= start
        assert not passage[end:start].strip()
    for at, unit in enumerate(found):
        text = passage[unit.start : unit.end]
        assert text
        assert text == text.strip()
        assert all(unit.start < cut < unit.end for cut in unit.cuts)
        assert sorted(set(unit.cuts)) == list(unit.cuts)
        assert all(one < at for one in unit.carries)
        for one in unit.carries:
            assert set(found[one].carries) <= set(unit.carries), "what it carries needs nothing further"


MARKED = st.lists(
    st.sampled_from(
        [*".!?…。！？\"'”’)]」(“[ \n\x1f\u3000", "Mr", "approx", "U.S", "i.e", "J", "No", "12", "3", "- ", "Then", "so"]
    ),
    max_size=25,
).map("".join)
RULED = st.text(st.sampled_from("|:- \t\r\x1fx"), max_size=16)

END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]*[^\W_a-z])|[。！？]+[」』”’）]*)")
RULE = re.compile(r"\s*\|?(\s*:?-+:?\s*\|)+\s*(:?-+:?)?\s*$")


def plainly(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sentences as they are defined, by looking at all of each again and again."""
    begin = start
    for mark in END.finditer(text, start, end):
        said = text[begin : mark.end()]
        if not of._SHORT.search(text, begin, mark.end()) and not of._ITEM.fullmatch(said + " "):
            yield begin, mark.end()
            begin = mark.end() + len(text[mark.end() : end]) - len(text[mark.end() : end].lstrip())
    if begin < end:
        yield begin, end


@given(MARKED, MARKED, MARKED)
@example("", "The U.S. He saw approx. Two. 1. A 12. B", "")
def test_sentences_end_where_a_plain_reading_ends_them(before: str, text: str, after: str) -> None:
    whole, start = f"{before}\n{text}\n{after}", len(before) + 1
    assert list(sentences(whole, start, start + len(text))) == list(plainly(whole, start, start + len(text)))


@given(RULED)
@example("\t| :--- | ---: | - ")
def test_a_rule_of_a_table_is_what_a_plain_reading_takes_for_one(line: str) -> None:
    assert of._is_table(f"| a |\n{line}") == (RULE.match(line) is not None)


class Watched:
    """A regular expression, and what it was asked to look at."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.looks: list[tuple[str, int]] = []

    def search(self, text: str, start: int, end: int) -> re.Match[str] | None:
        self.looks.append((text, end - start))
        return self._pattern.search(text, start, end)

    def fullmatch(self, text: str, start: int = 0, end: int = 2**31) -> re.Match[str] | None:
        self.looks.append((text, 0))
        return self._pattern.fullmatch(text, start, end)


def test_no_mark_looks_at_all_of_a_sentence_that_is_as_long_as_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    short, item = Watched(of._SHORT), Watched(of._ITEM)
    monkeypatch.setattr(of, "_SHORT", short)
    monkeypatch.setattr(of, "_ITEM", item)
    text = "J. " * 500 + "It is. So"
    assert len(list(sentences(text))) == 2
    assert len(short.looks) == 501
    assert all(length <= len("approx.") for _, length in short.looks)
    assert all(seen is text for seen, _ in item.looks), "no copy of what stands before the mark"


def test_a_run_of_marks_is_tried_at_its_first_and_a_rule_without_the_white_space_around_it() -> None:
    assert of._END.match("... A")
    assert not of._END.match("... A", 1)
    assert of._RULE.fullmatch("|---|")
    assert not of._RULE.match("  |---|")
