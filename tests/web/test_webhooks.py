"""Webhooks: stored before they are answered, bounded while they are read, and silent about why they are refused."""

from __future__ import annotations

import socket

import httpx
import pytest

from outreach.web.server import WebServer
from tests.web.conftest import ClientFor, Office

TRUE = {"x-password": "sesame"}


def test_a_true_delivery_is_kept_and_answered_as_its_provider_wants(outside: httpx.Client, office: Office) -> None:
    answer = outside.post("/webhooks/replies?batch=1", content=b'{"a": 1}', headers=TRUE)

    assert (answer.status_code, answer.json()) == (202, {"delivery": "delivery-1"})
    [kept] = office.kept
    assert kept.body == b'{"a": 1}'
    assert kept.method == "POST"
    assert kept.url == "https://outreach.example.com/webhooks/replies?batch=1"
    assert kept.headers["x-password"] == "sesame"


def test_values_of_a_repeated_header_arrive_together(outside: httpx.Client, office: Office) -> None:
    signed = [("x-password", "sesame"), ("X-Signature", "one"), ("x-signature", "two")]

    outside.post("/webhooks/replies", content=b"{}", headers=signed)

    assert office.kept[0].headers["x-signature"] == "one, two"


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/webhooks/replies", {"x-password": "open"}), ("/webhooks/replies", {}), ("/webhooks/nothing", TRUE)],
    ids=["wrong password", "no password", "no such connection"],
)
def test_every_refusal_looks_the_same(
    outside: httpx.Client, office: Office, path: str, headers: dict[str, str]
) -> None:
    answer = outside.post(path, content=b"{}", headers=headers)

    assert (answer.status_code, answer.json()) == (401, {"error": "refused"})
    assert office.kept == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_handshakes_come_to_the_same_door(outside: httpx.Client, office: Office, method: str) -> None:
    answer = outside.request(method, "/webhooks/replies?challenge=1", headers=TRUE)

    assert answer.status_code == 202
    assert office.kept[0].method == method


def test_a_handshake_is_answered_in_its_own_words_and_is_no_news(outside: httpx.Client, office: Office) -> None:
    answer = outside.get("/webhooks/replies?question=1158201444", headers=TRUE)

    assert (answer.status_code, answer.text, office.kept) == (200, "1158201444", [])
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_a_handshake_without_its_secret_is_refused_like_everything_else(outside: httpx.Client) -> None:
    answer = outside.get("/webhooks/replies?question=1158201444")

    assert (answer.status_code, answer.json()) == (401, {"error": "refused"})


def test_a_provider_that_reads_the_answer_hears_what_it_reads(outside: httpx.Client, office: Office) -> None:
    answer = outside.post("/webhooks/replies", content=b"xml", headers=TRUE)

    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    assert len(office.kept) == 1


def test_a_body_announced_as_too_large_is_not_read(server: WebServer, office: Office) -> None:
    """Only the head is sent; an answer proves that nobody waited for the body."""
    head = (
        "POST /webhooks/replies HTTP/1.1\r\nhost: outreach.example.com\r\nx-password: sesame\r\n"
        "content-length: 1001\r\n\r\n"
    )

    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(4096).decode()

    assert answer.startswith("HTTP/1.1 413 ")
    assert office.kept == []


def test_a_body_that_grows_too_large_is_refused_while_it_comes(outside: httpx.Client, office: Office) -> None:
    parts = (b"x" * 400 for _ in range(3))

    answer = outside.post("/webhooks/replies", content=parts, headers=TRUE)

    assert answer.status_code == 413
    assert office.kept == []


def test_a_body_of_exactly_the_limit_is_taken(outside: httpx.Client, office: Office) -> None:
    answer = outside.post("/webhooks/replies", content=b"x" * 1000, headers=TRUE)

    assert answer.status_code == 202
    assert len(office.kept[0].body) == 1000


def test_what_could_not_be_stored_is_asked_for_again(outside: httpx.Client, office: Office) -> None:
    office.broken = OSError("the disk is full")

    answer = outside.post("/webhooks/replies", content=b"{}", headers=TRUE)

    assert (answer.status_code, answer.json()) == (507, {"error": "unavailable"})
    assert "disk" not in answer.text


def test_deliveries_are_counted_without_inventing_connections(client_for: ClientFor) -> None:
    web = client_for(dashboard_everywhere=False)
    web.post("/webhooks/replies", content=b"{}", headers=TRUE)
    web.post("/webhooks/replies", content=b"{}")
    web.post("/webhooks/made-up", content=b"{}")

    numbers = web.get("/metrics").text

    assert 'outreach_deliveries_total{connection="replies",outcome="accepted"} 1.0' in numbers
    assert 'outreach_deliveries_total{connection="replies",outcome="refused"} 1.0' in numbers
    assert "made-up" not in numbers
