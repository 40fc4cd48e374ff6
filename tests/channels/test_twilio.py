"""Text messages and WhatsApp by Twilio, against its stand-in: the contract, its codes, and what is particular."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.twilio import Options, Twilio
from outreach.errors import Outcome, Refused, Unauthorized
from outreach.sandbox.twilio_server import TwilioServer
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    DOUBT,
    LATER,
    LIMIT,
    NOT_READY,
    RECIPIENT,
    SET_UP,
    SUPPRESSED,
    Case,
    Cases,
    CasesContract,
    Meaning,
    case,
    common,
    with_reset,
)
from tests.channels.wire import Stand, Told, send

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


def row(code: int, meaning: Meaning, *, status: int = 400) -> tuple[str, Case]:
    waits = timedelta(minutes=1) if meaning == LIMIT else None
    return f"{status} {code}", case(f"code {code}", refused(code, status), meaning, why=DOCUMENTED, waits=waits)


COMMON = common(TOKEN, unexpected={"status": "queued"})
CODES: Cases = dict(
    [
        row(21610, SUPPRESSED),
        *(row(code, RECIPIENT) for code in (21211, 21614, 21217, 21408, 21612)),
        *(row(code, RECIPIENT) for code in (30004, 30005, 30006)),
        *(row(code, SET_UP) for code in (21603, 21606, 21659)),
        *(row(code, CONTENT) for code in (21605, 21617, 30007)),
        *(row(code, BLOCKED) for code in (30002, 30032, 30034)),
        row(20003, BLOCKED, status=401),
        row(20429, LIMIT, status=429),
        *(row(code, LIMIT) for code in (14107, 30001, 30022)),
        *(row(code, LATER) for code in (30003, 30008)),
        row(63016, NOT_READY),
        row(20500, DOUBT, status=500),
        ("429 with reset", with_reset()),
    ]
)


class TwilioContract(CasesContract):
    def stand(self) -> Stand:
        return stand()[0]


class TestTwilioText(TwilioContract):
    cases: ClassVar[Cases] = {**COMMON, **CODES}
    sample = HELLO


class TestTwilioTemplate(TwilioContract):
    cases: ClassVar[Cases] = {**COMMON, **{name: CODES[name] for name in ("400 63016", "400 21610", "429 with reset")}}
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
