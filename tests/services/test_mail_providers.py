"""Mail providers in both directions through the whole program: sent by their API, heard by their webhooks."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from outreach.clock import MovableClock
from outreach.receivers.ses import Ses
from outreach.sandbox.answers import Hook
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.mail_api_hooks import MailgunHooks, ResendHooks, SendGridHooks, TopicHooks, with_login
from outreach.sandbox.mail_api_servers import REGION, SECRET, MailApiServers
from outreach.store.tables import enrollments, events, leads, touches
from outreach.testing.field import SECRET as REPLIES
from outreach.testing.field import Field
from outreach.web.application import create_app
from outreach.web.backing import services_of

TOPIC = "arn:aws:sns:eu-central-1:123456789012:outreach"
SVIX = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC = "http://127.0.0.1:8080/webhooks"
OPTIONS = {
    "sendgrid": {"token": SECRET},
    "mailgun": {"token": SECRET, "domain": "example.org"},
    "postmark": {"token": SECRET},
    "ses": {"region": REGION, "access_key_id": "AKIDSANDBOX", "secret_access_key": SECRET},
    "brevo": {"token": SECRET},
    "resend": {"token": SECRET},
}
WEBHOOKS = {
    "sendgrid": {"use": "sendgrid", "public_key": SendGridHooks("").public_key},
    "mailgun": {"use": "mailgun", "signing_key": "sample-signing-key"},
    "postmark": {"use": "postmark", "user": "hook", "password": "sample"},
    "ses": {"use": "ses", "topics": [TOPIC]},
    "brevo": {"use": "brevo", "user": "hook", "password": "sample"},
    "resend": {"use": "resend", "secrets": [SVIX]},
    "mailjet": {"use": "mailjet", "user": "hook", "password": "sample"},
    "replies": {"use": "standard", "secrets": [REPLIES]},
}


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[MailApiServers, str]]:
    """The stand-ins, on loopback."""
    stand_ins = MailApiServers()
    host = HttpHost(stand_ins.application, name="mail-api-stand-ins")
    host.start()
    yield stand_ins, host.url
    host.stop()


@pytest.fixture
def mailed(
    tmp_path: Path, clock: MovableClock, servers: tuple[MailApiServers, str]
) -> Iterator[Callable[[str], Field]]:
    """A workspace whose sender mails through a provider, with the first mail to one lead sent."""
    stand_ins, url = servers
    fields: list[Field] = []

    def made(provider: str) -> Field:
        stand_ins.taken.clear()
        account = {"address": "anna@example.org", "use": provider, "base_url": f"{url}/{provider}", **OPTIONS[provider]}
        sender = {"name": "Anna Example", "timezone": "Europe/Istanbul", "email": account}
        settings = {
            "public_url": "http://127.0.0.1:8080",
            "secret_key": "a-secret-for-tests",
            "organisation": {"name": "Example Ltd", "postal_address": "1 Example St, Istanbul"},
            "webhooks": WEBHOOKS,
        }
        # JSON is YAML.
        files = {"config/senders.yaml": json.dumps({"anna": sender}), "config/outreach.yaml": json.dumps(settings)}
        field = Field(tmp_path / provider, f"sqlite:///{tmp_path}/{provider}.db", clock, files)
        fields.append(field)
        field.apply()
        field.enroll(field.add_lead("ada@example.com"))
        field.settle()
        return field

    yield made
    for each in fields:
        each.close()


def call(field: Field, hook: Hook) -> httpx.Response:
    """A webhook through the web application, as a provider would make it."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(services_of(field.app)))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.request(hook.method, hook.url, content=hook.body, headers=dict(hook.headers))

    return asyncio.run(ask())


def bounce_by(provider: str, field: Field, sent: Any) -> Hook:
    """The provider's news that nobody lives at the address, naming the message by the provider's own id alone."""
    at, said = field.clock.now(), "550 5.1.1 user unknown"
    own_id, url = sent["provider_id"], f"{PUBLIC}/{provider}"
    if provider == "sendgrid":
        event = {"event": "bounce", "sg_event_id": "1", "sg_message_id": f"{own_id}.filter01.1", "reason": said}
        return SendGridHooks(url).events([event | {"timestamp": int(at.timestamp())}], at=at)
    if provider == "mailgun":
        told = {"event": "failed", "severity": "permanent", "delivery-status": {"code": 550, "message": said}}
        news = told | {"message": {"headers": {"message-id": own_id}}, "timestamp": at.timestamp()}
        return MailgunHooks(url, "sample-signing-key").event(news, token="token-1", at=at)
    if provider == "ses":
        bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": "", "diagnosticCode": said}]}
        return TOPICS[id(field)].notification({"eventType": "Bounce", "mail": {"messageId": own_id}, "bounce": bounce})
    if provider == "resend":
        data = {"email_id": own_id, "bounce": {"type": "Permanent", "message": said}}
        return ResendHooks(url, SVIX).event({"type": "email.bounced", "data": data}, svix_id="msg_1", at=at)
    postmark = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "MessageID": own_id, "Details": said}
    brevo = {"event": "hard_bounce", "message-id": f"<{own_id}>", "reason": said, "ts_epoch": 1}
    payload = postmark if provider == "postmark" else brevo
    return with_login(url, json.dumps(payload).encode(), user="hook", password="sample")


