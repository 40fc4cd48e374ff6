"""Launching a phantom for one person: the contract against its stand-in, and what is particular."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.phantombuster import Options, PhantomBuster
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.phantombuster_server import Launch, PhantomBusterServer
from tests.channels import wire
from tests.channels.cases import BLOCKED, NOT_FOUND, Cases, CasesContract, case, common, with_reset
from tests.channels.wire import Stand, Told

TOKEN = "phantombuster-secret-token"
COOKIE = "AQED-sample-session-cookie"
ADA = "https://www.linkedin.com/in/ada-sample"
VISIT = Message(key="e1.see", action="linkedin.visit", to=ADA, text="")
OPTIONS = Options(token=TOKEN, agents={"visit": "1234", "message": "1234"}, arguments={"sessionCookie": COOKIE})


def stand(server: PhantomBusterServer | None = None) -> Stand:
    server = server or PhantomBusterServer(token=TOKEN)
    return Stand(server.application, server.answers, lambda http: PhantomBuster(OPTIONS, http), (TOKEN, COOKIE))


class TestPhantomBuster(CasesContract):
    cases: ClassVar[Cases] = {
        **common(COOKIE, unexpected={"containerId": None}),
        "401 token": case("401 “Invalid API key”", Told(401, {"error": f"Invalid API key {TOKEN}"}), BLOCKED),
        "404 agent": case("404 “Agent not found”", Told(404, {"error": "Agent not found"}), NOT_FOUND),
        "429 with reset": with_reset(15),
    }
    sample = VISIT

    def stand(self) -> Stand:
        return stand()


def send(message: Message, server: PhantomBusterServer | None = None, failure: Told | None = None) -> Any:
    """The receipt or the error, and the stand-in."""
    server = server or PhantomBusterServer(token=TOKEN)
    return wire.send(stand(server), message, failure)[0], server


def test_a_launch_names_the_person_the_text_and_what_every_launch_is_given() -> None:
    receipt, server = send(replace(VISIT, action="linkedin.message", text="Hello Ada"))

    argument = {"sessionCookie": COOKIE, "spreadsheetUrl": ADA, "message": "Hello Ada"}
    assert server.launches == [Launch("7001", "1234", argument)]
    assert (receipt.provider_id, receipt.reply) == ("7001", "launched")


def test_an_action_without_a_phantom_is_refused_by_name() -> None:
    error, server = send(replace(VISIT, action="linkedin.follow"))

    assert (type(error), error.outcome, server.launches) == (Refused, Outcome.CONFIG, [])
    assert "linkedin.follow" in str(error)


def test_wrong_credentials_limits_and_missing_phantoms_are_told_apart() -> None:
    limited = PhantomBusterServer(token=TOKEN)
    limited.limited = 15
    servers = (PhantomBusterServer(token="another"), limited, PhantomBusterServer(token=TOKEN, agents=()))

    found = [send(VISIT, server)[0] for server in servers]

    assert [type(error) for error in found] == [Unauthorized, RateLimited, Refused]
    assert found[1].retry_after.total_seconds() == 15


@pytest.mark.parametrize("agents", [{}, ()])
def test_an_account_without_phantoms_is_told(agents: Any) -> None:
    with pytest.raises(ValueError, match="agents"):
        Options(token=TOKEN, agents=agents)


def test_a_cookie_never_shows() -> None:
    error, _ = send(VISIT, failure=Told(400, {"error": f"bad cookie {COOKIE}"}))

    assert COOKIE not in repr(OPTIONS) + str(error) + error.said
