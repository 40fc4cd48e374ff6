"""What stands before every page."""

from __future__ import annotations

import httpx
import pytest

from tests.web.conftest import ClientFor, Office
from tests.web.desk import HOSTILE

INSIDE = (
    "/",
    "/leads",
    "/leads/lead-1",
    "/pipeline",
    "/inbox",
    "/tasks",
    "/sequences",
    "/senders",
    "/crm",
    "/unknown",
    "/reports",
)
PAGES = (*INSIDE, "/u/right-token", "/u/wrong", "/nothing", "/static/style.css", "/healthz")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_the_guards(web: httpx.Client, path: str) -> None:
    headers = web.get(path).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert "server" not in headers


def test_a_page_that_breaks_carries_them_too_and_tells_nothing(web: httpx.Client, office: Office) -> None:
    office.broken = RuntimeError("password=hunter2")

    answer = web.get("/")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_pages_are_not_kept_by_browsers_and_the_style_is_asked_about(web: httpx.Client) -> None:
    assert web.get("/leads").headers["cache-control"] == "no-store"
    assert web.get("/static/style.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "host", ["evil.example", "outreach.example.com.evil.example", "", "a b", "[::1", "127.0.0.1.evil.example"]
)
def test_a_name_that_is_not_ours_is_refused(client_for: ClientFor, host: str) -> None:
    """DNS rebinding: a foreign site points its own name at this machine."""
    assert client_for(host).get("/healthz").status_code == 400


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "10.1.2.3:8080", "OUTREACH.example.com"])
def test_our_own_names_and_bare_addresses_are_answered(client_for: ClientFor, host: str) -> None:
    assert client_for(host).get("/healthz").status_code == 200


@pytest.mark.parametrize("path", [*INSIDE, "/reports/charts/activity.svg", "/metrics"])
def test_the_dashboard_does_not_exist_for_the_internet(outside: httpx.Client, path: str) -> None:
    assert outside.get(path).status_code == 404


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host"])
def test_a_proxy_that_hides_the_public_name_does_not_open_the_dashboard(web: httpx.Client, header: str) -> None:
    assert web.get("/leads", headers={header: "203.0.113.7"}).status_code == 404


def test_behind_a_login_of_ones_own_the_dashboard_can_be_opened(client_for: ClientFor) -> None:
    opened = client_for("outreach.example.com", dashboard_everywhere=True)

    assert opened.get("/leads", headers={"x-forwarded-for": "203.0.113.7"}).status_code == 200


@pytest.mark.parametrize("path", INSIDE)
def test_a_page_itself_only_reads(web: httpx.Client, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert web.request(method, path).status_code == 405


@pytest.mark.parametrize("path", ["/", "/leads/lead-1", "/inbox", "/unknown"])
def test_what_leads_write_is_text_never_markup(web: httpx.Client, path: str) -> None:
    page = web.get(path).text

    assert HOSTILE not in page
    assert "&lt;script&gt;" in page


def test_no_page_has_a_script_or_a_style_of_its_own(web: httpx.Client) -> None:
    for path in PAGES[:-2]:
        page = web.get(path).text
        assert "<script" not in page
        assert " style=" not in page
        assert "<style" not in page
        assert " on" + "click" not in page


def test_there_is_no_open_description_of_the_api(web: httpx.Client) -> None:
    assert {web.get(path).status_code for path in ("/docs", "/redoc", "/openapi.json")} == {404}


def test_files_beside_the_static_ones_cannot_be_read(web: httpx.Client) -> None:
    for path in ("/static/../services.py", "/static/%2e%2e/services.py", "/static/..%2fservices.py"):
        assert web.get(path).status_code in (400, 404)
