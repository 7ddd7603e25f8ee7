"""JSON schemas: which are none, and what is wrong with an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.json_schema import complaint, problem

ACCOUNT = json.dumps(
    {
        "type": "object",
        "properties": {"iban": {"type": "string"}, "balance": {"type": "integer"}},
        "required": ["iban", "balance"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("", "is no JSON: "),
        ("{", "is no JSON: "),
        ("null", "must be a JSON object"),
        ('{"type": "thing"}', "is no JSON schema: 'thing' is not valid"),
        ('{"properties": {"a": {"required": 1}}}', "at $.properties.a.required"),
    ],
)
def test_what_is_no_schema_is_told_why(schema: str, said: str) -> None:
    assert said in (problem(schema) or "")


def test_a_schema_has_no_problem_and_an_answer_that_follows_it_no_complaint() -> None:
    assert problem(ACCOUNT) is None
    assert complaint(ACCOUNT, '{"iban": "DE02", "balance": 7}') is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"iban": "DE02", "balance": "7"}', "'7' is not of type 'integer' at $.balance"),
        ('{"iban": "DE02"}', "'balance' is a required property at $"),
        ('{"iban": "DE02", "bal', "it is no JSON: "),
        ('```json\n{"iban": "DE02", "balance": 7}\n```', "it is no JSON: "),
        ('{"iban": "DE02", "balance": NaN}', "it is no JSON: "),
    ],
)
def test_an_answer_that_does_not_follow_is_told_where(text: str, said: str) -> None:
    assert said in (complaint(ACCOUNT, text) or "")


def test_references_are_followed_within_the_schema_and_nowhere_else() -> None:
    within = json.dumps({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}})
    assert complaint(within, "7") is None
    assert complaint(within, '"7"') == "'7' is not of type 'integer' at $"
    for away in ("http://127.0.0.1:9/schema.json", "file:///etc/passwd", "#/$defs/none"):
        assert (
            complaint(json.dumps({"$ref": away}), "7")
            == f"its schema refers to {away.removeprefix(chr(35))!r}, which is not in it"
        )


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@given(values, values)
def test_only_the_one_value_follows_a_schema_of_one_value(one: object, other: object) -> None:
    schema = json.dumps({"const": one})
    assert complaint(schema, json.dumps(one)) is None
    # JSON Schema tells 1 from true, where Python does not.
    alike = json.dumps(one) == json.dumps(other)
    assert (complaint(schema, json.dumps(other)) is None) == alike
