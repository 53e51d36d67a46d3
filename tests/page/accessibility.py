"""The page by axe-core, in each state and each view: no violation. tests/page.sh runs it."""

import os
from pathlib import Path

import pytest
from page.test_page import VIEWS, page_of

AXE = Path(os.environ["SCHEMALATCH_AXE"]).read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def axe(browser):
    """In each page from its start, by way of the debugger, which no policy of the page concerns."""
    added = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": AXE})
    yield
    browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)


def violations(browser):
    result = browser.driver.execute_async_script("""
        const done = arguments[0];
        axe.run(document, {resultTypes: ["violations"]}).then(done, (e) => done({error: String(e)}));
    """)
    assert "error" not in result, result
    assert len(result["passes"]) > 15, "axe has looked at next to nothing"
    return [(each["id"], each["help"], [node["html"] for node in each["nodes"]])
            for each in result["violations"]]


def test_nothing_is_in_anybodys_way(browser, shown):
    state, sidecar = shown
    for view, (width, dark) in VIEWS.items():
        browser.resize(width)
        browser.darken(dark)
        browser.open(page_of(sidecar))
        assert violations(browser) == [], f"{state}, {view}"


def test_it_finds_what_is_wrong(browser, stage):
    """The checker itself is awake."""
    browser.open(page_of(stage.serve()))
    browser.run("document.documentElement.removeAttribute('lang');"
                "document.getElementById('copy').textContent = ''")
    assert {"html-has-lang", "button-name"} <= {each[0] for each in violations(browser)}
