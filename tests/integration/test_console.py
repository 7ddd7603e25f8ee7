"""The console, in a real browser: a headless Chromium that runs what the service serves."""

from __future__ import annotations

import csv
import random
import shutil
import time
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from agents.budgets.budget import Budget
from agents.ledger.queries import Queries
from agents.ledger.store import Store
from schemas.ledger import LedgerEntry
from streams.web.service import service
from streams.web.terms import Terms
from streams.web.tokens import Tokens
from tests.fakes.ledger import in_memory
from tests.fakes.past import dealt, desk, keep
from tests.fakes.records import entry
from tests.services.finance import listening

CHROMIUM = "chromium-headless-shell"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
HOSTILE = "<img src=x onerror=alert(1)>"
TERMS = Terms(
    bounds={"retail": 0.01, "research": 0.01},
    budgets=[
        Budget(name="retail-month", amount="0.001", period="month", tenant="retail"),
        Budget(name="all", amount="1000", period="month"),
    ],
)


def now() -> int:
    return time.time_ns() // 1_000_000


class Console(NamedTuple):
    url: str
    store: Store
    tokens: Tokens
    ledger: list[LedgerEntry]


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    ledger = [*dealt(desk(), now(), days=40, a_day=80), entry("x", tenant=HOSTILE, occurred_at=now() - 60_000)]
    with in_memory() as store:
        keep(store, ledger)
        tokens = Tokens(store.engine, now)
        with listening(service(store.engine, now, terms=TERMS, per_minute=100_000)) as url:
            yield Console(url, store, tokens, ledger)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert shutil.which(CHROMIUM), "run scripts/chromium"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM))
        yield started
        started.close()


class Seen(NamedTuple):
    page: Page
    complaints: list[str]
    """What the browser complained of: errors, and what the content security policy stopped."""
    asked: list[str]
    """Every URL that was asked for."""


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def seen(request: pytest.FixtureRequest, browser: Browser, console: Console) -> Iterator[Seen]:
    context = browser.new_context(viewport=request.param)
    page = context.new_page()
    found = Seen(page, [], [])
    page.on("console", lambda message: found.complaints.append(message.text))
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    page.on("request", lambda sent: found.asked.append(sent.url))
    page.goto(console.url)
    yield found
    context.close()


def enter(page: Page, token: str) -> None:
    page.get_by_label("Access token").fill(token)
    page.keyboard.press("Enter")


def entered(seen: Seen, console: Console, *tenants: str) -> Page:
    enter(seen.page, console.tokens.create("test", tenants or ["*"]).token)
    expect(seen.page.locator("#updated")).to_contain_text("As of", timeout=30_000)
    return seen.page


def test_it_shows_what_the_ledger_says(seen: Seen, console: Console) -> None:
    page = entered(seen, console)
    page.get_by_role("combobox", name="Period").select_option("90")
    expect(page.locator("#f-requests")).to_have_text(f"{Queries(console.store.engine).rollup_totals().requests:,}")
    paid = sum(one.waterfall.effective_cost for one in console.ledger)
    exact = f"${paid // 10**9:,}.{paid % 10**9:09d}"
    for name, column in (("t-tenants", 6), ("t-strategies", 0)):
        assert page.locator(f"#{name} tbody tr").count() >= 2, name
        if column:
            expect(page.locator(f"#{name} tfoot td").nth(column - 1)).to_have_attribute("title", exact)
    for name in ("t-budgets", "t-quality", "t-unit", "t-dear"):
        assert page.locator(f"#{name} tbody tr").count() >= 2, name
    for chart in ("c-trend", "c-waterfall", "c-quality"):
        box = page.locator(f"#{chart}").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) > 60
        assert page.locator(f"#{chart}").get_attribute("aria-label")
    assert seen.complaints == []
    assert {url.split("/v1/")[0].removesuffix("/") for url in seen.asked if "/v1/" in url} == {console.url}
    assert all(url.startswith((console.url, "blob:")) for url in seen.asked)


def test_the_page_is_no_wider_than_the_screen(seen: Seen, console: Console) -> None:
    page = entered(seen, console)
    width = page.viewport_size["width"]  # type: ignore[index]
    for part in page.locator("section:visible, header:visible, dl div").all():
        box = part.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width, part


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_anybody_can_read_it(seen: Seen, console: Console, scheme: str) -> None:
    """Labels, roles, order of headings, contrast: what axe-core can tell of WCAG 2 AA."""
    seen.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    before = Axe().run(seen.page, options=rules)
    assert before.violations_count == 0, before.generate_report()
    after = Axe().run(entered(seen, console), options=rules)
    assert after.violations_count == 0, after.generate_report()


