"""One sequence over six channels, with the real adapters against stand-ins, and the news that come back of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from outreach.clock import MovableClock
from outreach.sandbox.answers import Hook
from outreach.sandbox.booking_server import BookingServer
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.request_server import RequestServer
from outreach.sandbox.slack_server import SlackServer
from outreach.sandbox.telegram_server import TelegramServer
from outreach.sandbox.twilio_server import TwilioServer
from outreach.sandbox.whatsapp_server import WhatsAppServer
from outreach.sandbox.x_server import Account, XServer
from outreach.store.tables import deliveries, events, suppressions, touches
from outreach.testing.field import FILES, Field

PUBLIC = "http://127.0.0.1:8080"
SECRET = "whsec_c2FtcGxlLXNlY3JldC1vZi10aGlydHktdHdvLWJ5dGVz"
BOT = "123456:AAsample-token-of-a-bot-35-characters"
PHONE, CHAT = "+905321234567", 555123

WEBHOOKS = """
  texts: {use: twilio, auth_token: text-token}
  whatsapp: {use: whatsapp, secret: app-secret, verify_token: ours}
  telegram: {use: telegram, secret: hook-secret}
  x: {use: x, secret: consumer-secret, user_id: "111"}
  meetings: {use: calendly, secret: signing-key}
"""
SEQUENCE = """
name: everywhere
pipeline: default
senders: [anna]
schedule: always
steps:
  - id: text
    sms: short
  - id: approved
    whatsapp.template: approved
  - id: chat
    telegram.message: short
  - id: dm
    x.dm: short
  - id: gift
    http.gift: gift
  - id: team
    slack.message: short
  - wait: 3 days
  - id: last
    sms: short
"""
TEMPLATES = {
    "templates/short.md": "Hi {{ lead.first_name }}, a word about your work.\n",
    "templates/approved.md": (
        '---\nlanguage: en-US\napproved_as: intro_1\nvalues: {first_name: "{{ lead.first_name }}"}\n---\n'
        "Hi {{ lead.first_name }}.\n"
    ),
    "templates/gift.md": '---\nvalues: {email: "{{ lead.email }}"}\n---\nA mug for {{ lead.first_name }}.\n',
}


@dataclass
class Providers:
    """Every stand-in, with the address it listens at."""

    twilio: TwilioServer
    whatsapp: WhatsAppServer
    telegram: TelegramServer
    x: XServer
    gifts: RequestServer
    slack: SlackServer
    urls: dict[str, str]

    def senders(self) -> str:
        return f"""
  sms:
    use: twilio
    account_sid: AC1
    auth_token: text-token
    number: "+15005550006"
    base_url: "{self.urls["twilio"]}"
    status_url: "{PUBLIC}/webhooks/texts"
  whatsapp: {{use: whatsapp, phone_number_id: "106", token: wa-token, base_url: "{self.urls["whatsapp"]}"}}
  telegram: {{use: telegram, token: "{BOT}", base_url: "{self.urls["telegram"]}"}}
  x: {{use: x, token: x-token, user_id: "111", cold: true, base_url: "{self.urls["x"]}"}}
  slack: {{use: slack, url: "{self.urls["slack"]}/services/T/B/secret"}}
  http:
    use: http
    allow: ["127.0.0.0/8"]
    endpoints:
      gift:
        url: "{self.urls["gifts"]}/orders/mug"
        json: {{email: "{{{{ values.email }}}}", note: "{{{{ text }}}}", key: "{{{{ key }}}}"}}
        sign: {SECRET}
        id: order.id
