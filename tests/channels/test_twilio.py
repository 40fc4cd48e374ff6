"""Text messages and WhatsApp by Twilio, against its stand-in: the contract, its codes, and what is particular."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.twilio import Options, Twilio
from outreach.errors import Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized, Unavailable
from outreach.sandbox.twilio_server import TwilioServer
from outreach.testing.channel import HTTP_TABLE, ChannelContract, Expected
from tests.channels.wire import Row, SandboxWorld, Stand, Told, common, connected, send

ACCOUNT, TOKEN = "AC00000000000000000000000000000001", "twilio-secret-token"
HELLO = Message(key="e1.text", action="sms", to="+905321234567", text="Hello Ada")
APPROVED = replace(
    HELLO, action="whatsapp.template", text="Hello Ada", template="HX" + "0" * 32, values={"1": "Ada", "2": "Example"}
)
DOCUMENTED = "twilio.com/docs/api/errors: refused before anything was queued"


def stand(**options: Any) -> tuple[Stand, TwilioServer]:
    server = TwilioServer(account_sid=ACCOUNT, auth_token=TOKEN)
    settings = Options(account_sid=ACCOUNT, auth_token=TOKEN, **{"number": "+15005550006", **options})
    return Stand(server.application, server.answers, lambda http: Twilio(settings, http), (TOKEN,)), server


def refused(code: int, status: int = 400) -> Told:
    return Told(status, {"code": code, "message": f"refused, says {TOKEN}", "status": status})


def row(code: int, kind: type, outcome: Outcome, *, status: int = 400) -> tuple[str, Row]:
    return f"{status} {code}", (refused(code, status), Expected(kind, outcome, DOCUMENTED))


CODES: Mapping[str, Row] = dict(
    [
        row(21610, Refused, Outcome.SUPPRESSED),
        *(row(code, Refused, Outcome.REJECTED_RECIPIENT) for code in (21211, 21614, 21217, 21408, 21612)),
        *(row(code, Refused, Outcome.REJECTED_RECIPIENT) for code in (30004, 30005, 30006)),
        *(row(code, Unauthorized, Outcome.CONFIG) for code in (21603, 21606, 21659)),
        *(row(code, Refused, Outcome.REJECTED_CONTENT) for code in (21605, 21617, 30007)),
        *(row(code, Unauthorized, Outcome.ACCOUNT_BLOCKED) for code in (30002, 30032, 30034)),
        row(20003, Unauthorized, Outcome.ACCOUNT_BLOCKED, status=401),
        row(20429, RateLimited, Outcome.THROTTLED, status=429),
        *(row(code, RateLimited, Outcome.THROTTLED) for code in (14107, 30001, 30022)),
        *(row(code, Unavailable, Outcome.DEFERRED) for code in (30003, 30008)),
        row(63016, Refused, Outcome.NOT_READY),
        row(20500, OutcomeUnknown, Outcome.UNKNOWN, status=500),
    ]
)
COMMON = common(TOKEN, unexpected={"status": "queued"})


class TwilioContract(ChannelContract):
    table = HTTP_TABLE
    failures: ClassVar[Mapping[str, Expected]] = {**HTTP_TABLE, **{name: each[1] for name, each in CODES.items()}}
    sample: ClassVar[Message]

    def world(self, failure: str = "") -> AbstractAsyncContextManager[SandboxWorld]:
        told = (COMMON.get(failure) or CODES[failure][0]) if failure else None
        return connected(stand()[0], self.sample, told)


class TestTwilioText(TwilioContract):
    sample = HELLO


class TestTwilioTemplate(TwilioContract):
    failures = HTTP_TABLE  # the codes are those of text messages
    sample = APPROVED


def test_a_text_message_is_a_form_with_number_and_body() -> None:
    made, server = stand(status_url="https://outreach.example.com/webhooks/texts", validity=3600)

    receipt, _ = send(made, HELLO)

    [text] = server.sent
    assert dict(text.fields) == {
        "Body": "Hello Ada",
        "From": "+15005550006",
        "StatusCallback": "https://outreach.example.com/webhooks/texts?touch=e1.text",
        "To": "+905321234567",
        "ValidityPeriod": "3600",
    }
    assert (receipt.provider_id, receipt.reply) == (text.sid, "queued")


def test_an_approved_whatsapp_text_goes_by_its_content_sid() -> None:
    made, server = stand(number="whatsapp:+15005550006")

    send(made, APPROVED)

    fields = dict(server.sent[0].fields)
    assert (fields["To"], fields["From"]) == ("whatsapp:+905321234567", "whatsapp:+15005550006")
    assert fields["ContentSid"] == APPROVED.template
    assert json.loads(fields["ContentVariables"]) == {"1": "Ada", "2": "Example"}


def test_a_messaging_service_stands_in_for_a_number() -> None:
    made, server = stand(number="", messaging_service="MG1")

    send(made, HELLO)

    fields = dict(server.sent[0].fields)
    assert (fields["MessagingServiceSid"], "From" in fields) == ("MG1", False)


def test_somebody_who_sent_stop_is_suppressed() -> None:
    made, server = stand()
    server.stopped.add(HELLO.to)

    error, _ = send(made, HELLO)

    assert (type(error), error.outcome, error.code, server.sent) == (Refused, Outcome.SUPPRESSED, "21610", [])


def test_a_closed_window_of_whatsapp_is_not_ready() -> None:
    made, server = stand()
    server.outside.add("whatsapp:+905321234567")

    error, _ = send(made, replace(HELLO, action="whatsapp.message"))

    assert (type(error), error.outcome) == (Refused, Outcome.NOT_READY)


def test_wrong_credentials_block_the_account() -> None:
    server = TwilioServer(account_sid=ACCOUNT, auth_token="another")
    settings = Options(account_sid=ACCOUNT, auth_token=TOKEN, number="+15005550006")
    made = Stand(server.application, server.answers, lambda http: Twilio(settings, http), (TOKEN,))

    error, _ = send(made, HELLO)

    assert (type(error), error.outcome) == (Unauthorized, Outcome.ACCOUNT_BLOCKED)


def test_a_refusal_inside_an_answer_of_success_is_one() -> None:
    body = {"sid": "SM1", "status": "failed", "error_code": 30006, "error_message": "landline"}

    error, _ = send(stand()[0], HELLO, Told(201, body))

    assert (type(error), error.outcome) == (Refused, Outcome.REJECTED_RECIPIENT)


def test_a_meaning_can_be_corrected_by_the_settings() -> None:
    made, _ = stand(meanings={"30003": "rejected_recipient"})

    error, _ = send(made, HELLO, refused(30003))

    assert error.outcome is Outcome.REJECTED_RECIPIENT


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (replace(HELLO, to="12345"), Outcome.REJECTED_RECIPIENT),
        (replace(HELLO, text="x" * 1601), Outcome.REJECTED_CONTENT),
        (replace(HELLO, text=" "), Outcome.REJECTED_CONTENT),
        (replace(APPROVED, template="intro"), Outcome.CONFIG),
        (replace(HELLO, action="telegram.message"), Outcome.CONFIG),
    ],
)
def test_what_cannot_be_said_is_refused_before_the_wire(message: Message, outcome: Outcome) -> None:
    error, wire = send(stand()[0], message)

    assert (type(error), error.outcome, wire.requests) == (Refused, outcome, [])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"number": "+1"}, "'auth_token' is missing"),
        ({"auth_token": "x"}, "'number' is missing"),
        ({"auth_token": "x", "number": "+1", "status_url": "https://a_b.example.com/x"}, "underscore"),
        ({"auth_token": "x", "number": "+1", "validity": 40_000}, "36,000"),
        ({"auth_token": "x", "number": "+1", "meanings": {"1": "nice"}}, "Write one of"),
    ],
)
def test_options_that_cannot_work_are_refused_with_a_sentence(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Options(account_sid=ACCOUNT, **options)
