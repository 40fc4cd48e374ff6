"""Generic HTTP requests: the contract, bodies made as data, signatures, and addresses that may not be called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Message
from outreach.channels.http import Http, Options
from outreach.clock import MovableClock
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.request_server import RequestServer
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, TokenDesk
from tests.channels.cases import (
    CONTENT,
    DOUBT,
    LATER,
    LIMIT,
    NOT_FOUND,
    WRONG,
    Cases,
    CasesContract,
    case,
    common,
    with_reset,
)
from tests.channels.wire import Stand, Told, send, tokens_of

SECRET = "whsec_c2FtcGxlLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVz"
TOKEN = "a-sample-token-in-a-header"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GIFT: dict[str, Any] = {
    "url": "https://gifts.example.com/orders/{{ values.kind }}?from=outreach&who={{ to_name }}",
    "headers": {"x-api-key": TOKEN, "x-team": "{{ from_name }}"},
    "json": {"person": {"email": "{{values.email}}", "names": ["{{ to_name }}"]}, "note": "{{ text }}", "size": 3},
    "sign": SECRET,
    "id": "order.id",
    "expect": {"ok": "true"},
}
ORDER = Message(
    key="e1.gift",
    action="http.gift",
    to="",
    to_name='Ada "A" Sample',
    from_name="Anna",
    text="With thanks, {{ text }}",
    values={"kind": "mug", "email": "ada@example.com"},
)


async def public(host: str, port: int) -> Sequence[str]:
    return ["93.184.215.14"]


def stand(endpoint: Mapping[str, Any] = GIFT, *, resolve: Any = public, **options: Any) -> tuple[Stand, RequestServer]:
    server = RequestServer(secret=SECRET)
    clock = MovableClock(NOW)
    settings = Options(endpoints={"gift": endpoint}, **options)
    secrets = (SECRET, TOKEN)
    made = Stand(server.application, server.answers, lambda http: Http(settings, http, clock, resolve=resolve), secrets)
    return made, server


RFC = "RFC 9110 §15.5.9 and RFC 8470: the request was not acted on"
COMMON = common(TOKEN, unexpected={"ok": True})
UNTIL = {"Retry-After": "Sat, 21 Nov 2026 12:02:00 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}


class TestHttp(CasesContract):
    cases: ClassVar[Cases] = {
        **COMMON,
        "unexpected body": COMMON["unexpected body"].but(*DOUBT, says="2xx without the `id` asked for"),
        "not JSON": COMMON["not JSON"].but(
            *DOUBT, says="2xx that is not JSON, where `id` or `expect` asks for something"
        ),
        "408": case("408", Told(408, f"no {TOKEN}"), LATER, why=RFC),
        "425": case("425", Told(425, f"no {TOKEN}"), LATER, why=RFC),
        "410": case("410", Told(410, f"no {TOKEN}"), NOT_FOUND),
        "moved for good": case("307, 308", Told(308, "", {"location": "https://elsewhere.example/"}), WRONG),
        "moved": case("any other redirect", Told(302, "", {"location": "https://elsewhere.example/"}), DOUBT),
        "not ok": case("2xx that `expect` does not find", Told(200, {"ok": False, "order": {"id": "o1"}}), CONTENT),
        "429 with reset": with_reset(),
        "429 with date": case(
            "429 with `Retry-After` as a date", Told(429, {}, UNTIL), LIMIT, waits=timedelta(minutes=2)
        ),
    }
    taken: ClassVar[Mapping[str, Any]] = {
        "a status in `success`": Told(409, {"order": {"id": "o1"}, "ok": True}, is_taken=True)
    }
    sample = ORDER

    def stand(self) -> Stand:
        return stand({**GIFT, "success": [409]})[0]


def test_values_go_into_the_structure_and_cannot_change_it() -> None:
    made, server = stand()

    receipt, wire = send(made, ORDER)

    [order] = server.orders
    assert order.key == "e1.gift"
    assert order.body == {
        "person": {"email": "ada@example.com", "names": ['Ada "A" Sample']},
        "note": "With thanks, {{ text }}",
        "size": 3,
    }
    assert wire.requests[0].url.raw_path == b"/orders/mug?from=outreach&who=Ada+%22A%22+Sample"
    assert wire.requests[0].headers["x-team"] == "Anna"
    assert (receipt.provider_id, receipt.reply) == ("order-1", "taken")


def test_the_connection_goes_to_the_address_that_was_checked_and_the_name_stays() -> None:
    _, wire = send(stand()[0], ORDER)

    request = wire.requests[0]
    assert (request.url.host, request.url.port, request.headers["host"]) == (
        "93.184.215.14",
        None,
        "gifts.example.com",
    )
    assert request.extensions["sni_hostname"] == "gifts.example.com"
    assert request.headers["connection"] == "close"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "fec0::1"),
    ],
)
def test_no_private_address_is_called(address: str) -> None:
    async def private(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14", address]

    error, wire = send(stand(resolve=private)[0], ORDER)

    assert (type(error), error.outcome, wire.requests) == (Refused, Outcome.CONFIG, [])


def test_a_private_network_that_is_allowed_is_called() -> None:
    async def private(host: str, port: int) -> Sequence[str]:
        return ["10.1.2.3"]

    made, server = stand(resolve=private, allow=("10.1.0.0/16",))

    send(made, ORDER)

    assert len(server.orders) == 1


def test_nothing_goes_out_in_the_clear_to_the_world() -> None:
    error, wire = send(stand({**GIFT, "url": "http://gifts.example.com/orders/mug"})[0], ORDER)

    assert (error.outcome, wire.requests) == (Outcome.CONFIG, [])


def test_a_name_that_cannot_be_looked_up_is_tried_later() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise OSError("no such host")

    error, wire = send(stand(resolve=nowhere)[0], ORDER)

    assert (type(error), wire.requests) == (Unavailable, [])


def test_a_conflict_is_a_refusal_unless_the_settings_call_it_success() -> None:
    error, _ = send(stand()[0], ORDER, Told(409, {"error": "taken before"}))

    assert (type(error), error.outcome) == (Refused, Outcome.VALIDATION)


def test_the_same_key_is_signed_afresh_and_taken_once() -> None:
    made, server = stand({**GIFT, "success": [409]})

    first, _ = send(made, ORDER)
    second, _ = send(made, ORDER)

    assert len(server.orders) == 1
    assert (first.reply, second.provider_id) == ("taken", "")


@pytest.mark.parametrize("failure", ["read timeout", "broken connection"])
def test_what_is_in_doubt_is_sent_again_where_the_request_is_idempotent(failure: str) -> None:
    error, _ = send(stand({**GIFT, "idempotent": True})[0], ORDER, COMMON[failure].answer)

    assert type(error) is Unavailable


def test_a_limit_waits_as_long_as_it_is_told_and_no_longer_than_a_day() -> None:
    error, _ = send(stand()[0], ORDER, Told(429, {}, {"retry-after": "9999999"}))

    assert (type(error), error.retry_after) == (RateLimited, timedelta(hours=24))


def test_wrong_signatures_stop_the_account() -> None:
    other = "whsec_" + "A" * 40

    error, _ = send(stand({**GIFT, "sign": other})[0], ORDER)

    assert type(error) is Unauthorized


def test_an_answer_that_nobody_reads_may_be_anything() -> None:
    plain = {name: value for name, value in GIFT.items() if name not in ("id", "expect")}

    receipt, _ = send(stand(plain)[0], ORDER, Told(204, "", is_taken=True))

    assert receipt.reply == "taken"


@pytest.mark.parametrize(
    ("body", "said", "kind"),
    [
        ({"form": {"who": "{{ to_name }}", "a&b": "1"}}, b"who=Ada+%22A%22+Sample&a%26b=1", "x-www-form-urlencoded"),
        ({"text": "{{ to_name }}: {{ text }}"}, b'Ada "A" Sample: With thanks, {{ text }}', "text/plain"),
        ({"multipart": {"who": "{{ to_name }}"}, "sign": ""}, b'name="who"\r\n\r\nAda "A" Sample', "multipart"),
    ],
)
def test_other_bodies_are_encoded_as_their_type_asks(body: dict[str, Any], said: bytes, kind: str) -> None:
    plain = {name: value for name, value in GIFT.items() if name != "json"}

    _, wire = send(stand({**plain, **body})[0], ORDER, Told(200, {"ok": True, "order": {"id": 5}}))

    assert said in wire.requests[0].content
    assert kind in wire.requests[0].headers["content-type"]


def test_a_login_goes_as_basic_or_bearer() -> None:
    _, basic = send(stand({**GIFT, "user": "hook", "password": "pa:ss"})[0], ORDER)
    _, bearer = send(stand({**GIFT, "bearer": "a-token"})[0], ORDER)

    assert basic.requests[0].headers["authorization"] == "Basic aG9vazpwYTpzcw=="
    assert bearer.requests[0].headers["authorization"] == "Bearer a-token"


def with_oauth(token_url: str, resolve: Any = public) -> Stand:
    clock, desk = MovableClock(NOW), TokenDesk(is_basic=True)
    oauth = {"token_url": token_url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": "orders"}
    server, settings = RequestServer(secret=SECRET), Options(endpoints={"gift": {**GIFT, "oauth": oauth}})

    def make(http: httpx.AsyncClient) -> Http:
        return Http(settings, http, clock, tokens=tokens_of(desk, clock), resolve=resolve)

    return Stand(server.application, server.answers, make, (CLIENT_SECRET,))


def test_an_access_token_is_asked_for_with_our_credentials() -> None:
    _, wire = send(with_oauth("https://login.example.com/token"), ORDER)

    assert wire.requests[0].headers["authorization"] == "Bearer access-sample-1"


def test_no_token_is_asked_for_at_a_private_address() -> None:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.1" if host == "login.example.com" else "93.184.215.14"]

    error, wire = send(with_oauth("https://login.example.com/token", resolve), ORDER)

    assert (error.outcome, wire.requests) == (Outcome.CONFIG, [])


@pytest.mark.parametrize(
    "message",
    [
        replace(ORDER, values={"kind": "mug"}),
        replace(ORDER, values={"kind": "..", "email": "a@example.com"}),
        replace(ORDER, from_name="Anna\r\nx-evil: 1"),
    ],
)
def test_what_cannot_be_filled_in_never_leaves(message: Message) -> None:
    error, wire = send(stand()[0], message)

    assert (type(error), error.outcome, wire.requests) == (Refused, Outcome.REJECTED_CONTENT, [])


def test_a_name_nobody_configured_is_told() -> None:
    error, wire = send(stand()[0], replace(ORDER, action="http.mug"))

    assert (error.outcome, wire.requests) == (Outcome.CONFIG, [])
    assert "gift" in str(error)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({}, "has no url"),
        ({"url": "gifts.example.com"}, "https://"),
        ({"url": "https://{{ values.host }}/x"}, "takes the host of its url from a lead"),
        ({"url": "https://a:b@example.com/"}, "user name"),
        ({"url": "https://example.com", "methd": "GET"}, "unknown key 'methd'"),
        ({"url": "https://example.com", "method": "BREW"}, "Write one of: POST"),
        ({"url": "https://example.com", "method": "GET", "text": "x"}, "GET with a body"),
        ({"url": "https://example.com", "json": {}, "text": "x"}, "json and text"),
        ({"url": "https://example.com", "json": {"a": ["{{ lead.name }}"]}}, "'lead.name'"),
        ({"url": "https://example.com", "headers": {"x": 5}}, "no texts"),
        ({"url": "https://example.com", "sign": "whsec_%%"}, "whsec_"),
        ({"url": "https://example.com", "sign": SECRET, "multipart": {"a": "b"}}, "multipart"),
        ({"url": "https://example.com", "oauth": {"client_id": "a"}}, "token_url"),
        ("https://example.com", "must be a mapping"),
    ],
)
def test_a_request_written_wrongly_is_told_with_what_to_write(written: Any, told: str) -> None:
    with pytest.raises(ValueError, match=r"\.") as caught:
        Options(endpoints={"gift": written})

    assert told in str(caught.value)


def test_nothing_secret_is_shown() -> None:
    settings = Options(endpoints={"gift": GIFT})

    assert TOKEN not in repr(settings)
    assert SECRET not in repr(settings)
