"""Alive, ready, and numbers."""

from __future__ import annotations

import httpx
import pytest

from outreach.errors import StoreError, UsageError
from outreach.web.server import WebServer
from outreach.web.services import WebServices
from tests.web.conftest import ClientFor, Office


def test_alive_does_not_ask_the_database_and_ready_does(outside: httpx.Client, office: Office) -> None:
    assert outside.get("/readyz").status_code == 200

    office.broken = StoreError("The database is at revision 0001. Run: outreach db upgrade")

    assert outside.get("/healthz").status_code == 200
    not_ready = outside.get("/readyz")
    assert (not_ready.status_code, not_ready.text) == (503, "not ready\n")


def test_metrics_tell_the_days_numbers(web: httpx.Client) -> None:
    numbers = web.get("/metrics").text

    assert "outreach_due 4.0" in numbers
    assert "outreach_unknown 1.0" in numbers
    assert 'outreach_blocks{because="outside the window"} 8.0' in numbers
    assert 'outreach_sender_used{action="email",sender="anna"} 31.0' in numbers
    assert "outreach_lateness_seconds 1.5" in numbers
    assert "outreach_database_up 1.0" in numbers


def test_a_scrape_survives_the_database(web: httpx.Client, office: Office) -> None:
    office.broken = OSError("gone")

    answer = web.get("/metrics")

    assert answer.status_code == 200
    assert "outreach_database_up 0.0" in answer.text


def test_two_applications_in_one_process_count_apart(client_for: ClientFor) -> None:
    first, second = client_for(dashboard_everywhere=False), client_for(dashboard_everywhere=True)

    first.post("/webhooks/replies", content=b"{}")

    assert "outreach_deliveries_total{" in first.get("/metrics").text
    assert "outreach_deliveries_total{" not in second.get("/metrics").text


def test_a_port_in_use_is_said_with_what_to_do(server: WebServer, services: WebServices) -> None:
    with pytest.raises(UsageError, match="--port"):
        WebServer(services, port=server.port).stop()


def test_the_server_listens_on_loopback_unless_told_otherwise(services: WebServices) -> None:
    server = WebServer(services, port=0)
    server.start()
    try:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert httpx.get(f"{server.url}/healthz").text == "ok\n"
    finally:
        server.stop()
