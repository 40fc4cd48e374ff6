"""WhatsApp Cloud API against its stand-in: the contract, every documented code, templates and windows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from outreach.channel import Message
from outreach.channels.whatsapp import Options, WhatsApp
from outreach.errors import Outcome, Refused
from outreach.sandbox.whatsapp_server import WhatsAppServer
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    LATER,
    LIMIT,
    NOT_READY,
    RECIPIENT,
    SET_UP,
    SUPPRESSED,
    WRONG,
    Case,
    Cases,
    CasesContract,
    Meaning,
    case,
    common,
    with_reset,
)
from tests.channels.wire import Stand, Told, send

TOKEN = "whatsapp-secret-token"
INTRO = Message(
    key="e1.intro",
    action="whatsapp.template",
    to="+905321234567",
    text="Hello Ada",
    template="intro_1",
    language="tr",
    values={"first_name": "Ada"},
)
CHAT = replace(INTRO, key="e1.chat", action="whatsapp.message", template="", values={}, text="Thank you, Ada.")
CODES_PAGE = "developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes"


def stand() -> tuple[Stand, WhatsAppServer]:
    server = WhatsAppServer(
        phone_number_id="106540352242922",
        token=TOKEN,
        app_secret="app-secret",
        verify_token="ours",
        templates={"intro_1": 1, "numbered": 2, "plain": 0},
    )
    server.open_windows.add("905321234567")
    options = Options(phone_number_id="106540352242922", token=TOKEN)
    return Stand(server.application, server.answers, lambda http: WhatsApp(options, http), (TOKEN,)), server


def refused(code: int, status: int = 400) -> Told:
    error = {"message": f"(#{code}) refused {TOKEN}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    return Told(status, {"error": {**error, "error_data": {"messaging_product": "whatsapp", "details": "why"}}})


def row(code: int, meaning: Meaning, *, status: int = 400, waits: timedelta | None = None) -> tuple[str, Case]:
    return f"{status} {code}", case(f"code {code}", refused(code, status), meaning, why=CODES_PAGE, waits=waits)


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BLOCKING = (0, 3, 10, 200, 299, 368, 131031, 131042, 131048, 131064)
TEMPLATES = (132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016)
COMMON = common(TOKEN, unexpected={"messaging_product": "whatsapp", "messages": []})
CODES: Cases = dict(
    [
        row(190, BLOCKED, status=401),
        *(row(code, BLOCKED, status=403) for code in BLOCKING),
        *(row(code, LIMIT, waits=HOUR) for code in (4, 80007)),
        row(130429, LIMIT, waits=MINUTE),
        *(row(code, LATER) for code in (131049, 131056)),
        *(row(code, LATER, status=500) for code in (131000, 131016, 135000)),
        *(row(code, RECIPIENT) for code in (130472, 130497, 131026)),
        *(row(code, SET_UP) for code in (131030, 131063)),
        row(131047, NOT_READY),
        row(131050, SUPPRESSED),
        *(row(code, CONTENT) for code in TEMPLATES),
        *(row(code, WRONG) for code in (100, 131008, 131009, 131062)),
        ("429 with reset", with_reset()),
    ]
)


class WhatsAppContract(CasesContract):
    def stand(self) -> Stand:
        return stand()[0]


class TestWhatsAppTemplate(WhatsAppContract):
    cases: ClassVar[Cases] = {**COMMON, **CODES}
    sample = INTRO


class TestWhatsAppMessage(WhatsAppContract):
    cases = COMMON
    sample = CHAT


def test_a_template_is_filled_by_name_in_its_language() -> None:
    made, server = stand()

    receipt, wire = send(made, INTRO)

    assert wire.requests[0].url.path == "/v23.0/106540352242922/messages"
    assert server.sent[0].body == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "905321234567",
        "type": "template",
        "template": {
            "name": "intro_1",
            "language": {"policy": "deterministic", "code": "tr"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "parameter_name": "first_name", "text": "Ada"}]}
            ],
        },
        "biz_opaque_callback_data": "e1.intro",
    }
    assert (receipt.provider_id, receipt.recipient_id) == (server.sent[0].id, "US.905321234567")


def test_numbered_parameters_go_in_their_order_and_header_and_button_apart() -> None:
    made, server = stand()
    values = {"2": "Example Ltd", "1": "Ada", "header.1": "Spring", "button.0": "abc"}

    send(made, replace(INTRO, template="numbered", language="", values=values))

    template = server.sent[0].body["template"]
    assert template["language"] == {"policy": "deterministic", "code": "en_US"}
    assert template["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "Spring"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Ada"}, {"type": "text", "text": "Example Ltd"}]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [{"type": "text", "text": "abc"}]},
    ]


def test_a_template_without_parameters_has_no_components() -> None:
    made, server = stand()

    send(made, replace(INTRO, template="plain", values={}))

    assert "components" not in server.sent[0].body["template"]


def test_free_text_outside_the_window_is_not_ready() -> None:
    made, server = stand()
    server.open_windows.clear()

    error, _ = send(made, CHAT)

    assert (type(error), error.outcome, error.code) == (Refused, Outcome.NOT_READY, "131047")


def test_free_text_inside_the_window_goes_out() -> None:
    made, server = stand()

    receipt, _ = send(made, CHAT)

    assert server.sent[0].body["text"] == {"body": "Thank you, Ada.", "preview_url": False}
    assert receipt.reply == "accepted"


def test_somebody_without_a_number_is_written_to_by_the_user_id() -> None:
    made, server = stand()

    send(made, replace(INTRO, to="US.13491208655302741918", address=""))

    assert server.sent[0].body["recipient"] == "US.13491208655302741918"
    assert "to" not in server.sent[0].body


def test_a_known_number_is_written_to_rather_than_the_user_id() -> None:
    made, server = stand()

    send(made, replace(INTRO, to="US.13491208655302741918", address="+905321234567"))

    assert server.sent[0].body["to"] == "905321234567"


def test_a_template_that_does_not_fit_is_a_matter_of_content() -> None:
    error, _ = send(stand()[0], replace(INTRO, values={"a": "1", "b": "2"}))

    assert (type(error), error.outcome, error.code) == (Refused, Outcome.REJECTED_CONTENT, "132000")


def test_a_limit_waits_as_long_as_told() -> None:
    told = refused(130429, 429)

    error, _ = send(stand()[0], INTRO, replace(told, headers={"retry-after": "90"}))

    assert error.retry_after.total_seconds() == 90


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        (replace(INTRO, to="ada"), Outcome.REJECTED_RECIPIENT),
        (replace(INTRO, template=""), Outcome.CONFIG),
        (replace(CHAT, text=""), Outcome.REJECTED_CONTENT),
        (replace(CHAT, text="x" * 4097), Outcome.REJECTED_CONTENT),
        (replace(CHAT, action="whatsapp.call"), Outcome.CONFIG),
    ],
)
def test_what_cannot_be_said_is_refused_before_the_wire(message: Message, outcome: Outcome) -> None:
    error, wire = send(stand()[0], message)

    assert (type(error), error.outcome, wire.requests) == (Refused, outcome, [])
