"""Slack's incoming webhooks against their stand-in: the contract, the words of refusals, and a URL that is a secret."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.slack import Options, Slack
from outreach.errors import Outcome, Unauthorized
from outreach.sandbox.slack_server import SlackServer
from tests.channels.cases import BLOCKED, DOUBT, INVALID, SET_UP, Cases, CasesContract, case, common, with_reset
from tests.channels.wire import Stand, Told, send

PATH = "/services/T0SAMPLE/B0SAMPLE/secretpartofurl"
NEWS = Message(key="e1.news", action="slack.message", to="", text="Ada <ada@example.com> of R&D answered")
WEBHOOKS = "api.slack.com/messaging/webhooks: what each status says of the webhook"


def stand() -> tuple[Stand, SlackServer]:
    server = SlackServer(path=PATH, signing_secret="signing-secret")
    options = Options(url=f"https://hooks.slack.com{PATH}")
    return Stand(
        server.application, server.answers, lambda http: Slack(options, http), (PATH, "secretpartofurl")
    ), server


COMMON = common("secretpartofurl", unexpected={"ok": True})


class TestSlack(CasesContract):
    cases: ClassVar[Cases] = {
        **COMMON,
        "not JSON": case("2xx with another text than `ok`", Told(200, "<html>welcome", is_taken=True), DOUBT),
        "404": case("404 `no_service`", Told(404, "no_service"), SET_UP, why=WEBHOOKS),
        "410": case("410 `channel_is_archived`", Told(410, "channel_is_archived"), SET_UP, why=WEBHOOKS),
        "403": case("403 `action_prohibited`", Told(403, "action_prohibited"), BLOCKED),
        "invalid_payload": case("400 `invalid_payload`", Told(400, "invalid_payload"), INVALID),
        "429 with reset": with_reset(30),
    }
    sample = NEWS

    def stand(self) -> Stand:
        return stand()[0]


def test_markup_in_a_name_mentions_nobody() -> None:
    made, server = stand()

    receipt, _ = send(made, NEWS)

    assert server.said == ["Ada &lt;ada@example.com&gt; of R&amp;D answered"]
    assert receipt.reply == "ok"


def test_an_archived_channel_is_a_matter_of_set_up() -> None:
    made, server = stand()
    server.is_archived = True

    error, _ = send(made, NEWS)

    assert (type(error), error.outcome) == (Unauthorized, Outcome.CONFIG)


@pytest.mark.parametrize("message", [replace(NEWS, text=" "), replace(NEWS, text="x" * 40_001)])
def test_what_slack_does_not_take_is_refused_before_the_wire(message: Message) -> None:
    error, wire = send(stand()[0], message)

    assert (error.outcome, wire.requests) == (Outcome.REJECTED_CONTENT, [])


@pytest.mark.parametrize("url", ["hooks.slack.com/x", "https://hooks.slack.com/", "ftp://hooks.slack.com/services/a"])
def test_what_is_no_webhook_is_told(url: str) -> None:
    with pytest.raises(ValueError, match="incoming webhook"):
        Options(url=url)
