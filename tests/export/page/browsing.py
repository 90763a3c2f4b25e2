"""A browser for tests of pages, or the reason why there is none."""

import os
import shutil
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from aezoo.system.serving import server_of

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SERIOUS = ("serious", "critical")


def runtime():
    """The npm package that the variable names; skips without."""
    named = os.environ.get("AEZOO_LITERTJS")
    if not named or not Path(named, "package.json").is_file():
        pytest.skip("LiteRT.js is not here: set AEZOO_LITERTJS to node_modules/@litertjs/core")
    return named


@contextmanager
def browser():
    """A browser without a window; skips without one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as driver:
        # as root it has no sandbox, and opens nothing here but our own pages
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, folder, **options):
    """A page that has compared itself, and what its console had to say of errors."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.errors = []
    page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    with server_of(Path(folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.wait_for_selector("body[data-golden], #status.bad", timeout=30_000)
        yield page
        context.close()
        server.shutdown()


def number(page, name):
    """What the page has measured of itself."""
    return float(page.locator("body").get_attribute(f"data-{name}"))


@contextmanager
def redrawn(page, name="updates"):
    """Waits until the page has drawn anew what is done within, and has come to rest."""
    before = last = number(page, name)
    yield
    for _ in range(100):
        page.wait_for_timeout(100)
        now = number(page, name)
        if before < now == last:
            return
        last = now
    raise AssertionError(f"{name} stays {last}")


def inaccessible(page):
    """What axe-core finds serious; skips without it."""
    named = os.environ.get("AEZOO_AXE")
    if not named or not Path(named).is_file():
        pytest.skip("axe-core is not here: set AEZOO_AXE to node_modules/axe-core/axe.min.js")
    page.evaluate(Path(named).read_text("utf-8"))
    found = page.evaluate("axe.run()")
    assert found["passes"]
    return [one["id"] for one in found["violations"] if one["impact"] in SERIOUS]
