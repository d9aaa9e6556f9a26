"""The console in a real browser: by keyboard, in both themes and widths, nothing for axe to say, no other host.

One Chromium and one app. Every page that it shows is left as a picture in var/console.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import axe_playwright_python
import pyotp
import pytest
from playwright.sync_api import sync_playwright
from support import environs
from support.chromium import find_chromium
from support.console import PASSWORD, add, add_everybody, console_on, secret_of

from ivr.base.settings import load_settings
from ivr.calls.store import keep_flow_version
from ivr.console.app import SECTIONS, make_console_app
from ivr.dialog.flow import version_of
from ivr.sandbox.month import make_month
from ivr.sandbox.server import LocalServer
from ivr.topics.line import compile_line, read_line_files

pytestmark = pytest.mark.whole
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "var" / "console"
NOW = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
PICTURED = (("light", "wide", 1440), ("dark", "phone", 320))  # WCAG 1.4.10: nothing is lost at 320 pixels
# A theme changes colors alone.
RULES = {"light": "{}", "dark": "{runOnly: ['color-contrast', 'link-in-text-block']}"}
LOOKED_AT = "{exclude: ['.sheet svg']}"  # the thousands of shapes of the line's picture take axe ten seconds


@pytest.fixture(scope="module")
def console(worker_database, tmp_path_factory):
    """The console of a demo after a month of calls, all on one database."""
    engine = worker_database.engine
    settings = load_settings(
        {
            "IVR_DEMO": "yes",
            "IVR_VAR": str(tmp_path_factory.mktemp("month")),
            "IVR_HASH_KEY": environs.HASH_KEY,
        }
    )
    line = compile_line(read_line_files(ROOT))
    make_month(settings, engine, line, NOW)
    english = line.files["prompts/en-US.ftl"].replace("Goodbye.", "Good day.")
    earlier = {**line.files, "prompts/en-US.ftl": english}
    with engine.begin() as db:
        keep_flow_version(db, version_of(earlier), earlier, NOW - timedelta(days=90))
    yield console_on(engine, line, NOW, demo=True, IVR_VAR=str(tmp_path_factory.mktemp("var")))
    worker_database.empty()


@pytest.fixture(scope="module")
def secrets(console):
    secrets = add_everybody(console)
    with console.engine.begin() as db:
        secrets["second"] = secret_of(add(db, console, "second", ["money"]))
    return secrets


class Desk:
    """Somebody at a browser: what it says on its console and whom it asks is watched."""

    def __init__(self, page, url, console, secrets):
        self.page, self.url, self.console, self.secrets = page, url, console, secrets
        self.errors, self.elsewhere = [], []
        page.on(
            "console", lambda said: said.type == "error" and self.errors.append(f"{page.url}: {said.text}")
        )
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("request", lambda asked: asked.url.startswith(url) or self.elsewhere.append(asked.url))

    def go(self, path):
        self.page.goto(self.url + path)

    def log_in(self, name):
        """By keyboard alone, from the top of the page."""
        self.console.clock.advance(30)
        self.go("/log-in")
        keyboard = self.page.keyboard
        keyboard.press("Tab")
        assert self.page.evaluate("document.activeElement.textContent") == "Skip to the page"
        while self.page.evaluate("document.activeElement.id") != "name":
            keyboard.press("Tab")
        code = pyotp.TOTP(self.secrets[name]).at(self.console.clock.now())
        for text in (name, PASSWORD, code):
            keyboard.type(text)
            keyboard.press("Tab")
        keyboard.press("Enter")
        self.page.wait_for_url(re.compile("/today/$"))

    def press(self, text):
        """Go to a button or link by keyboard, see that the focus shows, and press it."""
        for _ in range(120):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("document.activeElement.textContent.trim()") == text:
                break
        else:
            raise AssertionError(f"no Tab leads to {text!r} on {self.page.url}")
        outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"the focus on {text!r} does not show"
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def look(self, name):
        """Have axe look at the page in both themes, see that it fits a phone, and keep its pictures."""
        for theme, rules in RULES.items():
            self.page.emulate_media(color_scheme=theme)
            self.page.evaluate(f"window.axe || (() => {{ {AXE} }})()")
            found = self.page.evaluate(f"axe.run({LOOKED_AT}, {rules})")
            problems = [
                f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]
            ]
            assert problems == [], f"{name} in {theme}"
        for theme, width, pixels in PICTURED:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size({"width": pixels, "height": 900})
            self.page.screenshot(path=PICTURES / f"{name}-{theme}-{width}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= pixels, f"{name} is {wide} pixels wide on {pixels}"
        self.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture(scope="module")
def desk(console, secrets):
    PICTURES.mkdir(parents=True, exist_ok=True)
    app = make_console_app(console)
    with LocalServer() as server, sync_playwright() as playwright:
        server.app = app
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = browser.new_context(reduced_motion="reduce")
        yield Desk(context.new_page(), server.url, console, secrets)
        browser.close()


def test_every_page_is_fit_to_be_seen(desk):
    """From the log-in on; then what somebody does who answers a complaint, by keyboard."""
    desk.go("/calls/?last_node=routing")
    desk.look("log-in")
    desk.log_in("admin")
    for section in SECTIONS:
        desk.go(f"/{section.name}/")
        desk.look(section.name)
    desk.go("/reports/leaving")
    desk.look("leaving")
    for page in ("picture", "words", "differences"):
        desk.go(f"/line/{page}")
        desk.look(page)
    desk.go("/practice/")
    desk.press("Call")
    for _ in range(2):
        desk.page.keyboard.type("1")  # where the focus is
        desk.press("Send")
    desk.look("practice-call")
    assert "Enter your 12 digit member I D." in desk.page.inner_text("[role=status]")
    desk.go("/calls/?on=someday")
    desk.look("problem")

    desk.go("/calls/?last_node=routing")
    desk.page.click("tbody a")
    desk.look("call")
    assert "keyed 9 digits" in desk.page.inner_text("main")
    desk.press("Run it again")
    desk.look("rerun")
    assert "Nothing differs" in desk.page.inner_text("main")

    desk.go("/members/?q=sam")
    desk.look("members-found")
    desk.page.click("text=Sample, Jasmine")
    desk.look("member")

    desk.go("/payments/?state=held")
    desk.page.click("tbody a")
    desk.look("payment-held")
    desk.press("Ask for its release")
    held = desk.page.url.partition("?")[0]
    assert "Somebody else has to approve it." in desk.page.inner_text("[role=status]")
    desk.press("Log out")
    desk.log_in("second")
    desk.page.goto(held)
    desk.look("payment-to-approve")
    desk.press("Approve and do it")
    assert "It is approved, and done." in desk.page.inner_text("[role=status]")
    desk.go("/payments/?state=returned")
    desk.page.click("tbody a")
    desk.look("payment-returned")
    desk.press("Log out")
    assert desk.page.url.endswith("/log-in")
    assert desk.errors == []
    assert desk.elsewhere == []
