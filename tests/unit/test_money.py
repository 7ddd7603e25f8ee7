"""Money is whole nano-dollars, from the price list to the ledger."""

from __future__ import annotations

import ast
import math
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import agents
import schemas
from schemas.errors import PolicyError
from schemas.money import NANO, PriceBook, PriceCard, dollars, nano_usd, share_of

AMOUNTS = st.integers(-(10**24), 10**24)
ROOTS = (Path(schemas.__file__).parent, Path(agents.__file__).parent)
ACCOUNTS = [
    ROOTS[0] / "money.py",
    ROOTS[1] / "waterfall.py",
    *sorted((ROOTS[1] / "settlement").glob("*.py")),
    *sorted(path for path in (ROOTS[1] / "ledger").glob("*.py") if path.name != "stage.py"),
]


def card(**fields: object) -> PriceCard:
    given_fields: dict[str, object] = {
        "model": "m",
        "version": "p1",
        "effective_from": 0,
        "input_rate": nano_usd("0.15"),
        "cached_input_rate": nano_usd("0.0375"),
        "output_rate": nano_usd("0.60"),
        **fields,
    }
    return PriceCard(**given_fields)  # type: ignore[arg-type]


def floats_in(source: str) -> list[str]:
    """Whatever in a program could make or use a float."""
    found = []
    for node in ast.walk(ast.parse(source)):
        line = f"line {getattr(node, 'lineno', '?')}"
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            found.append(f"{line}: the literal {node.value}")
        if isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            found.append(f"{line}: a division")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"float", "round", "pow"}:
            found.append(f"{line}: {node.func.id}()")
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            found += [f"{line}: {name}" for name in names & {"math", "statistics", "numpy", "random"}]
    return found


@pytest.mark.parametrize("path", ACCOUNTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_float_is_near_money(path: Path) -> None:
    assert floats_in(path.read_text()) == []


@pytest.mark.parametrize("source", ["x = 1.5", "x = a / b", "x /= 2", "x = float(a)", "x = round(a)", "import math"])
def test_a_float_near_money_would_be_noticed(source: str) -> None:
    assert floats_in(source)


@given(AMOUNTS)
def test_dollars_are_written_and_read_exactly(amount: int) -> None:
    assert nano_usd(dollars(amount)) == amount
    assert Decimal(dollars(amount)) == Decimal(amount).scaleb(-9) or abs(amount) >= 10**19


@given(AMOUNTS)
def test_dollars_show_nine_digits_after_the_point(amount: int) -> None:
    assert len(dollars(amount).partition(".")[2]) == 9


@pytest.mark.parametrize(
    ("written", "amount"),
    [("0.15", 150_000_000), ("-1.5", -1_500_000_000), ("0.000000001", 1), (3, 3 * NANO), ("1e-9", 1), ("0", 0)],
)
def test_dollars_are_read(written: str | int, amount: int) -> None:
    assert nano_usd(written) == amount


@pytest.mark.parametrize("written", ["0.0000000001", "abc", "", "NaN", "Infinity", "1,5"])
def test_what_is_no_whole_number_of_nano_dollars_is_refused(written: str) -> None:
    with pytest.raises(PolicyError, match="dollars"):
        nano_usd(written)


@pytest.mark.parametrize("written", ["1e999999", "-1e999999", "1e500000", "1e-9999999", f"1.{'0' * 40}1"])
def test_what_would_have_to_be_rounded_or_overflows_is_refused(written: str) -> None:
    with pytest.raises(PolicyError, match=r"nano-dollars|larger or finer than any amount"):
        nano_usd(written)


def test_a_float_of_dollars_is_refused() -> None:
    with pytest.raises(PolicyError, match=r'is a float: write money as a string, for example "0\.15"'):
        nano_usd(0.15)  # type: ignore[arg-type]


@given(st.integers(0, 10**18), st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_share_is_rounded_half_up(amount: int, parts: int, whole: int) -> None:
    share = share_of(amount, parts, whole)
    assert type(share) is int
    assert share == math.floor(Fraction(amount * parts, whole) + Fraction(1, 2))


@given(st.integers(0, 10**9), st.integers(0, 10**15), st.integers(0, 100), st.booleans())
def test_a_cost_is_within_half_a_nano_dollar_of_the_price(tokens: int, rate: int, percent: int, batch: bool) -> None:
    cost = card(input_rate=rate, batch_percent=percent).cost("input", tokens, batch=batch)
    exact = Fraction(tokens * rate, 1_000_000) * (Fraction(percent, 100) if batch else 1)
    assert type(cost) is int
    assert abs(cost - exact) <= Fraction(1, 2)


def test_each_kind_of_token_has_its_rate() -> None:
    kinds = [card().cost(kind, 1_000_000) for kind in ("input", "cached_input", "output")]
    assert kinds == [150_000_000, 37_500_000, 600_000_000]


def test_a_price_of_half_a_nano_dollar_a_token_is_not_lost() -> None:
    assert card().cost("cached_input", 1_000) == 37_500
    assert card().cost("cached_input", 1) == 38


def test_the_batch_lane_pays_its_percentage() -> None:
    assert card(batch_percent=50).cost("output", 1_000_000, batch=True) == 300_000_000


def test_a_new_price_leaves_older_days_as_they_were() -> None:
    old, new = card(version="p1", effective_from=1000), card(version="p2", effective_from=2000)
    book = PriceBook([new, old])
    assert [book.card("m", at).version for at in (1000, 1999, 2000, 9999)] == ["p1", "p1", "p2", "p2"]


@pytest.mark.parametrize(("model", "at"), [("m", 999), ("other", 5000)])
def test_a_model_without_a_price_is_refused(model: str, at: int) -> None:
    with pytest.raises(PolicyError, match=f"no price card of model '{model}'"):
        PriceBook([card(effective_from=1000)]).card(model, at)