TOPICS: dict[int, TopicHooks] = {}


def hear_amazon(field: Field) -> None:
    """The certificate of the topic lies on the shelf; nothing is fetched from outside."""
    topic = TopicHooks(f"{PUBLIC}/ses", topic=TOPIC, at=field.clock.now())
    TOPICS[id(field)] = topic
    receiver = field.app.receivers["ses"]
    assert isinstance(receiver, Ses)
    receiver._proof._fetch = lambda url, headers=None: topic.certificate


@pytest.mark.parametrize("provider", OPTIONS)
def test_a_mail_goes_out_and_its_bounce_ends_the_sequence(provider: str, mailed: Callable[[str], Field]) -> None:
    field = mailed(provider)
    hear_amazon(field)
    [sent] = field.rows(touches, state="sent")

    answer = call(field, bounce_by(provider, field, sent))
    field.settle()

    assert answer.status_code == 200
    [event] = field.rows(events, kind="bounced")
    assert (event["touch_id"], event["reason"], event["data"]["hard"]) == (sent["id"], "no_mailbox", True)
    assert field.row(enrollments)["reason"] == "bounced"
    assert field.row(leads)["status"] == "bounced"


def test_a_refused_call_has_one_answer_whichever_the_provider_and_the_cause(mailed: Callable[[str], Field]) -> None:
    field = mailed("postmark")
    hear_amazon(field)
    [sent] = field.rows(touches, state="sent")
    answers = []

    for provider in OPTIONS:
        hook = bounce_by(provider, field, sent)
        unproved = Hook(hook.url, hook.body.replace(b"signature", b"nothing"), {"content-type": "application/json"})
        answers += [call(field, each) for each in (unproved, Hook(hook.url), Hook(hook.url, b"[1]"))]

    assert {(each.status_code, each.text) for each in answers} == {(401, '{"error":"refused"}')}
    assert {each.headers["www-authenticate"] for each in answers} == {'Basic realm="webhooks"'}
    assert field.rows(events) == []


def test_a_reply_to_the_id_amazon_put_in_place_of_ours_stops_the_sequence(mailed: Callable[[str], Field]) -> None:
    field = mailed("ses")
    [sent] = field.rows(touches, state="sent")

    field.reply("assistant@elsewhere.example", in_reply_to=f"<{sent['provider_id']}@{REGION}.amazonses.com>")
    field.settle()

    assert sent["message_id"] == f"{sent['provider_id']}@{REGION}.amazonses.com"
    assert field.row(enrollments)["reason"] == "replied"


def test_a_follow_up_answers_the_id_that_is_on_the_wire(
    mailed: Callable[[str], Field], servers: tuple[MailApiServers, str]
) -> None:
    field = mailed("ses")
    [first] = field.rows(touches, state="sent")

    field.go(days=3, minutes=1)

    second = servers[0].taken[-1].request["Content"]["Raw"]["Data"]
    assert f"In-Reply-To: <{first['message_id']}>".encode() in base64.b64decode(second)


def test_a_reply_to_the_id_brevo_put_in_place_of_ours_stops_the_sequence(mailed: Callable[[str], Field]) -> None:
    field = mailed("brevo")
    [sent] = field.rows(touches, state="sent")

    field.reply("assistant@elsewhere.example", in_reply_to=f"<{sent['provider_id']}>")
    field.settle()

    assert field.row(enrollments)["reason"] == "replied"


def test_the_same_news_many_times_is_one_event(mailed: Callable[[str], Field]) -> None:
    field = mailed("sendgrid")
    [sent] = field.rows(touches, state="sent")
    hooks = SendGridHooks(f"{PUBLIC}/sendgrid")
    names = ("delivered", "open", "click")
    news = [{"event": name, "sg_event_id": name, "sg_message_id": sent["provider_id"]} for name in names]

    for number in range(30):
        turned = news[number % 3 :] + news[: number % 3]
        assert call(field, hooks.events(turned, at=field.clock.now())).status_code == 200
    field.settle()

    assert sorted(row["kind"] for row in field.rows(events)) == ["clicked", "delivered", "opened"]


def test_brevo_is_asked_to_come_again_when_nothing_can_be_stored(
    mailed: Callable[[str], Field], monkeypatch: pytest.MonkeyPatch
) -> None:
    field = mailed("brevo")
    [sent] = field.rows(touches, state="sent")
    hook = bounce_by("brevo", field, sent)

    def full(_: Any) -> Any:
        raise OSError("no space left on device")

    monkeypatch.setattr(field.app.intake, "_arrivals", SimpleNamespace(submit=full, close=lambda: None))

    assert call(field, hook).status_code == 429


def test_a_certificate_that_cannot_be_had_makes_amazon_come_again(mailed: Callable[[str], Field]) -> None:
    field = mailed("ses")
    hear_amazon(field)
    receiver = field.app.receivers["ses"]
    assert isinstance(receiver, Ses)
    receiver._proof._fetch = field.app.fetch
    field.app.fetch._transport = httpx.MockTransport(lambda _: httpx.Response(503))
    [sent] = field.rows(touches, state="sent")

    assert call(field, bounce_by("ses", field, sent)).status_code == 503
