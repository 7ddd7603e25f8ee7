"""The canonical form: the same text however it was typed, and no more than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.cache.canonical import canonical


def test_white_space_is_folded() -> None:
    assert canonical("  how\tdo\u00a0I \n pay? ") == "how do I pay?"


def test_another_way_to_type_the_same_letters_is_folded() -> None:
    assert canonical("ﬁnd  cafe\u0301 ＡＢＣ１２ ｶﾞ №…") == "find café ABC12 ガ No..."


@pytest.mark.parametrize("text", ["2³ + 1", "10⁶", "x₂", "5² metres", "3½", "①②", "§ 1⒈", "nº 5", "xⁿ"])
def test_what_means_something_else_than_its_letters_stays(text: str) -> None:
    assert canonical(text) == text


def test_case_is_kept_unless_the_policy_folds_it() -> None:
    assert canonical("US visas") == "US visas"
    assert canonical("US visas", fold_case=True) == "us visas"
    assert canonical("STRASSE", fold_case=True) == canonical("Straße", fold_case=True)


def test_punctuation_and_accents_are_kept() -> None:
    assert canonical("resumé!") == "resumé!"


@given(st.text(), st.booleans())
def test_the_canonical_form_is_its_own_canonical_form(text: str, fold_case: bool) -> None:
    once = canonical(text, fold_case=fold_case)
    assert canonical(once, fold_case=fold_case) == once


@given(st.text(), st.booleans())
def test_no_digit_is_made_of_what_was_none(text: str, fold_case: bool) -> None:
    plain = [each for each in text if each.isdecimal()]
    assert len([each for each in canonical(text, fold_case=fold_case) if each.isdecimal()]) == len(plain)
