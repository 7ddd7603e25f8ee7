"""JSON schemas: which are none, and what is wrong with an answer."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, Draft7Validator, Draft201909Validator, Draft202012Validator
from referencing import Registry

from agents.json_dialects import STEPS, Steps, dialect, first_error
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
        ('{"$schema": 5}', "is no JSON schema: its $schema must be the name of a dialect"),
        ('{"$schema": {}}', "is no JSON schema: its $schema must be the name of a dialect"),
        (
            '{"not": ' * 300 + "{}" + "}" * 300,
            "is no JSON schema that answers can be checked by: it is nested too deeply",
        ),
        ('{"$ref": "#"}', "refers to itself without an end"),
        ('{"allOf": [{}], "$ref": "#/allOf/x"}', "is no JSON schema that answers can be checked by: ValueError"),
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


@pytest.mark.parametrize(
    ("schema", "text", "said"),
    [
        ("{}", "[" * 1200, "it is nested too deeply"),
        ('{"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"$ref": "#/$defs/a"}}}', "[1]", "without an end"),
        ('{"items": {"allOf": [{}], "$ref": "#/items/allOf/x"}}', "[1]", "ValueError"),
        ('{"items": {"$ref": "#/x"}, "x": {"type": 5}}', "[1]", "TypeError"),
        ('{"multipleOf": 0.5}', "1" + "0" * 400, "OverflowError"),
        ('{"items": {"$ref": "#/x"}, "x": {"pattern": "(?=a)"}}', '["a"]', "invalid perl operator: (?="),
    ],
)
def test_an_answer_that_cannot_be_checked_is_a_wrong_one(schema: str, text: str, said: str) -> None:
    assert problem(schema) is None
    found = complaint(schema, text) or ""
    assert found.startswith("it cannot be checked: ")
    assert said in found


def test_references_are_followed_within_the_schema_and_nowhere_else() -> None:
    within = json.dumps({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}})
    assert complaint(within, "7") is None
    assert complaint(within, '"7"') == "'7' is not of type 'integer' at $"
    for away in ("http://127.0.0.1:9/schema.json", "file:///etc/passwd", "#/$defs/none"):
        said = f"it refers to {away.removeprefix('#')!r}, which is not in it"
        assert problem(json.dumps({"$ref": away})) == f"is no JSON schema that answers can be checked by: {said}"
        assert complaint(json.dumps({"items": {"$ref": away}}), "[7]") == f"it cannot be checked: {said}"


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?<!a)b", r"(a)\1", "a{0,1001}"])
@pytest.mark.parametrize(
    "draft", ["https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-04/schema"]
)
def test_a_pattern_that_cannot_be_matched_in_linear_time_is_refused(pattern: str, draft: str) -> None:
    for holder in ({"pattern": pattern}, {"patternProperties": {pattern: {}}}):
        schema = {"$schema": draft, "properties": {"deep": {"allOf": [holder]}}}
        assert f"holds the pattern {pattern!r}, which RE2 cannot match" in (problem(json.dumps(schema)) or "")
    named = {"properties": {"pattern": {"enum": [{"pattern": pattern}]}}}
    assert problem(json.dumps(named)) is None


@pytest.mark.parametrize(
    ("pattern", "follows", "does_not"),
    [
        (r"^[\u4e00-\u9fff]+$", "中文", "text"),
        (r"^\\u0041$", r"\u0041", "A"),
        (r"^\p{Lu}", "Äpfel", "äpfel"),
        ("^[A-Z]{2}[0-9]{2}$", "DE02", "DE02\n"),
    ],
)
def test_patterns_are_read_as_json_schema_writes_them(pattern: str, follows: str, does_not: str) -> None:
    schema = json.dumps({"pattern": pattern})
    assert problem(schema) is None
    assert complaint(schema, json.dumps(follows)) is None
    assert complaint(schema, json.dumps(does_not)) is not None


def taken(schema: Any, answer: object) -> int:
    steps = Steps(10 * STEPS)
    first_error(dialect(schema)(schema, registry=Registry()), answer, steps)
    return 10 * STEPS - steps.left


BACKTRACKING = "^(a+)+$|^[a!]*b$"


@pytest.mark.parametrize(
    "schema",
    [
        {"additionalProperties": {"pattern": BACKTRACKING}},
        {"additionalProperties": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": BACKTRACKING}},
        {"patternProperties": {BACKTRACKING: False}},
        {"patternProperties": {BACKTRACKING: False}, "additionalProperties": True},
        {"patternProperties": {BACKTRACKING: False}, "unevaluatedProperties": True},
        {
            "$schema": "https://json-schema.org/draft/2019-09/schema",
            "patternProperties": {BACKTRACKING: False},
            "unevaluatedProperties": False,
        },
    ],
)
def test_what_a_pattern_takes_grows_no_faster_than_the_text(schema: dict[str, Any]) -> None:
    assert problem(json.dumps(schema)) is None
    sizes = [10_000 << doubled for doubled in range(4)]
    steps = [taken(schema, {"a" * size + "!": "a" * size + "!"}) for size in sizes]
    assert all(less < more <= 2 * less + 1 for less, more in pairwise(steps))


def fan_out(levels: int, **first: Any) -> dict[str, Any]:
    """References to references, twice as many in each level."""
    twice = {f"d{at}": {"allOf": [{"$ref": f"#/$defs/d{at + 1}"}] * 2} for at in range(levels)}
    return {"$defs": {**twice, f"d{levels}": {}}, **(first or {"$ref": "#/$defs/d0"})}


def test_references_that_multiply_use_up_the_steps_of_a_check() -> None:
    assert taken(fan_out(9), 7) > 2 * taken(fan_out(8), 7) - 20
    assert "it takes more than 500000 steps" in (problem(json.dumps(fan_out(25))) or "")
    later = json.dumps(fan_out(25, items={"$ref": "#/$defs/d0"}))
    assert problem(later) is None
    assert "it cannot be checked: it takes more than 500000 steps" in (complaint(later, "[7]") or "")


def test_the_longest_schemas_and_answers_in_use_are_within_the_steps() -> None:
    field = {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[^<>]*$"}
    row = {"type": "object", "properties": {f"field_{at}": field for at in range(40)}, "additionalProperties": False}
    schema = json.dumps({"properties": {f"rows_{at}": {"type": "array", "items": row} for at in range(15)}})
    assert 50_000 < len(schema) < 64 << 10
    assert problem(schema) is None
    answer = {f"rows_{at}": [{f"field_{at}": "some text" for at in range(40)} for _ in range(10)] for at in range(15)}
    assert complaint(schema, json.dumps(answer)) is None


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


keywords = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["object", "array", "string", "integer"]),
        "const": values,
        "enum": st.lists(values, min_size=1, max_size=3, unique_by=json.dumps),
        "uniqueItems": st.booleans(),
        "minLength": st.integers(0, 3),
        "pattern": st.sampled_from(["^a", "b$", "[0-9]+", "^(a|b)*$"]),
        "required": st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True),
    },
)
schemas = st.recursive(
    keywords,
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "items": inner,
            "properties": st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
            "additionalProperties": st.booleans() | inner,
            "unevaluatedProperties": st.booleans() | inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
        },
    ),
    max_leaves=6,
)
answers = st.recursive(
    values | st.text("ab0", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(
    schemas, answers, st.sampled_from([Draft4Validator, Draft7Validator, Draft201909Validator, Draft202012Validator])
)
def test_an_end_to_the_work_changes_no_verdict(schema: dict[str, Any], answer: object, draft: Any) -> None:
    named = {"$schema": draft.META_SCHEMA["$schema"], **schema}
    assert problem(json.dumps(named)) is None
    assert (complaint(json.dumps(named), json.dumps(answer)) is None) == draft(named).is_valid(answer)
