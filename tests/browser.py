"""Pages in the system's Chromium: what it complains of, or asks the network for, fails the test."""

import os
from shutil import which

import pytest

CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium"))), None)


@pytest.fixture(scope="module")
def browser():
    tools = pytest.importorskip("playwright.sync_api", reason="a browser's tests need: pip install -e '.[browser]'")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium on the PATH")
    with tools.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=[] if os.getuid() else ["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show_page(browser, tmp_path):
    """Show an HTML document in a tab of its own."""
    contexts, complaints = [], []

    def show(html, **options):
        path = tmp_path / f"{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        contexts.append(browser.new_context(**({"viewport": {"width": 1200, "height": 800}} | options)))
        tab = contexts[-1].new_page()
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: complaints.append(request.url) if request.url != path.as_uri() else None)
        tab.goto(path.as_uri())
        return tab

    yield show
    for context in contexts:
        context.close()
    assert complaints == []


def wait_until(tab, condition):
    """Wait until something holds in a page; pages forbid what Playwright would wait with."""
    for _ in range(200):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(50)
    raise AssertionError(f"never: {condition}")
