"""X (API v2) against its stand-in: the contract for each action, its limits, and its rule about writing first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.x import Options, X
from outreach.clock import MovableClock
from outreach.errors import Outcome, RateLimited, Refused
from outreach.sandbox.token_desk import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, TokenDesk
from outreach.sandbox.x_server import Account, XServer
from tests.channels.cases import BLOCKED, LIMIT, RECIPIENT, Cases, CasesContract, case, common
from tests.channels.wire import Stand, Told, send, tokens_of

TOKEN, ME = "x-secret-token", "111"
NOW = datetime(2026, 11, 21, 12, 4, tzinfo=UTC)
DM = Message(key="e1.dm", action="x.dm", to="ada_sample", text="Hello Ada")
FOLLOW = replace(DM, key="e1.follow", action="x.follow", text="")
LIKE = replace(DM, key="e1.like", action="x.like", text="https://x.com/ada_sample/status/9001")
DM_ERRORS = "docs.x.com: 403 on a message speaks of the recipient, unless it names scope or client"


def stand(*, cold: bool = True, **about: bool) -> tuple[Stand, XServer]:
    clock = MovableClock(NOW)
    server = XServer(token=TOKEN, user_id=ME, consumer_secret="consumer-secret", now=clock.now)
    server.add(Account("222", "Ada_Sample", posts=["9001", "9000"], **about))
    options = Options(token=TOKEN, user_id=ME, cold=cold)
    return Stand(server.application, server.answers, lambda http: X(options, http, clock), (TOKEN,)), server


def problem(status: int, detail: str, **headers: str) -> Told:
    return Told(status, {"title": "Forbidden", "detail": f"{detail} {TOKEN}", "status": status}, headers)


RESET = {"x-rate-limit-reset": str(int(NOW.timestamp()) + 660)}
QUARTER = timedelta(minutes=15)
COMMON: Cases = {
    **common(TOKEN, unexpected={"data": {}}),
    "429": case("429", Told(429, f"no {TOKEN}"), LIMIT, waits=QUARTER),
    "429 with reset": case("429 with `x-rate-limit-reset`", Told(429, {}, RESET), LIMIT, waits=timedelta(minutes=11)),
}
SCOPE = "403 that names scope, permission or client"


class XContract(CasesContract):
    def stand(self) -> Stand:
        return stand()[0]


class TestXMessage(XContract):
    cases: ClassVar[Cases] = {
        **COMMON,
        "403": COMMON["403"].but(*RECIPIENT, DM_ERRORS),
        "403 words": case(
            "403 “cannot send messages to this user”",
            problem(403, "You cannot send messages to this user."),
            RECIPIENT,
            why=DM_ERRORS,
        ),
        "403 scope": case(SCOPE, problem(403, "Your client lacks the scope dm.write"), BLOCKED),
    }
    sample = DM


class TestXFollow(XContract):
    cases = COMMON
    sample = FOLLOW


class TestXLike(XContract):
    cases = COMMON
    sample = LIKE


def test_a_handle_is_looked_up_and_the_message_goes_to_its_number() -> None:
    made, server = stand()

    receipt, wire = send(made, DM)

    assert [request.url.path for request in wire.requests] == [
        "/2/users/by/username/ada_sample",
        "/2/dm_conversations/with/222/messages",
    ]
    assert [(act.what, act.account, act.text) for act in server.done] == [("dm", "222", "Hello Ada")]
    assert (receipt.thread_id, receipt.recipient_id) == ("111-222", "222")


def test_a_known_number_is_not_looked_up_again() -> None:
    _, wire = send(stand()[0], replace(DM, to="222"))

    assert len(wire.requests) == 1


def test_nobody_is_written_to_who_has_not_written_first() -> None:
    made, server = stand(cold=False)

    error, _ = send(made, DM)

    assert (type(error), error.outcome, server.done) == (Refused, Outcome.NOT_READY, [])


def test_somebody_who_has_written_is_answered() -> None:
    made, server = stand(cold=False, has_written=True)

    send(made, DM)

    assert [act.what for act in server.done] == ["dm"]


@pytest.mark.parametrize("message", [FOLLOW, LIKE])
def test_follows_and_likes_are_off_unless_the_setting_says_so(message: Message) -> None:
    error, wire = send(stand(cold=False)[0], message)

    assert (type(error), error.outcome, wire.requests) == (Refused, Outcome.CONFIG, [])


def test_a_like_without_a_post_goes_to_the_newest_one() -> None:
    made, server = stand()

    receipt, _ = send(made, replace(LIKE, text=""))

    assert (server.done[0].text, receipt.provider_id) == ("9001", "9001")


def test_somebody_without_a_post_has_nothing_to_like() -> None:
    made, server = stand()
    server.accounts["222"].posts.clear()

    error, _ = send(made, replace(LIKE, text=""))

    assert (type(error), error.outcome, server.done) == (Refused, Outcome.NOT_READY, [])


def test_a_limit_waits_until_its_window_ends() -> None:
    made, _ = stand()
    for _number in range(15):
        send(made, replace(DM, to="222"))

    error, _ = send(made, replace(DM, to="222"))

    assert (type(error), error.retry_after) == (RateLimited, timedelta(minutes=11))


def test_a_limit_without_a_time_waits_for_the_next_window() -> None:
    error, _ = send(stand()[0], DM, Told(429, {}))

    assert error.retry_after == timedelta(minutes=15)


def test_a_handle_nobody_has_is_a_bad_address() -> None:
    error, wire = send(stand()[0], replace(DM, to="nobody"))

    assert (type(error), error.outcome, wire.writes) == (Refused, Outcome.REJECTED_RECIPIENT, [])


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (replace(DM, to="https://example.com/ada"), Outcome.REJECTED_RECIPIENT),
        (replace(DM, text=""), Outcome.REJECTED_CONTENT),
        (replace(DM, text="x" * 10_001), Outcome.REJECTED_CONTENT),
        (replace(DM, action="x.repost"), Outcome.CONFIG),
    ],
)
def test_what_cannot_be_said_is_refused_before_the_wire(message: Message, outcome: Outcome) -> None:
    error, wire = send(stand()[0], message)

    assert (type(error), error.outcome, wire.requests) == (Refused, outcome, [])


def test_access_that_lasts_two_hours_is_renewed_by_itself() -> None:
    clock, desk = MovableClock(NOW), TokenDesk(lifetime=7200, is_basic=True, rotates=True)
    server = XServer(token="access-sample-1", user_id=ME, consumer_secret="consumer-secret", now=clock.now)
    server.add(Account("222", "Ada_Sample"))
    options = Options(
        user_id=ME, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token=REFRESH_TOKEN, cold=True
    )
    made = Stand(
        server.application, server.answers, lambda http: X(options, http, clock, tokens=tokens_of(desk, clock)), ()
    )

    receipt, wire = send(made, replace(DM, to="222"))

    assert receipt.recipient_id == "222"
    assert wire.requests[-1].headers["authorization"] == "Bearer access-sample-1"


@pytest.mark.parametrize("given", [{}, {"token": "a", "client_id": "b", "refresh_token": "c"}, {"client_id": "b"}])
def test_there_is_one_way_to_sign_in(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'token' is missing"):
        Options(user_id=ME, **given)


def test_without_cold_an_account_does_answers_alone() -> None:
    """So that a sequence with follows or likes is refused when it is loaded."""
    assert Options(token=TOKEN, user_id=ME).actions == ("dm",)
    assert Options(token=TOKEN, user_id=ME, cold=True).actions == ("dm", "follow", "like")
