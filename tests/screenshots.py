"""Takes the pictures of the console in docs/.

The entries of a ledger, the demo's above all, are dealt over sixty days, so that there is something to see; without a
ledger, those of an invented desk. The pictures say nothing of how much is saved in earnest.
"""

from __future__ import annotations

import io
import shutil
import sys
import time
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from agents import policy as policies
from agents.budgets.budget import Budget
from agents.ledger.store import Store
from streams.demo.workload import POLICY
from streams.web.service import service
from streams.web.terms import terms_of
from streams.web.tokens import Tokens
from tests.fakes.ledger import in_memory
from tests.fakes.past import dealt, desk, entries_of, keep
from tests.services.finance import listening

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = (
    ("console-desktop", {"width": 1440, "height": 900}, "light"),
    ("console-dark", {"width": 1440, "height": 900}, "dark"),
    ("console-phone", {"width": 390, "height": 844}, "light"),
)
TALLEST = 2000
"""Pixels of a picture."""
LIVE_MS = 6_000
"""After which the console knows its rate."""
BUDGETS = [
    Budget(name="customer desk", amount="1.20", period="month", tenant="retail"),
    Budget(name="research desk", amount="1.50", period="month", tenant="research"),
    Budget(name="whole bank", amount="0.08", period="day"),
]


def main(ledger: str | None) -> None:
    """Take them."""
    entries = desk()
    if ledger is not None:
        read = Store(f"sqlite:///{Path(ledger).absolute()}")
        entries = entries_of(read.engine)
        read.close()
    with in_memory() as store, sync_playwright() as playwright:
        keep(store, list(dealt(entries, now())))
        token = Tokens(store.engine, now).create("screenshots", ["*"]).token
        terms = terms_of(policies.load(POLICY))._replace(budgets=BUDGETS)
        with listening(service(store.engine, now, terms=terms)) as url:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium-headless-shell"))
            for name, size, scheme in PICTURES:
                picture = taken(browser, url, token, size, scheme)
                picture.save(DOCS / f"{name}.png", optimize=True)
                print(f"{name}.png: {(DOCS / f'{name}.png').stat().st_size // 1024} KB")
            browser.close()


def taken(browser: Browser, url: str, token: str, size: dict[str, int], scheme: str) -> Image.Image:
    """The console as somebody sees it who opens it with that token."""
    page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(url)
    page.get_by_label("Access token").fill(token)
    page.keyboard.press("Enter")
    page.get_by_text("As of").wait_for(timeout=120_000)
    page.wait_for_timeout(LIVE_MS)
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    page.close()
    return (
        shot.crop((0, 0, shot.width, min(shot.height, TALLEST)))
        .convert("RGB")
        .quantize(256, Image.Quantize.MAXCOVERAGE)
    )


def now() -> int:
    """UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
