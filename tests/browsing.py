"""Pages in a real browser, where there is one: Playwright, Chromium, for some axe-core."""

import os
import shutil
from pathlib import Path

import pytest

SIZES = {"phone": (390, 844), "desktop": (1280, 900)}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    """Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def visit(browser):
    """Opens a file, and returns the page, whose `said` has errors, warnings and requests."""
    contexts = []

    def opened(file, size="desktop", **how):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **how)
        contexts.append(context)
        page = context.new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append("dialog"), dialog.dismiss()))
        page.on("request", lambda request: page.said.append(request.url) if _is_far(request) else 0)
        page.goto(Path(file).resolve().as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def is_cut_off(page):
    """Whether a page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def violations(page):
    """What axe-core has to say that is serious; `AEZOO_AXE` names its `axe.min.js`."""
    axe = os.environ.get("AEZOO_AXE")
    if not axe or not Path(axe).is_file():
        pytest.skip("AEZOO_AXE does not name axe.min.js")
    page.evaluate(Path(axe).read_text(encoding="utf-8"))  # which a closed page lets in, too
    found = page.evaluate("axe.run()")
    return [one["id"] for one in found["violations"] if one["impact"] in SERIOUS]


def _is_far(request):
    return not request.url.startswith(("file:", "data:"))
