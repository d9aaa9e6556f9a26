"""The console in a real browser: by keyboard, in both themes and widths, nothing for axe to say, no other host.

One Chromium and one app. `make pictures` leaves every page that it shows as a picture in var/console, and makes
those of docs/console.md anew.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import axe_playwright_python
import pyotp
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright
from sqlalchemy import insert
from support import environs
from support.chromium import find_chromium
from support.console import PASSWORD, add, add_everybody, console_on, secret_of

from ivr.base.settings import load_settings
from ivr.calls.store import keep_flow_version
from ivr.console.app import SECTIONS, make_console_app
from ivr.dialog.flow import version_of
from ivr.sandbox.month import make_month
from ivr.sandbox.server import LocalServer
from ivr.storage.tables import LineRun
from ivr.topics.line import compile_line, read_line_files

pytestmark = [pytest.mark.long, pytest.mark.whole, pytest.mark.xdist_group("browser")]
ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "var" / "console"
NOW = datetime(2026, 12, 18, 10, 15, tzinfo=ZoneInfo("America/New_York"))
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN = {
    "kind": "calls",
    "flow_version": "0" * 64,
    "asked_by": "ops",
    "started_at": NOW,
    "finished_at": NOW,
    "played": 2,
    "failed": 1,
    "passed": False,
    "results": {"output": ["FAIL way/goodbye.call"], "calls": {"way/goodbye.call": "en-US relay"}},
}
# Pages that docs/console.md shows, and the width and height of their pictures.
SHOWN = {
    "today": (1360, 800),
    "call": (1360, 850),
    "payment-to-approve": (1360, 850),
    "picture": (1360, 850),
    "practice-call": (1360, 1040),
}
PICTURED = (("light", "wide", 1440), ("dark", "phone", 320))  # WCAG 1.4.10: nothing is lost at 320 pixels
# A theme changes colors alone.
RULES = {"light": "", "dark": "runOnly: ['color-contrast', 'link-in-text-block'],"}
LOOKED_AT = "{exclude: ['.sheet svg']}"  # the thousands of shapes of the line's picture take axe ten seconds
# What passes is neither told apart nor sent: that takes longer than to look.
LOOK = """axe.run(%s, {%s resultTypes: ['violations'], selectors: false}).then(
    found => found.violations.flatMap(each => each.nodes.map(node => `${each.id}: ${node.html}`)))"""


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
        db.execute(insert(LineRun), RUN)
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

    def __init__(self, page, url, console, secrets, *, pictures):
        self.page, self.url, self.console, self.secrets = page, url, console, secrets
        self.pictures = pictures
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

    def tab_to(self, what, pattern):
        """Go by keyboard to what has this property of its element, as a regular expression."""
        for _ in range(150):
            self.page.keyboard.press("Tab")
            if re.fullmatch(pattern, self.page.evaluate(f"document.activeElement.{what}.trim()")):
                return
        raise AssertionError(f"no Tab leads to {pattern!r} on {self.page.url}")

    def fill_in(self, **fields):
        """Write into fields by keyboard, in their order, and send them."""
        for name, text in fields.items():
            self.tab_to("id", name)
            self.page.keyboard.type(text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, text):
        """Go to a button or link by keyboard, see that the focus shows, and press it."""
        self.tab_to("textContent", text)
        outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"the focus on {text!r} does not show"
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def look(self, name, *, at=""):
        """Have axe look at the page in both themes, see that it fits a phone, and keep its pictures if asked."""
        if at:
            self.go(at)
        self.page.evaluate(AXE)
        for theme, rules in RULES.items():
            self.page.emulate_media(color_scheme=theme)
            assert self.page.evaluate(LOOK % (LOOKED_AT, rules)) == [], f"{name} in {theme}"
        for theme, width, pixels in PICTURED:
            self.page.emulate_media(color_scheme=theme)
            self.page.set_viewport_size({"width": pixels, "height": 900})
            if self.pictures:
                self.page.screenshot(path=PICTURES / f"{name}-{theme}-{width}.png", full_page=True)
            wide = self.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= pixels, f"{name} is {wide} pixels wide on {pixels}"
        if self.pictures and name in SHOWN:
            self.show(name, *SHOWN[name])
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def show(self, name, width, height):
        """Leave the picture of a page that docs/console.md shows: its top, in few colors, a few kilobytes."""
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": width, "height": height})
        with Image.open(BytesIO(self.page.screenshot())) as picture:
            picture.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
                ROOT / "docs" / "console" / f"{name}.png", optimize=True
            )


@pytest.fixture(scope="module")
def new_desk(console, secrets, request):
    """Somebody at a browser of their own, each on the one Chromium and the one app."""
    for folder in (PICTURES, ROOT / "docs" / "console"):
        folder.mkdir(parents=True, exist_ok=True)
    with LocalServer() as server, sync_playwright() as playwright:
        server.app = make_console_app(console)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])

        def new():
            page = browser.new_context(reduced_motion="reduce").new_page()
            return Desk(page, server.url, console, secrets, pictures=request.config.getoption("pictures"))

        yield new
        browser.close()


@pytest.fixture(scope="module")
def desk_of_complaints(new_desk):
    """Somebody of staff who has logged in."""
    desk = new_desk()
    desk.log_in("admin")
    return desk


# What a member of the demo's month says; then by keyboard: a section, what is written into its search, what is
# pressed and, in brackets, what is written into a form; and what the page says then.
COMPLAINTS = {
    "my call dropped after the routing number": (
        ("Calls", {"on": "saturday", "around": "9pm", "last_node": "bank/"}, "Sat, Dec 12, .*"),
        ("keyed 9 digits", "It made no payment. Nothing is debited"),
    ),
    "I paid, and I still owe": (
        ("Members", {"q": "Jasmine Sample"}, "Sample, Jasmine", r"\d{11}"),
        ("insufficient funds (R01). $166.10 is owed again.",),
    ),
    "I was debited twice": (
        ("Members", {"q": "Iris Sample"}, "Sample, Iris", r"\d{11}", "Ask for a reversal"),
        ("settled", "Somebody else has to approve it."),
    ),
    "no letter came": (
        ("Members", {"q": "Sample, Kale"}, "Sample, Kale", r"\d{11}"),
        ("Authorized by letter: sent", "With the mail of Wed, Dec 9, 2026", "Confirmation number:"),
    ),
    "my birthday was refused": (
        ("Members", {"q": "dahlia sample"}, "Sample, Dahlia", "Calls of that time", "Sun, Dec 6, .*"),
        ("Those numbers do not match.", "not verified"),
    ),
    "I am locked out": (
        ("Members", {"q": "Heather Sample"}, "Sample, Heather", "Unlock"),
        ("The member may try again.", "Not locked.", "at that question they press #"),
    ),
    "cancel yesterday's payment": (
        ("Payments", {"member": "400000000112", "on": "yesterday"}, r"\d{11}", "Cancel the payment"),
        ("The payment is cancelled.", "Cancellation number"),
    ),
    "the bank says it was not authorized": (
        ("Payments", {"member": "400000000118"}, r"\d{11}"),
        ("Read the member the yes below.", "Words heard", "Do you authorize this payment?"),
    ),
    "the account was closed": (
        ("Payments", {"member": "400000000113"}, r"\d{11}"),
        ("account closed (R02). $298.00 is owed again.", "Came back"),
    ),
    "it was the wrong amount": (
        ("Payments", {"member": "400000000115"}, r"\d{11}", {"amount": "20.50"}),
        ("It is 120 dollars and 50 cents", "refund of $20.50"),
    ),
}


@pytest.mark.parametrize("said", COMPLAINTS)
def test_a_complaint_is_answered_by_keyboard(desk_of_complaints, said):
    desk = desk_of_complaints
    steps, answers = COMPLAINTS[said]
    for step in steps:
        desk.fill_in(**step) if isinstance(step, dict) else desk.press(step)
    page = " ".join(desk.page.inner_text("main").split())
    assert [answer for answer in answers if answer not in page] == []
    assert desk.errors == desk.elsewhere == []


def test_every_page_is_fit_to_be_seen(new_desk):
    """From the log-in on; then what two people do of whom one asks and one approves, by keyboard."""
    desk = new_desk()
    desk.look("log-in", at="/calls/?last_node=routing")
    desk.log_in("admin")
    for section in SECTIONS:
        desk.look(section.name, at=f"/{section.name}/")
    new_desk().log_in("admin")
    desk.look("log-ins", at="/log-ins")
    desk.look("leaving", at="/reports/leaving")
    for page in ("picture", "words", "differences"):
        desk.look(page, at=f"/line/{page}")
    desk.look("runs", at="/line/runs")
    desk.page.click("tbody a")
    desk.look("run")
    desk.go("/practice/")
    desk.press("Call")
    for _ in range(2):
        desk.page.wait_for_function(
            "document.activeElement.id === 'text'"
        )  # a page gives it when it is drawn
        desk.page.keyboard.type("1")
        desk.press("Send")
    desk.look("practice-call")
    assert "Enter your 12 digit member I D." in desk.page.inner_text("[role=status]")
    desk.look("problem", at="/calls/?on=someday")

    desk.go("/calls/?last_node=routing")
    desk.page.click("tbody a")
    desk.look("call")
    assert "keyed 9 digits" in desk.page.inner_text("main")
    desk.press("Run it again")
    desk.look("rerun")
    assert "Nothing differs" in desk.page.inner_text("main")

    desk.look("members-found", at="/members/?q=sam")
    desk.page.click("text=Sample, Jasmine")
    desk.look("member")
    desk.look("all-notices", at="/members/400000000110/notices")

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