def test_money_is_written_exactly(seen: Seen) -> None:
    """As Python's integers have it, beyond what a double holds."""
    drawn = random.Random(1)
    amounts = [0, 1, -1, 5_000_000, -5_000_000, 2**53 + 1, *(drawn.randrange(-(2**63), 2**63) for _ in range(200))]
    script = """async (amounts) => {
        const { dollars } = await import("/money.js");
        return amounts.map((one) => [9, 2, 0].map((digits) => dollars(BigInt(one), digits)));
    }"""
    written = seen.page.evaluate(script, [str(one) for one in amounts])
    for amount, (exact, cents, whole) in zip(amounts, written, strict=True):
        assert Decimal(exact.replace(",", "").replace("−", "-")) * 10**9 == amount
        for text, unit in ((cents, Decimal("0.01")), (whole, Decimal(1))):
            rounded = (Decimal(amount) / 10**9).quantize(unit, ROUND_HALF_UP)
            assert text == f"{rounded:,}".replace("-", "−") or rounded == 0 == Decimal(text)


def test_a_token_stays_in_its_tab(seen: Seen, console: Console) -> None:
    enter(seen.page, "hr_0123456789abcdef_" + "A" * 43)
    expect(seen.page.get_by_role("alert")).to_have_text("This token does not hold.")
    made = console.tokens.create("test", ["retail"])
    enter(seen.page, made.token)
    expect(seen.page.locator("#updated")).to_contain_text("As of", timeout=30_000)
    assert made.token not in seen.page.url
    assert seen.page.context.cookies() == []
    assert all(made.token not in url for url in seen.asked)
    seen.page.reload()
    expect(seen.page.locator("#updated")).to_contain_text("As of", timeout=30_000)
    other = seen.page.context.new_page()
    other.goto(console.url)
    expect(other.get_by_label("Access token")).to_be_visible()
    console.tokens.revoke(made.token_id)
    seen.page.get_by_role("combobox", name="Period").select_option("7")
    expect(seen.page.get_by_role("alert")).to_have_text("This token does not hold.")
    expect(seen.page.get_by_label("Access token")).to_be_visible()


def test_a_tenants_token_shows_that_tenant(seen: Seen, console: Console) -> None:
    page = entered(seen, console, "retail")
    assert page.locator("#t-tenants tbody th").all_text_contents() == ["retail"]
    assert page.get_by_role("combobox", name="Tenant").locator("option").all_text_contents() == ["All", "retail"]
    assert page.locator("#t-budgets tbody th").all_text_contents() == ["retail-month"]


def test_what_is_chosen_is_in_the_address(seen: Seen, console: Console) -> None:
    page = entered(seen, console)
    page.get_by_role("combobox", name="Tenant").select_option("research")
    expect(page.locator("#t-tenants tbody th")).to_have_text(["research"])
    page.get_by_role("combobox", name="Period").select_option("7")
    assert page.url.endswith("?period=7&tenant=research")
    page.reload()
    expect(page.locator("#t-tenants tbody th")).to_have_text(["research"])
    expect(page.get_by_role("combobox", name="Period")).to_have_value("7")


def test_nothing_in_a_ledger_is_markup(seen: Seen, console: Console) -> None:
    page = entered(seen, console)
    expect(page.get_by_role("rowheader", name=HOSTILE, exact=True)).to_be_visible()
    assert page.locator("img").count() == 0
    assert seen.complaints == []


def test_figures_are_taken_away_by_keyboard_alone(seen: Seen, console: Console, tmp_path: Path) -> None:
    page = entered(seen, console, "research")
    page.keyboard.press("Tab")
    for _ in range(60):
        if "Tenants as CSV" in (page.locator(":focus").get_attribute("aria-label") or ""):
            break
        page.keyboard.press("Tab")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    file = tmp_path / "file"
    download.value.save_as(file)
    assert download.value.suggested_filename == "headrace-spend.csv"
    (row,) = csv.DictReader(file.read_text().splitlines())
    assert (row["tenant"], row["cost_center"]) == ("research", "research-desk")


def test_the_rate_is_that_of_the_last_minute(seen: Seen, console: Console) -> None:
    page = entered(seen, console)
    expect(page.locator("#f-live")).to_have_text("0.0/min", timeout=15_000)
    number = time.time_ns()
    keep(console.store, [entry(f"live-{number}-{n}", tenant=f"live-{number}", occurred_at=now()) for n in range(5)])
    expect(page.locator("#f-live")).not_to_have_text("0.0/min", timeout=15_000)
    expect(page.locator("#f-live-note")).to_contain_text("an hour, last")