"""


class Switch:
    """An address that stays while what is behind it is new for each test."""

    def __init__(self, name: str) -> None:
        self.behind: ASGIApp | None = None
        self.host = HttpHost(self, name=name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.behind
        await self.behind(scope, receive, send)


@pytest.fixture(scope="module")
def switches() -> Iterator[dict[str, Switch]]:
    made = {name: Switch(name) for name in ("twilio", "whatsapp", "telegram", "x", "gifts", "slack")}
    for each in made.values():
        each.host.start()
    yield made
    for each in made.values():
        each.host.stop()


@pytest.fixture
def providers(clock: MovableClock, switches: dict[str, Switch]) -> Providers:
    found = Providers(
        twilio=TwilioServer(account_sid="AC1", auth_token="text-token"),
        whatsapp=WhatsAppServer(
            phone_number_id="106",
            token="wa-token",
            app_secret="app-secret",
            verify_token="ours",
            templates={"intro_1": 1},
        ),
        telegram=TelegramServer(token=BOT, secret="hook-secret"),
        x=XServer(token="x-token", user_id="111", consumer_secret="consumer-secret", now=clock.now),
        gifts=RequestServer(secret=SECRET),
        slack=SlackServer(path="/services/T/B/secret", signing_secret="signing-secret"),
        urls={name: each.host.url for name, each in switches.items()},
    )
    for name, each in switches.items():
        each.behind = getattr(found, name).application
    found.telegram.chats.add(CHAT)
    found.x.add(Account("222", "ada_sample"))
    return found


@pytest.fixture
def everywhere(tmp_path: Path, sqlite_url: str, clock: MovableClock, providers: Providers) -> Iterator[Field]:
    files = {
        "config/outreach.yaml": FILES["config/outreach.yaml"].rstrip("\n") + WEBHOOKS,
        "config/senders.yaml": FILES["config/senders.yaml"] + providers.senders(),
        "sequences/everywhere.yaml": SEQUENCE,
        **TEMPLATES,
    }
    field = Field(tmp_path / "workspace", sqlite_url, clock, files)
    field.apply()
    yield field
    field.close()


def ada(field: Field) -> str:
    lead = field.add_lead("ada@example.com", first_name="Ada")
    field.add_address(lead, "phone", PHONE)
    field.add_address(lead, "whatsapp", PHONE)
    field.add_address(lead, "telegram", "ada_sample", str(CHAT))
    field.add_address(lead, "x", "ada_sample")
    field.enroll(lead, sequence="everywhere")
    for _step in range(6):
        field.go(minutes=1)
    return lead


def hear(field: Field, hook: Hook) -> int:
    """A webhook comes in at the door; the status it is answered with."""
    connection = hook.url.partition("?")[0].rpartition("/")[2]
    headers = {name.lower(): value for name, value in hook.headers.items()}
    accepted = field.app.intake.accept(connection, method=hook.method, url=hook.url, headers=headers, body=hook.body)
    field.settle()
    return accepted.status


def test_each_step_goes_out_by_its_own_provider(everywhere: Field, providers: Providers) -> None:
    lead = ada(everywhere)

    sent = {row["step"]: row for row in everywhere.rows(touches, lead_id=lead)}
    assert {step: row["state"] for step, row in sent.items() if step != "last"} == dict.fromkeys(
        ("text", "approved", "chat", "dm", "gift", "team"), "sent"
    )
    assert providers.twilio.sent[0].body == "Hi Ada, a word about your work."
    template = providers.whatsapp.sent[0].body["template"]
    assert template["name"] == "intro_1"
    assert template["language"] == {"policy": "deterministic", "code": "en_US"}
    assert providers.telegram.sent[0].chat == CHAT
    assert [(act.what, act.account) for act in providers.x.done] == [("dm", "222")]
    assert providers.slack.said == ["Hi Ada, a word about your work."]
    [order] = providers.gifts.orders
    assert order.body == {"email": "ada@example.com", "note": "A mug for Ada.", "key": order.key}
    assert sent["gift"]["provider_id"] == "order-1"


def test_news_of_each_provider_reach_the_message_they_are_about(everywhere: Field, providers: Providers) -> None:
    lead = ada(everywhere)
    at = everywhere.clock.now()

    hear(everywhere, providers.twilio.status(f"{PUBLIC}/webhooks/texts", providers.twilio.sent[0].sid, "delivered"))
    hear(
        everywhere, providers.whatsapp.status(f"{PUBLIC}/webhooks/whatsapp", providers.whatsapp.sent[0], "read", at=at)
    )

    by_step = {row["id"]: row["step"] for row in everywhere.rows(touches, lead_id=lead)}
    told = {(row["kind"], by_step[row["touch_id"]]) for row in everywhere.rows(events, lead_id=lead) if row["touch_id"]}
    assert {("delivered", "text"), ("opened", "approved")} <= told


@pytest.mark.parametrize("channel", ["texts", "whatsapp", "telegram", "x"])
def test_an_answer_on_any_channel_stops_them_all(everywhere: Field, providers: Providers, channel: str) -> None:
    lead = ada(everywhere)
    url, at = f"{PUBLIC}/webhooks/{channel}", everywhere.clock.now()
    answers = {
        "texts": lambda: providers.twilio.inbound(url, sender=PHONE, text="Sounds good"),
        "whatsapp": lambda: providers.whatsapp.inbound(url, number=PHONE[1:], text="Sounds good", at=at),
        "telegram": lambda: providers.telegram.update(url, chat=CHAT, username="Ada_Sample", text="Sounds good", at=at),
        "x": lambda: providers.x.message(url, "222", "Sounds good", at=at),
    }

    assert hear(everywhere, answers[channel]()) == 200
    everywhere.go(days=4)

    assert everywhere.enrollment(lead)["reason"] == "replied"
    assert len(providers.twilio.sent) == 1


def test_stop_by_text_message_is_for_good_and_everywhere(everywhere: Field, providers: Providers) -> None:
    lead = ada(everywhere)

    hear(everywhere, providers.twilio.inbound(f"{PUBLIC}/webhooks/texts", sender=PHONE, text="STOP"))

    assert everywhere.lead(lead)["status"] == "do_not_contact"
    assert everywhere.enrollment(lead)["reason"] == "unsubscribed"
    assert {row["scope"] for row in everywhere.rows(suppressions)} == {"lead", "address"}


def test_a_meeting_in_the_calendar_ends_the_sequence(everywhere: Field, providers: Providers) -> None:
    lead = ada(everywhere)
    calendar = BookingServer(calendly_key="signing-key", calcom_secret="x")
    booked = calendar.calendly(
        f"{PUBLIC}/webhooks/meetings", "invitee.created", email="ada@example.com", at=everywhere.clock.now()
    )

    hear(everywhere, booked)

    assert everywhere.enrollment(lead)["reason"] == "booked"


def test_a_provider_that_knows_of_an_opt_out_stops_everything(everywhere: Field, providers: Providers) -> None:
    providers.twilio.stopped.add(PHONE)

    lead = ada(everywhere)

    assert everywhere.lead(lead)["status"] == "do_not_contact"
    assert (providers.twilio.sent, providers.whatsapp.sent, providers.x.done) == ([], [], [])


def test_a_message_in_doubt_is_settled_by_its_own_news(everywhere: Field, providers: Providers) -> None:
    providers.whatsapp.answers.will(502, "bad gateway", is_taken=True)
    lead = ada(everywhere)
    [note] = providers.whatsapp.sent
    assert everywhere.row(touches, lead_id=lead, step="approved")["state"] == "unknown"

    url, at = f"{PUBLIC}/webhooks/whatsapp", everywhere.clock.now()
    hear(everywhere, providers.whatsapp.status(url, note, "delivered", at=at))

    assert everywhere.row(touches, lead_id=lead, step="approved")["state"] == "sent"


def test_a_text_message_in_doubt_is_settled_by_its_callback(everywhere: Field, providers: Providers) -> None:
    providers.twilio.answers.will(502, "bad gateway", is_taken=True)
    lead = ada(everywhere)
    [text] = providers.twilio.sent
    assert everywhere.row(touches, lead_id=lead, step="text")["state"] == "unknown"

    hear(everywhere, providers.twilio.status(dict(text.fields)["StatusCallback"], text.sid, "delivered"))

    assert everywhere.row(touches, lead_id=lead, step="text")["state"] == "sent"


def test_handshakes_are_answered_and_leave_nothing_behind(everywhere: Field, providers: Providers) -> None:
    asked = providers.whatsapp.handshake(f"{PUBLIC}/webhooks/whatsapp", "1158201444")

    assert hear(everywhere, asked) == 200
    assert hear(everywhere, providers.x.crc(f"{PUBLIC}/webhooks/x", "token-1")) == 200

    assert everywhere.rows(deliveries) == []


def test_a_repeated_webhook_is_one_delivery(everywhere: Field, providers: Providers) -> None:
    ada(everywhere)
    told = providers.twilio.inbound(f"{PUBLIC}/webhooks/texts", sender=PHONE, text="Sounds good")

    for _time in range(3):
        assert hear(everywhere, told) == 200

    assert len(everywhere.rows(deliveries)) == len(everywhere.rows(events, kind="replied")) == 1


def test_somebody_who_opens_the_chat_can_be_written_to_from_then_on(everywhere: Field, providers: Providers) -> None:
    lead = everywhere.add_lead("ada@example.com", first_name="Ada")
    everywhere.add_address(lead, "telegram", "ada_sample")
    everywhere.enroll(lead, sequence="everywhere")
    everywhere.go(minutes=1)
    assert providers.telegram.sent == []

    url, at = f"{PUBLIC}/webhooks/telegram", everywhere.clock.now()
    hear(everywhere, providers.telegram.update(url, chat=777, username="Ada_Sample", text="/start", at=at))
    everywhere.go(hours=1)

    assert [post.chat for post in providers.telegram.sent] == [777]
    assert everywhere.enrollment(lead)["state"] == "active"
