"""The canonical form: the same text however it was typed, and no more than that."""

from hypothesis import given
from hypothesis import strategies as st

from agents.cache.canonical import canonical


def test_white_space_is_folded() -> None:
    assert canonical("  how\tdo\u00a0I \n pay? ") == "how do I pay?"


def test_compatibility_forms_are_composed() -> None:
    assert canonical("ﬁnd ①②  cafe\u0301") == "find 12 café"


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
