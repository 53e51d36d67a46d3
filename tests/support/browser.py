"""A headless Chromium, with a profile of its own that is gone with the test run.

    with Browser() as browser:
        browser.open(url)
        browser.find("h1").text
        browser.requests()    # all that it has asked for since it was opened
        browser.complaints()  # of its console
"""

import json
import os

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

from support.processes import scratch_folder

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars",
)
JAVASCRIPT = "profile.managed_default_content_settings.javascript"


class Browser:
    def __init__(self, scripts=True, dark=False, width=1000, height=1400):
        options = Options()
        folder = scratch_folder("browser")
        for flag in (*FLAGS, f"--user-data-dir={folder}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if not scripts:
            options.add_experimental_option("prefs", {JAVASCRIPT: 2})
        self.options = options
        self.dark = dark
        self.width, self.height = width, height
        self.driver = None

    def __enter__(self):
        env = {**os.environ, "HOME": str(scratch_folder("home"))}
        self.driver = webdriver.Chrome(
            options=self.options, service=Service("/usr/bin/chromedriver", env=env))
        self.resize(self.width, self.height)
        if self.dark:
            self.darken()
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def darken(self, dark=True):
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def resize(self, width, height=1400):
        """The window's inside: narrower than a headless window can be made."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def open(self, url):
        self.driver.get("about:blank")  # the page before, which asks now and then, is gone
        self.requests(), self.complaints()  # and so is what was told of it
        self.driver.get(url)
        return self

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def find_all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self):
        return self.find("body").text

    def requests(self):
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self, path):
        """The whole page as PNG."""
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return window.innerWidth")
        self.resize(width, max(height, 300))
        self.driver.save_screenshot(str(path))
