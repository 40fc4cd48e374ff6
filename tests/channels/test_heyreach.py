"""LinkedIn through campaigns of HeyReach: the contract against its stand-in, and what is particular."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.heyreach import HeyReach, Options
from outreach.errors import Outcome, RateLimited, Refused, Unauthorized
from outreach.sandbox.heyreach_server import HeyReachServer
from tests.channels import wire
from tests.channels.cases import INVALID, Cases, CasesContract, case, common, with_reset
from tests.channels.wire import Stand, Told

TOKEN = "heyreach-secret-token"
ADA = "https://www.linkedin.com/in/ada-sample"
NOTE = Message(key="e1.invite", action="linkedin.invite", to=ADA, text="Hello Ada", to_name="Ada Sample")
OPTIONS = Options(token=TOKEN, account="9", campaigns={"invite": 101, "message": "102"})

NOBODY = {"addedLeadsCount": 0, "failedLeadsCount": 1}
UPDATED = Told(200, {"addedLeadsCount": 0, "updatedLeadsCount": 1}, is_taken=True)


def stand(server: HeyReachServer | None = None) -> Stand:
    server = server or HeyReachServer(token=TOKEN)
    return Stand(server.application, server.answers, lambda http: HeyReach(OPTIONS, http), (TOKEN,))


class TestHeyReach(CasesContract):
    cases: ClassVar[Cases] = {
        **common(TOKEN, unexpected={"hello": "there"}),
        "nobody was taken": case("200 that counts the person as failed only", Told(200, NOBODY), INVALID),
        "campaign not active": case(
            "400 “The campaign is not active”", Told(400, {"errorMessage": "The campaign is not active"}), INVALID
        ),
        "429 with reset": with_reset(40),
    }
    taken: ClassVar[Mapping[str, Any]] = {"200 that counts the person as updated": UPDATED}
    sample = NOTE

    def stand(self) -> Stand:
        return stand()


def send(message: Message, server: HeyReachServer | None = None) -> Any:
    """The receipt or the error, and the stand-in."""
    server = server or HeyReachServer(token=TOKEN)
    return wire.send(stand(server), message)[0], server


def test_a_person_comes_into_the_campaign_of_the_action_with_our_text() -> None:
    receipt, server = send(replace(NOTE, values={"topic": "audits"}))

    assert receipt.reply == "in campaign 101"
    assert server.campaigns[101].leads[ADA] == {
        "profileUrl": ADA,
        "firstName": "Ada",
        "lastName": "Sample",
        "customUserFields": [{"name": "message", "value": "Hello Ada"}, {"name": "topic", "value": "audits"}],
    }


def test_the_address_is_used_where_the_person_has_an_id_of_another_provider() -> None:
    _, server = send(replace(NOTE, to="ACoAA1", address=ADA, action="linkedin.message"))

    assert list(server.campaigns[102].leads) == [ADA]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"action": "linkedin.withdraw"}, Outcome.CONFIG),
        ({"action": "linkedin.visit"}, Outcome.CONFIG),
        ({"to": "ACoAA1"}, Outcome.REJECTED_RECIPIENT),
    ],
)
def test_what_cannot_be_said_to_it_is_refused_before_the_wire(change: dict[str, str], outcome: Outcome) -> None:
    error, server = send(replace(NOTE, **change))  # type: ignore[arg-type]  # all texts

    assert (type(error), error.outcome) == (Refused, outcome)
    assert all(not campaign.leads for campaign in server.campaigns.values())


def test_a_limit_waits_as_long_as_it_says() -> None:
    server = HeyReachServer(token=TOKEN)
    server.limited = 40

    error, _ = send(NOTE, server)

    assert isinstance(error, RateLimited)
    assert error.retry_after.total_seconds() == 40


def test_wrong_credentials_an_idle_campaign_and_a_stranger_are_told_apart() -> None:
    idle, refusing = HeyReachServer(token=TOKEN), HeyReachServer(token=TOKEN)
    idle.campaigns[101].is_active = False
    refusing.unreachable.add(ADA)

    found = [send(NOTE, server)[0] for server in (HeyReachServer(token="another"), idle, refusing)]

    assert [type(error) for error in found] == [Unauthorized, Refused, Refused]
    assert "not active" in str(found[1])


@pytest.mark.parametrize("campaigns", [{}, {"poke": 1}, ()])
def test_campaigns_that_cannot_be_are_told(campaigns: Any) -> None:
    with pytest.raises(ValueError, match="campaigns"):
        Options(token=TOKEN, account=9, campaigns=campaigns)
