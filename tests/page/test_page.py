"""The page as a person sees it who has just forwarded a port to a pod: in a real browser.

SCHEMALATCH_PICTURES=FOLDER keeps a picture of each state: look at them after a change.
"""

import os
from pathlib import Path

import pytest
from page.states import MARKUP, revoked, waiting
from selenium.webdriver import ActionChains, Keys
from support.browser import Browser
from support.waiting import wait_until

HEADLINES = {
    "never_asked": "Not ready", "waiting": "Not ready", "ready": "Ready", "held": "Ready, held",
    "locked": "Ready, held", "revoked": "Not ready", "latched": "Ready, held",
    "observed": "Not ready, only observed", "disabled": "Disabled", "hostile": "Not ready",
}
TOLD = {
    "never_asked": ["main/tables", "unreachable", "No answer for"],
    "waiting": ["2 pending: b2, c3", "Wanted", "c3", "Found", "a1", "billing.invoices",
                "it refused the connection", "Pending migrations"],
    "ready": ["it takes connections", "✓ passes: ok", "startup, readiness"],
    "held": ["timeout, held", "Held for at most another\n4m", "By an earlier answer: main/tables (timeout)"],
    "locked": ["locked, held", "Held back by a lock for"],
    "revoked": ["public.users"],
    "latched": ["missing, latched", "none, reported only"],
    "observed": ["Mode observe"],
    "disabled": ["Disabled", "see INC-42"],
    "hostile": [MARKUP.replace('"', '""'), MARKUP[:32]],
}
VIEWS = {"light": (1000, False), "dark": (1000, True), "narrow": (320, False)}


def page_of(sidecar):
    return f"http://127.0.0.1:{sidecar.port}/"


def keep_picture(browser, name):
    folder = os.environ.get("SCHEMALATCH_PICTURES")
    if folder:
        browser.picture(Path(folder) / f"{name}.png")


def fits(browser):
    """Nothing is wider than the window, and no text is cut."""
    return browser.run("return document.documentElement.scrollWidth <= window.innerWidth")


def test_each_state_is_told_in_each_view(browser, shown):
    state, sidecar = shown
    for view, (width, dark) in VIEWS.items():
        browser.resize(width)
        browser.darken(dark)
        browser.open(page_of(sidecar))
        assert browser.find("h1").text == HEADLINES[state]
        assert browser.driver.title.startswith(f"{HEADLINES[state]}: ")
        text = browser.text()
        for words in TOLD[state]:
            assert words in text, f"{words} in\n{text}"
        assert fits(browser), view
        keep_picture(browser, f"{state}-{view}")
        assert browser.complaints() == []
        assert {url for url in browser.requests() if not url.startswith("data:")} == {
            page_of(sidecar)}


def test_it_is_complete_without_script(stage):
    sidecar = waiting(stage)
    with Browser(scripts=False) as browser:
        browser.open(page_of(sidecar))
        text = browser.text()
        assert "2 pending: b2, c3" in text and "For an incident" in text
        assert not browser.find("#copy").is_displayed()
        assert not browser.find("#pause").is_displayed()
        assert browser.find_all("noscript meta[http-equiv=refresh]")


def test_it_is_live(browser, stage):
    """Changes come in without a reload; a sidecar that is gone is told."""
    sidecar = waiting(stage)
    browser.open(page_of(sidecar))
    browser.run("window.mark = 1")
    assert browser.find("h1").text == "Not ready"
    stage.migrate("b2")
    wait_until(lambda: "1 pending: c3" in browser.text(), what=browser.text)
    assert "1 pending: c3" in browser.find("#incident").text
    assert not browser.find("#lost").is_displayed()
    sidecar.kill()
    wait_until(lambda: browser.find("#lost").is_displayed())
    assert browser.run("return window.mark") == 1


def test_it_can_be_paused(browser, stage):
    sidecar = waiting(stage)
    browser.open(page_of(sidecar))
    button = browser.find("#pause")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    stage.migrate("c3")
    sidecar.wait_check("migrations", reason="ok")
    assert "2 pending" in browser.find("#subjects").text
    button.click()
    wait_until(lambda: "2 pending" not in browser.find("#subjects").text)


def test_the_text_for_an_incident_is_copied(browser, stage):
    sidecar = revoked(stage)
    browser.open(page_of(sidecar))
    browser.driver.execute_cdp_cmd("Browser.grantPermissions", {
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    browser.find("#copy").click()
    wait_until(lambda: browser.find("#copied").text == "Copied.")
    copied = browser.driver.execute_async_script(
        "navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))")
    assert copied.startswith("schemalatch ") and ": not ready, as of " in copied
    assert "[-] main/tables missing: public.users" in copied
    assert "last changes, the newest first:" in copied


@pytest.mark.parametrize("key, presses", [("#copy", [Keys.TAB]), ("#pause", [Keys.TAB, Keys.TAB])])
def test_all_that_can_be_done_can_be_done_by_keyboard(browser, stage, key, presses):
    browser.open(page_of(waiting(stage)))
    ActionChains(browser.driver).send_keys(*presses, Keys.ENTER).perform()
    assert browser.run("return '#' + document.activeElement.id") == key
    wait_until(lambda: browser.find("#copied").text or
               browser.find("#pause").get_attribute("aria-pressed") == "true")


def test_the_policy_lets_nothing_else_in(browser, stage):
    """A script or a style that is not the page's own does nothing, whoever puts it there."""
    sidecar = waiting(stage)
    policy = sidecar.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    browser.open(page_of(sidecar))
    browser.run("""
        const script = document.createElement("script");
        script.textContent = "window.broken = true";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.broken = true'>");
        document.body.insertAdjacentHTML("beforeend", "<p id=odd style='color: red'>");
    """)
    wait_until(lambda: len([c for c in browser.complaints() if "Content Security Policy" in c]) >= 2
               or browser.run("return window.broken"))
    assert browser.run("return window.broken") is None
    assert browser.run("return getComputedStyle(document.getElementById('odd')).color") != (
        "rgb(255, 0, 0)")
