"""Mail by HTTP through six providers, against their stand-ins: the contract, each documented error, and the message."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, ClassVar

import httpx
import pytest

from outreach.channel import Attachment, Channel, Message
from outreach.channels import brevo, mailgun, postmark, resend, sendgrid, ses
from outreach.clock import Clock, MovableClock
from outreach.errors import Outcome, OutcomeUnknown, RateLimited, Refused, Unauthorized
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.sandbox.http_host import HttpHost
from outreach.sandbox.mail_api_servers import DOMAIN, REGION, SECRET, MailApiServers
from outreach.testing.channel import run
from tests.channels.cases import (
    BLOCKED,
    CONTENT,
    DOUBT,
    LATER,
    LIMIT,
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

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DATE = "Sat, 21 Nov 2026 12:00:00 GMT"
LETTER = Message(
    key="enr1.intro",
    action="email",
    to="ayse@example.com",
    to_name="Ayşe Örnek",
    from_name='Anna "A" Yılmaz',
    from_address=f"anna@{DOMAIN}",
    subject="Grüße, Ayşe 👋",
    text="Merhaba Ayşe,\nşirketinizi gördüm.\n",
    html="<p>Merhaba <b>Ayşe</b></p>",
    message_id=f"touch-2@{DOMAIN}",
    in_reply_to=f"touch-1@{DOMAIN}",
    references=(f"touch-0@{DOMAIN}", f"touch-1@{DOMAIN}"),
    reply_to=f"anna+tok_1@{DOMAIN}",
    unsubscribe_url="https://outreach.example.org/u/abc",
    attachments=(
        Attachment(name="Preisliste.pdf", content_type="application/pdf", content=b"%PDF-sample"),
        Attachment(name="logo.png", content_type="image/png", content=b"PNG-sample", content_id="logo"),
    ),
)

Make = Callable[[httpx.AsyncClient, Clock, str], Channel]
MAKERS: Mapping[str, Make] = {
    "sendgrid": lambda http, clock, url: sendgrid.SendGrid(
        sendgrid.Options(token=SECRET, base_url=f"{url}/sendgrid"), http, clock
    ),
    "mailgun": lambda http, clock, url: mailgun.Mailgun(
        mailgun.Options(token=SECRET, domain=DOMAIN, base_url=f"{url}/mailgun"), http, clock
    ),
    "postmark": lambda http, clock, url: postmark.Postmark(
        postmark.Options(token=SECRET, base_url=f"{url}/postmark", stream="outreach"), http, clock
    ),
    "ses": lambda http, clock, url: ses.Ses(
        ses.Options(
            region=REGION,
            access_key_id="AKIDSANDBOX",
            secret_access_key=SECRET,
            configuration_set="outreach",
            base_url=f"{url}/ses",
        ),
        http,
        clock,
    ),
    "brevo": lambda http, clock, url: brevo.Brevo(brevo.Options(token=SECRET, base_url=f"{url}/brevo"), http, clock),
    "resend": lambda http, clock, url: resend.Resend(
        resend.Options(token=SECRET, base_url=f"{url}/resend"), http, clock
    ),
}


def stand(provider: str, servers: MailApiServers | None = None) -> Stand:
    servers = servers or MailApiServers()
    make = MAKERS[provider]
    login = base64.b64encode(f"api:{SECRET}".encode()).decode()
    return Stand(
        servers.application,
        servers.answers,
        lambda http: make(http, MovableClock(NOW), "http://127.0.0.1"),
        (SECRET, login),
    )


Said = tuple[Told, str]
"""An answer, and how the page names it."""


def sendgrid_says(status: int, said: str, field: str = "", **headers: str) -> Said:
    body = {"errors": [{"message": f"{said} ({SECRET})", "field": field, "help": None}]}
    return Told(status, body, headers), f"{status} “{said.rstrip('.')}”" + (f" of `{field}`" if field else "")


def mailgun_says(status: int, said: str, **headers: str) -> Said:
    return Told(status, {"message": f"{said} ({SECRET})"}, headers), f"{status} “{said.rstrip('.')}”"


def postmark_says(code: int, said: str = "", status: int = 422) -> Said:
    told = Told(status, {"ErrorCode": code, "Message": f"{said or 'no'} ({SECRET})"})
    return told, f"code {code}" + (f" “{said.rstrip('.')}”" if said else "")


def ses_says(status: int, kind: str, said: str = "") -> Said:
    headers = {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/"}
    told = Told(status, {"message": f"{said or 'no'} ({SECRET})"}, headers)
    return told, f"{status} `{kind}`" + (f" “{said.rstrip('.')}”" if said else "")


def brevo_says(status: int, code: str, said: str = "") -> Said:
    told = Told(status, {"code": code, "message": f"{said or 'no'} ({SECRET})"})
    return told, f"{status} `{code}`" + (f" “{said}”" if said else "")


def resend_says(status: int, name: str, said: str = "", **headers: str) -> Said:
    told = Told(status, {"statusCode": status, "name": name, "message": f"{said or 'no'} ({SECRET})"}, headers)
    return told, f"{status} `{name}`" + (f" “{said}”" if said else "")


def known(said: Said, meaning: Meaning, *, waits: int = 0) -> Case:
    """One documented answer; `waits` in seconds, of a limit."""
    told, words = said
    lasts = timedelta(seconds=waits) if waits else None
    return case(words, told, meaning, why="documented by the provider", waits=lasts)


TOO_LARGE: Said = (Told(413, "<html>too large"), "413: the mail is too large")

SENDGRID_RESET = {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 45), "Date": DATE}
SENDGRID: Cases = {
    "400 recipient": known(
        sendgrid_says(400, "Does not contain a valid address.", "personalizations.0.to.0.email"), RECIPIENT
    ),
    "400 reply-to": known(sendgrid_says(400, "Does not contain a valid address.", "reply_to.email"), WRONG),
    "401 credits": known(sendgrid_says(401, "Maximum credits exceeded"), LIMIT, waits=3600),
    "403 sender": known(sendgrid_says(403, "The from address does not match a verified Sender Identity."), SET_UP),
    "403 access": known(sendgrid_says(403, "access forbidden"), BLOCKED),
    "413": known(TOO_LARGE, CONTENT),
    "429 with reset": known((Told(429, {}, SENDGRID_RESET), "429 with `X-RateLimit-Reset`"), LIMIT, waits=45),
    "200 checked only": known((Told(200, None, is_taken=True), "200 without 202: checked and not sent"), WRONG),
}
MAILGUN: Cases = {
    "400 recipient": known(
        mailgun_says(400, "to parameter is not a valid address. please check documentation"), RECIPIENT
    ),
    "400 sandbox": known(mailgun_says(400, "Free accounts are for test purposes only."), SET_UP),
    "403 disabled": known(mailgun_says(403, "Domain example.org is not allowed to send: disabled"), BLOCKED),
    "403 limit": known(mailgun_says(403, "Recipient limit exceeded. Try again after Sat"), LIMIT, waits=3600),
    "402": known(mailgun_says(402, "Payment required"), BLOCKED),
    "404 domain": known(mailgun_says(404, "Domain not found: example.net"), SET_UP),
    "429 with reset": with_reset(),
    "413": known(TOO_LARGE, CONTENT),
}
POSTMARK: Cases = {
    "10": known(postmark_says(10, status=401), BLOCKED),
    "100": known(postmark_says(100, "maintenance", 503), LATER),
    "300 to": known(postmark_says(300, "Error parsing 'To': Illegal email address"), RECIPIENT),
    "300 from": known(postmark_says(300, "Error parsing 'From'"), SET_UP),
    "300 body": known(postmark_says(300, "Provide either email TextBody or HtmlBody or both."), CONTENT),
    **{f"code {code}": known(postmark_says(code), SET_UP) for code in (400, 401, 1235)},
    **{str(code) + " shape": known(postmark_says(code), WRONG) for code in (402, 403, 409)},
    **{str(code) + " account": known(postmark_says(code), BLOCKED) for code in (405, 412, 413)},
    "406": known(postmark_says(406, "marked as inactive"), SUPPRESSED),
    "411": known(postmark_says(411), CONTENT),
    "429 code": known(postmark_says(429, status=429), LIMIT, waits=60),
    "429 with reset": with_reset(7),
}
SES: Cases = {
    "429 rate": known(ses_says(429, "TooManyRequestsException", "Maximum sending rate exceeded."), LIMIT, waits=600),
    "429 day": known(ses_says(429, "TooManyRequestsException", "Daily message quota exceeded."), LIMIT, waits=3600),
    "400 throttling": known(ses_says(400, "ThrottlingException"), LIMIT, waits=600),
    "429 with reset": with_reset(),
    "400 throttled": known(ses_says(400, "Throttling"), LIMIT, waits=600),
    "403 access": known(ses_says(403, "AccessDeniedException"), SET_UP),
    "400 rejected": known(ses_says(400, "MessageRejectedException"), CONTENT),
    "400 limit": known(ses_says(400, "LimitExceededException"), LIMIT, waits=3600),
    "400 suspended": known(ses_says(400, "AccountSuspendedException"), BLOCKED),
    "400 paused": known(ses_says(400, "SendingPausedException"), BLOCKED),
    "400 domain": known(ses_says(400, "MailFromDomainNotVerifiedException"), SET_UP),
    "404 set": known(ses_says(404, "NotFoundException"), SET_UP),
    "400 identity": known(ses_says(400, "MessageRejected", "Email address is not verified."), SET_UP),
    "400 content": known(ses_says(400, "MessageRejected", "The message contains a virus"), CONTENT),
    "400 address": known(ses_says(400, "BadRequestException", "Missing final '@domain'"), RECIPIENT),
    "400 shape": known(ses_says(400, "BadRequestException"), WRONG),
    "413": known(TOO_LARGE, CONTENT),
    "503 unavailable": known(ses_says(503, "ServiceUnavailable"), LATER),
    "500 internal": known(ses_says(500, "InternalFailure"), DOUBT),
}
BREVO: Cases = {
    "401 key": known(brevo_says(401, "unauthorized"), BLOCKED),
    "402 credits": known(brevo_says(402, "not_enough_credits"), BLOCKED),
    "403 validation": known(brevo_says(403, "account_under_validation"), BLOCKED),
    "403 permission": known(brevo_says(403, "permission_denied"), BLOCKED),
    "400 recipient": known(brevo_says(400, "invalid_parameter", "email is not valid in to"), RECIPIENT),
    "400 sender": known(brevo_says(400, "invalid_parameter", "sender is not valid"), SET_UP),
    "400 content": known(brevo_says(400, "invalid_parameter", "htmlContent is too large"), CONTENT),
    "400 opted out": known(brevo_says(400, "invalid_parameter", "recipient is unsubscribed"), SUPPRESSED),
    "400 missing": known(brevo_says(400, "missing_parameter"), WRONG),
    "400 duplicate": known(brevo_says(400, "duplicate_request"), DOUBT),
    "400 key again": known(brevo_says(400, "duplicate_parameter"), DOUBT),
    "403 reseller": known(brevo_says(403, "reseller_permission_denied"), BLOCKED),
    "400 range": known(brevo_says(400, "out_of_range"), WRONG),
    "400 bad": known(brevo_says(400, "bad_request"), WRONG),
    "405 method": known(brevo_says(405, "method_not_allowed"), WRONG),
    "406 form": known(brevo_says(406, "not_acceptable"), WRONG),
    "404 document": known(brevo_says(404, "document_not_found"), SET_UP),
    "429 seconds": known(
        (Told(429, {"message": "slow down"}, {"x-sib-ratelimit-reset": "42"}), "429 with `x-sib-ratelimit-reset`"),
        LIMIT,
        waits=42,
    ),
    "429 code": known(brevo_says(429, "too_many_requests"), LIMIT, waits=60),
}
RESEND: Cases = {
    "401 missing": known(resend_says(401, "missing_api_key"), BLOCKED),
    "401 restricted": known(resend_says(401, "restricted_api_key"), SET_UP),
    "403 key": known(resend_says(403, "invalid_api_key"), BLOCKED),
    "403 suspended": known(resend_says(403, "suspended_api_key"), BLOCKED),
    "422 access": known(resend_says(422, "invalid_access"), SET_UP),
    "422 region": known(resend_says(422, "invalid_region"), SET_UP),
    "422 parameter": known(resend_says(422, "invalid_parameter"), WRONG),
    "400 key": known(resend_says(400, "invalid_idempotency_key"), WRONG),
    "403 domain": known(resend_says(403, "validation_error", "The domain is not verified"), SET_UP),
    "403 from": known(resend_says(403, "invalid_from_address"), SET_UP),
    "422 to": known(resend_says(422, "validation_error", "Invalid `to` field"), RECIPIENT),
    "400 field": known(resend_says(400, "validation_error", "Invalid `subject` field"), WRONG),
    "422 missing": known(resend_says(422, "missing_required_field"), WRONG),
    "422 attachment": known(resend_says(422, "invalid_attachment"), CONTENT),
    "451 security": known(resend_says(451, "security_error"), CONTENT),
    "409 another text": known(resend_says(409, "invalid_idempotent_request"), DOUBT),
    "409 at once": known(resend_says(409, "concurrent_idempotent_requests"), DOUBT),
    "429 with reset": with_reset(3),
    "429 second": known(resend_says(429, "rate_limit_exceeded", **{"retry-after": "3"}), LIMIT, waits=3),
    "429 day": known(resend_says(429, "daily_quota_exceeded"), LIMIT, waits=86_400),
    "429 month": known(resend_says(429, "monthly_quota_exceeded"), LIMIT, waits=86_400),
    "500 application": known(resend_says(500, "application_error"), DOUBT),
    "413": known(TOO_LARGE, CONTENT),
}


class MailApiContract(CasesContract):
    sample = LETTER
    name: ClassVar[str]

    def stand(self) -> Stand:
        return stand(self.name)


COMMON = common(SECRET, unexpected={"something": "else"})


class TestSendGrid(MailApiContract):
    name = "sendgrid"
    cases: ClassVar[Cases] = {**COMMON, **SENDGRID}


class TestMailgun(MailApiContract):
    name = "mailgun"
    cases: ClassVar[Cases] = {
        **COMMON,
        **MAILGUN,
        "404": COMMON["404"].but(*SET_UP, "the domain is not known"),
    }


class TestPostmark(MailApiContract):
    name = "postmark"
    cases: ClassVar[Cases] = {**COMMON, **POSTMARK}


class TestSes(MailApiContract):
    name = "ses"
    cases: ClassVar[Cases] = {**COMMON, **SES}


class TestBrevo(MailApiContract):
    name = "brevo"
    cases: ClassVar[Cases] = {**COMMON, **BREVO}


class TestResend(MailApiContract):
    name = "resend"
    cases: ClassVar[Cases] = {**COMMON, **RESEND}


def taken(provider: str, message: Message = LETTER) -> tuple[Any, MailApiServers]:
    servers = MailApiServers()
    receipt, _ = send(stand(provider, servers), message)
    return receipt, servers


def named_files(files: list[Any], name: str, content: str, content_id: str, kind: str) -> list[tuple[Any, ...]]:
    """(name, content, id of the image, type) of files that go in pieces."""
    return [(each[name], base64.b64decode(each[content]), each.get(content_id), each.get(kind)) for each in files]


def mime_files(raw: bytes) -> list[tuple[Any, ...]]:
    mail = message_from_bytes(raw, policy=policy.default)
    parts = [part for part in mail.walk() if part.get_filename()]
    ids = [part["Content-ID"] and str(part["Content-ID"]).strip("<>") for part in parts]
    return [
        (part.get_filename(), part.get_content(), own_id, part.get_content_type())
        for part, own_id in zip(parts, ids, strict=True)
    ]


FILES_IN: Mapping[str, Callable[[Any], list[tuple[Any, ...]]]] = {
    "sendgrid": lambda request: named_files(request["attachments"], "filename", "content", "content_id", "type"),
    "mailgun": lambda request: mime_files(request[1]),
    "postmark": lambda request: named_files(request["Attachments"], "Name", "Content", "ContentID", "ContentType"),
    "ses": lambda request: mime_files(base64.b64decode(request["Content"]["Raw"]["Data"])),
    "brevo": lambda request: named_files(request["attachment"], "name", "content", "-", "-"),
    "resend": lambda request: named_files(
        request[1]["attachments"], "filename", "content", "content_id", "content_type"
    ),
}


@pytest.mark.parametrize("provider", MAKERS)
def test_files_and_images_arrive_with_their_names_types_and_ids(provider: str) -> None:
    _, servers = taken(provider)

    found = sorted(FILES_IN[provider](servers.taken[0].request))

    logo = {"postmark": "cid:logo", "brevo": None}.get(provider, "logo")
    kinds = (None, None) if provider == "brevo" else ("application/pdf", "image/png")
    assert found == [
        ("Preisliste.pdf", b"%PDF-sample", None, kinds[0]),
        ("logo.png", b"PNG-sample", logo, kinds[1]),
    ]


@pytest.mark.parametrize("provider", MAKERS)
def test_over_a_real_connection_the_message_arrives_once(provider: str) -> None:
    """The stand-ins check credentials, shapes and, at Amazon, the signature."""

    async def story(url: str) -> Any:
        async with httpx.AsyncClient() as http:
            return await MAKERS[provider](http, MovableClock(NOW), url).send(LETTER, last_look=gladly)

    servers = MailApiServers()
    host = HttpHost(servers.application, name="mail-apis")
    host.start()
    try:
        receipt = run(story(host.url))
    finally:
        host.stop()

    assert [(each.provider, each.to) for each in servers.taken] == [(provider, "ayse@example.com")]
    assert receipt.provider_id


@pytest.mark.parametrize("provider", MAKERS)
def test_wrong_credentials_pause_the_sender(provider: str) -> None:
    error, _ = send(stand(provider, MailApiServers(secret="another-secret")), LETTER)

    assert (type(error), error.outcome) == (Unauthorized, Outcome.ACCOUNT_BLOCKED)
    assert SECRET not in str(error)


@pytest.mark.parametrize("provider", MAKERS)
def test_an_address_that_is_none_is_refused_before_the_wire(provider: str) -> None:
    error, wire = send(stand(provider), replace(LETTER, to="nobody at all"))

    assert (type(error), error.outcome, wire.writes) == (Refused, Outcome.REJECTED_RECIPIENT, [])


@pytest.mark.parametrize("provider", MAKERS)
def test_a_line_break_in_a_header_is_refused_before_the_wire(provider: str) -> None:
    error, wire = send(stand(provider), replace(LETTER, subject="Hello\r\nBcc: all@example.com"))

    assert (type(error), error.outcome, wire.writes) == (Refused, Outcome.REJECTED_CONTENT, [])


@pytest.mark.parametrize("provider", MAKERS)
def test_an_address_the_provider_does_not_take_is_a_bad_address(provider: str) -> None:
    error, _ = send(stand(provider), replace(LETTER, to="ayse@localdomain"))

    assert (type(error), error.outcome) == (Refused, Outcome.REJECTED_RECIPIENT)


@pytest.mark.parametrize("provider", [each for each in MAKERS if each != "mailgun"])
def test_a_sender_the_provider_does_not_know_pauses_the_sender(provider: str) -> None:
    error, _ = send(stand(provider), replace(LETTER, from_address="anna@example.net"))

    assert (type(error), error.outcome) == (Unauthorized, Outcome.CONFIG)


@pytest.mark.parametrize("provider", ["mailgun", "ses"])
def test_raw_mail_is_the_mail_we_build(provider: str) -> None:
    _, servers = taken(provider)

    request = servers.taken[0].request
    raw = request[1] if provider == "mailgun" else base64.b64decode(request["Content"]["Raw"]["Data"])
    mail = message_from_bytes(raw, policy=policy.default)
    assert str(mail["To"]) == "Ayşe Örnek <ayse@example.com>"
    assert mail["Message-ID"] == f"<touch-2@{DOMAIN}>"
    assert mail["References"] == f"<touch-0@{DOMAIN}> <touch-1@{DOMAIN}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Reply-To"] == LETTER.reply_to
    assert [part.get_filename() for part in mail.walk() if part.get_filename()] == ["logo.png", "Preisliste.pdf"]


@pytest.mark.parametrize(
    ("provider", "headers_in"),
    [
        ("sendgrid", lambda body: body["headers"]),
        ("postmark", lambda body: {each["Name"]: each["Value"] for each in body["Headers"]}),
        ("brevo", lambda body: body["headers"]),
        ("resend", lambda body: body[1]["headers"]),
    ],
)
def test_divided_mail_has_every_header(provider: str, headers_in: Callable[[Any], Mapping[str, str]]) -> None:
    _, servers = taken(provider)

    headers = headers_in(servers.taken[0].request)
    assert {name: headers[name] for name in headers if name.startswith(("Mess", "In-", "Ref", "List"))} == {
        "Message-ID": f"<touch-2@{DOMAIN}>",
        "In-Reply-To": f"<touch-1@{DOMAIN}>",
        "References": f"<touch-0@{DOMAIN}> <touch-1@{DOMAIN}>",
        "List-Unsubscribe": "<https://outreach.example.org/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_sendgrid_gets_texts_names_files_and_no_tracking() -> None:
    receipt, servers = taken("sendgrid")

    body = servers.taken[0].request
    recipient = {"to": [{"email": "ayse@example.com", "name": "Ayşe Örnek"}]}
    assert body["personalizations"] == [{**recipient, "custom_args": {MARK: LETTER.message_id}}]
    assert body["from"] == {"email": f"anna@{DOMAIN}", "name": 'Anna "A" Yılmaz'}
    assert [each["type"] for each in body["content"]] == ["text/plain", "text/html"]
    assert body["reply_to"] == {"email": LETTER.reply_to}
    assert body["tracking_settings"]["open_tracking"] == {"enable": False}
    assert [(each["filename"], each.get("content_id")) for each in body["attachments"]] == [
        ("Preisliste.pdf", None),
        ("logo.png", "logo"),
    ]
    assert receipt.provider_id == "sendgrid-00001"


def test_mailgun_gets_one_recipient_and_no_tracking() -> None:
    receipt, servers = taken("mailgun")

    fields = servers.taken[0].request[0]
    assert fields == {
        "to": "ayse@example.com",
        "o:tracking": "no",
        "o:tracking-clicks": "no",
        "o:tracking-opens": "no",
        f"v:{MARK}": LETTER.message_id,
    }
    assert receipt.provider_id == LETTER.message_id


def test_postmark_keeps_our_message_id_and_gets_the_stream() -> None:
    _, servers = taken("postmark")

    body = servers.taken[0].request
    assert {"Name": "X-PM-KeepID", "Value": "true"} in body["Headers"]
    assert body["From"] == f'"Anna \\"A\\" Yılmaz" <anna@{DOMAIN}>'
    assert (body["MessageStream"], body["TrackOpens"], body["TrackLinks"]) == ("outreach", False, "None")
    assert body["Metadata"] == {MARK: LETTER.message_id}
    assert body["Attachments"][1]["ContentID"] == "cid:logo"


def test_postmark_says_when_it_has_suppressed_the_address() -> None:
    error, _ = send(stand("postmark", MailApiServers(inactive={"ayse@example.com"})), LETTER)

    assert (type(error), error.outcome, error.code) == (Refused, Outcome.SUPPRESSED, "406")


def test_amazon_puts_its_own_message_id_which_the_receipt_carries() -> None:
    receipt, servers = taken("ses")

    body = servers.taken[0].request
    assert (receipt.provider_id, receipt.message_id) == ("ses-00001", f"ses-00001@{REGION}.amazonses.com")
    assert body["ConfigurationSetName"] == "outreach"
    assert ids_of_mark(body["EmailTags"][0]["Value"]) == (LETTER.message_id,)
    assert "FeedbackForwardingEmailAddress" not in body


def test_amazon_sends_bounces_to_the_return_path() -> None:
    _, servers = taken("ses", replace(LETTER, envelope_from=f"bounce+tok@{DOMAIN}"))

    assert servers.taken[0].request["FeedbackForwardingEmailAddress"] == f"bounce+tok@{DOMAIN}"


def test_brevo_gets_the_same_uuid_for_the_same_touch() -> None:
    _, first = taken("brevo")
    receipt, second = taken("brevo")
    _, other = taken("brevo", replace(LETTER, key="enr1.bump"))

    keys = [servers.taken[0].request["headers"]["idempotencyKey"] for servers in (first, second, other)]
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) == 36
    assert receipt.provider_id == "brevo-00001@smtp-relay.mailin.fr"


def test_resend_takes_a_repeated_key_once() -> None:
    servers = MailApiServers()

    first, _ = send(stand("resend", servers), LETTER)
    again, _ = send(stand("resend", servers), LETTER)

    assert (first.provider_id, len(servers.taken)) == (again.provider_id, 1)
    assert servers.taken[0].request[0].startswith("sha256-")


def test_resend_with_the_key_of_another_text_is_in_doubt() -> None:
    servers = MailApiServers()
    send(stand("resend", servers), LETTER)

    error, _ = send(stand("resend", servers), replace(LETTER, text="Another text"))

    assert type(error) is OutcomeUnknown


@pytest.mark.parametrize(
    ("provider", "told", "seconds"),
    [
        ("sendgrid", Told(429, {}, {"X-RateLimit-Reset": str(int(NOW.timestamp()) + 45), "Date": DATE}), 45),
        ("sendgrid", Told(429, {}, {"X-RateLimit-Reset": "soon", "Date": DATE}), 60),
        ("mailgun", Told(429, {"message": "slow"}, {"Retry-After": "90"}), 90),
        ("postmark", Told(429, {"ErrorCode": 429, "Message": "slow"}, {"Retry-After": "7"}), 7),
        ("ses", ses_says(429, "TooManyRequestsException", "Maximum sending rate exceeded.")[0], 600),
        ("ses", ses_says(429, "TooManyRequestsException", "Daily message quota exceeded.")[0], 3600),
        ("brevo", Told(429, {}, {"x-sib-ratelimit-reset": "42"}), 42),
        ("brevo", Told(429, {}, {"x-sib-ratelimit-reset": str(int(NOW.timestamp()) + 30), "Date": DATE}), 30),
        ("resend", Told(429, {"name": "rate_limit_exceeded"}, {"Retry-After": "3"}), 3),
        ("resend", Told(429, {"name": "daily_quota_exceeded"}), 86_400),
    ],
)
def test_a_limit_waits_as_long_as_the_provider_says(provider: str, told: Told, seconds: int) -> None:
    error, _ = send(stand(provider), LETTER, told)

    assert type(error) is RateLimited
    assert error.retry_after == timedelta(seconds=seconds)


@pytest.mark.parametrize("provider", MAKERS)
def test_a_domain_outside_ascii_goes_as_punycode(provider: str) -> None:
    _, servers = taken(provider, replace(LETTER, to="ada@müller.example", reply_to="anna@örnek.example"))

    assert servers.taken[0].to == "ada@xn--mller-kva.example"


@pytest.mark.parametrize("provider", MAKERS)
def test_nothing_optional_is_sent_empty(provider: str) -> None:
    plain = Message(key="k", action="email", to="ada@example.com", text="Hello", from_address=f"anna@{DOMAIN}")

    receipt, servers = taken(provider, plain)

    request = servers.taken[0].request
    shown = json.dumps(request, default=repr)
    assert not [name for name in ("reply", "Reply-To", "attachment", "List-Unsubscribe") if f'"{name}"' in shown]
    assert receipt.provider_id or provider == "mailgun"


async def gladly() -> None:
    """A last look that finds nothing against it."""
