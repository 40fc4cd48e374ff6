"""The pages in a real browser: nothing refused by the policy, nothing wider than a phone, usable by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page

from outreach.store.tables import leads, notes
from outreach.web.server import WebServer
from tests.web.conftest import Goodbye, Office
from tests.web.desk import Desk

SIZES = {"wide": (1280, 900), "phone": (360, 740)}


@dataclass(slots=True)
class Visit:
    """A page, and what the browser complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(params=[(size, scheme) for size in SIZES for scheme in ("light", "dark")], ids="-".join)
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    size, scheme = request.param
    width, height = SIZES[size]
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
    opened = Visit(context.new_page())
    opened.page.on("console", lambda message: opened.complaints.append(message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    yield opened
    context.close()


PAGES = (
    *(
        "/",
        "/leads",
        "/leads?where=lead.score+>=+5&sort=score",
        "/leads/lead-1",
        "/leads/lead-2",
        "/pipeline",
        "/inbox",
    ),
    *("/tasks", "/sequences", "/sequences/two-mails", "/senders", "/crm", "/unknown", "/reports?by=source"),
    "/u/right-token",
)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_without_complaint_and_fits_the_screen(visit: Visit, server: WebServer, path: str) -> None:
    answer = visit.page.goto(server.url + path)

    assert answer is not None
    assert answer.status == 200
    assert visit.complaints == []
    assert visit.page.title() != "owned"
    assert _styled(visit.page)
    assert _too_wide(visit.page) == []


def test_text_stands_out_from_its_ground(visit: Visit, server: WebServer) -> None:
    """WCAG 2.2 AA: at least 4.5 to 1 for every text."""
    for path in PAGES:
        visit.page.goto(server.url + path)

        assert visit.page.evaluate(_CONTRAST) == []


def test_a_person_leaves_with_the_keyboard(visit: Visit, server: WebServer, office: Office) -> None:
    office.tokens["t"] = Goodbye(language="tr")
    visit.page.goto(f"{server.url}/u/t")

    visit.page.keyboard.press("Tab")
    visit.page.keyboard.press("Enter")

    visit.page.get_by_text("Example Ltd size artık mesaj göndermeyecek").wait_for()
    assert office.tokens["t"].is_done
    assert visit.complaints == []


def test_from_today_to_a_lead_by_search(visit: Visit, server: WebServer) -> None:
    visit.page.goto(server.url)

    visit.page.get_by_role("navigation").get_by_text("Leads").click()
    visit.page.get_by_label("Name, company or address").fill("Ayşe")
    visit.page.get_by_role("button", name="Search").click()
    visit.page.get_by_role("link", name="Ayşe Demir").click()

    visit.page.get_by_role("heading", name="Timeline").wait_for()
    assert visit.page.get_by_role("heading", level=1).inner_text() == "Ayşe Demir"


def test_a_lead_is_moved_noted_and_found_by_keyboard_alone(browser: Browser, desk: Desk) -> None:
    """No mouse, no script: the menu of a card, then a note on the lead's own page."""
    page = browser.new_context(java_script_enabled=False).new_page()
    at = str(desk.web.base_url).rstrip("/")

    page.goto(f"{at}/pipeline")
    page.get_by_label("Move Jan Nowak").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("contacted")
    page.keyboard.press("Tab")
    page.keyboard.type("met at the fair")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Moved.").wait_for()
    page.goto(f"{at}/leads/lead-2")
    page.get_by_label("Note").focus()
    page.keyboard.type("Likes tea")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("The note is kept.").wait_for()

    assert desk.rows(leads, id="lead-2")[0]["stage"] == "contacted"
    assert [row["text"] for row in desk.rows(notes, lead_id="lead-2")] == ["Likes tea"]
    page.context.close()


def _styled(page: Page) -> bool:
    return bool(page.evaluate("getComputedStyle(document.body).margin === '0px'"))


def _too_wide(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('main *')]"
        ".filter(each => !each.closest('.board'))"  # it scrolls by itself
        ".filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
        ".map(each => each.outerHTML.slice(0, 80))"
    )
    return found


_CONTRAST = """
() => {
  const channels = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const part = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = element => {
    for (let each = element; each; each = each.parentElement) {
      const colour = channels(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent.trim()) continue;
    const [a, b] = [light(channels(getComputedStyle(node.parentElement).color)), light(ground(node.parentElement))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) weak.push(`${ratio.toFixed(2)} ${node.textContent.trim().slice(0, 40)}`);
  }
  return weak;
}
"""
