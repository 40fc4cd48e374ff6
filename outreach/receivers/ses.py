"""Amazon SES by SNS: what became of mail, and inbound mail.

Facts: docs.aws.amazon.com/ses, "Amazon SNS notification contents" and "Event publishing"; the proof is in
`ses_topic.py`. Raw message delivery must stay off, or there is nothing to verify. A subscription is confirmed when the
call that asks for it is understood. Inbound mail comes whole in the notification (action SNS, at most 150 KB), or lies
in S3 (action S3) and is fetched with the access key of the connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from urllib.parse import quote

from outreach.aws_signature import NO_BODY, Key, Request, signed_headers
from outreach.clock import Clock
from outreach.domain.event import Clues, Event
from outreach.mail.identifiers import tokens_in, unique
from outreach.mail.raw_json import Keys, clues_in_json
from outreach.mail.raw_match import raw_clues
from outreach.mail.tagged import MARK, ids_of_mark
from outreach.receiver import Delivery, Fetch
from outreach.receivers import mail_news
from outreach.receivers.amazon_bounces import amazon_bounce
from outreach.receivers.inbound_mail import Inbound, event_of_mail, from_base64
from outreach.receivers.mail_news import About, News, event_about, joined
from outreach.receivers.payload import Json, instant_of, json_object, key_said_in, object_at, objects_at, text_at
from outreach.receivers.proof import require_basic_auth, short_key
from outreach.receivers.ses_topic import CONFIRMATION, NOTIFICATION, TopicProof, is_amazons

_KEYS = Keys(provider_ids=("messageId",), people=("emailAddress", "source"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`topics` are the ARNs we listen to. The access key is for mail in S3 alone (`s3:GetObject`)."""

    topics: tuple[str, ...]
    user: str = ""
    passwords: tuple[str, ...] = field(default=(), repr=False)  # basic auth in the URL, on top of the signature
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    region: str = ""  # of the bucket; left out: that of the topic
    own: tuple[str, ...] = ()  # our own addresses: a mail from one of them is our copy, not a reply

    def __post_init__(self) -> None:
        if not self.topics or not all(one.startswith("arn:aws") and one.count(":") == 5 for one in self.topics):
            raise ValueError("A connection with `use: ses` needs `topics`: a list of arn:aws:sns:REGION:ACCOUNT:NAME.")


class Ses:
    """The receiver behind every connection with `use: ses`."""

    provider: ClassVar[str] = "ses"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options, fetch: Fetch, clock: Clock) -> None:
        self._options = options
        self._own = frozenset(address.strip().lower() for address in options.own)
        self._fetch = fetch
        self._clock = clock
        self._proof = TopicProof(options.topics, fetch)

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        if self._options.passwords:
            require_basic_auth(delivery.headers, self._options.user, self._options.passwords)
        self._proof.require(delivery, now=now)

    def key(self, delivery: Delivery) -> str:
        return key_said_in(delivery.body, "MessageId")

    def clues(self, delivery: Delivery) -> Clues:
        found = [clues_in_json(delivery.body, _KEYS)]
        try:
            message = json_object(text_at(json_object(delivery.body), "Message").encode("utf-8", "replace"))
        except ValueError:
            return found[0]
        found.append(raw_clues(_content(message)))
        found.append(raw_clues(_heads(object_at(message, "mail"))))
        about = [_about(message, recipient, {}) for recipient, _ in _each_recipient(message)]
        found += [
            event_about(delivery, mail_news.UNKNOWN, key="", at=delivery.received_at, about=one).clues for one in about
        ]
        recipients = " ".join(_texts(object_at(message, "receipt"), "recipients"))
        found.append(Clues(tokens=tokens_in(recipients)))
        return joined(found)

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        payload = json_object(delivery.body)
        kind = text_at(payload, "Type")
        if kind == CONFIRMATION:
            return (self._confirmed(delivery, payload),)
        if not kind:
            raise ValueError("The payload has no Type: it is no message of SNS. Switch raw message delivery off.")
        try:
            message = json_object(text_at(payload, "Message").encode("utf-8", "replace"))
        except ValueError:
            return (self._aside(delivery, kind, text_at(payload, "Message")),)  # SES tries the topic with a sentence
        if kind != NOTIFICATION:
            return (self._aside(delivery, kind, ""),)
        if _kind_of(message) == "Received":
            return (self._mail(delivery, message, text_at(payload, "TopicArn")),)
        return tuple(_events(delivery, message, self.key(delivery)))

    def _confirmed(self, delivery: Delivery, payload: Json) -> Event:
        """Says yes to a topic of ours, which `verify` has made sure of. Asked twice, Amazon answers the same."""
        url = text_at(payload, "SubscribeURL")
        if not is_amazons(url) or text_at(payload, "TopicArn") not in self._options.topics:
            raise ValueError("SubscribeURL is no address of Amazon SNS.")
        self._fetch(url)
        return self._aside(delivery, "SubscriptionConfirmed", text_at(payload, "TopicArn"))

    def _aside(self, delivery: Delivery, kind: str, said: str) -> Event:
        about = About(data={"event": kind, "said": said})
        key = self.key(delivery)
        return event_about(delivery, mail_news.UNKNOWN, key=key, at=delivery.received_at, about=about)

    def _mail(self, delivery: Delivery, message: Json, topic: str) -> Event:
        receipt = object_at(message, "receipt")
        raw = _content(message) or self._in_s3(object_at(receipt, "action"), topic)
        recipients = _texts(receipt, "recipients")
        mail = Inbound(raw=raw, recipients=recipients, sender=text_at(object_at(message, "mail"), "source"))
        own_id = text_at(object_at(message, "mail"), "messageId") or self.key(delivery)
        return event_of_mail(delivery, mail, key=f"mail/{short_key(own_id)}", own=self._own)

    def _in_s3(self, action: Json, topic: str) -> bytes:
        bucket, name = text_at(action, "bucketName"), text_at(action, "objectKey")
        if not bucket or not name:
            raise ValueError("The notification holds no mail and names none in S3: use the action SNS or S3.")
        if not (self._options.access_key_id and self._options.secret_access_key):
            raise ValueError("The mail lies in S3: give the connection access_key_id and secret_access_key.")
        region = self._options.region or topic.split(":")[3]
        host = f"s3.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")
        key = Key(
            access_key_id=self._options.access_key_id,
            secret_access_key=self._options.secret_access_key,
            region=region,
            service="s3",
        )
        path = f"/{bucket}/{name}"
        request = Request(method="GET", host=host, path=path, headers={"x-amz-content-sha256": NO_BODY})
        headers = {**request.headers, **signed_headers(key, request, now=self._clock.now())}
        return self._fetch(f"https://{host}{quote(path, safe='/-_.~')}", headers=headers)


def _kind_of(message: Json) -> str:
    """Event publishing says `eventType`, feedback notifications say `notificationType`."""
    return text_at(message, "eventType") or text_at(message, "notificationType")


def _content(message: Json) -> bytes:
    """The inbound mail in the notification; `action.encoding` tells how it is written."""
    content = text_at(message, "content")
    action = object_at(object_at(message, "receipt"), "action")
    if text_at(action, "encoding").upper() == "BASE64":
        return from_base64(content)
    return content.encode("utf-8", "replace")


def _heads(mail: Json) -> bytes:
    """The headers SES tells of a mail, as a block: Message-ID, In-Reply-To, From."""
    lines = (
        f"{text_at(one, 'name')}: {' '.join(text_at(one, 'value').split())}\n" for one in objects_at(mail, "headers")
    )
    return "".join(lines).encode("utf-8", "replace")


def _texts(payload: Json, name: str) -> tuple[str, ...]:
    value = payload.get(name)
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


_PLAIN = {"Delivery": mail_news.DELIVERED, "Open": mail_news.OPENED, "Click": mail_news.CLICKED}
_DETAIL = {"Rendering Failure": "failure", "DeliveryDelay": "deliveryDelay"}
_RECIPIENTS = ("bouncedRecipients", "complainedRecipients", "delayedRecipients")


def _detail(message: Json) -> Json:
    kind = _kind_of(message)
    return object_at(message, _DETAIL.get(kind, kind.lower()))


def _each_recipient(message: Json) -> Iterator[tuple[str, Json]]:
    """(address, what is said of it): of the event's own list, else everybody the mail went to."""
    detail = _detail(message)
    named = [one for name in _RECIPIENTS for one in objects_at(detail, name)]
    if named:
        yield from ((text_at(one, "emailAddress"), one) for one in named)
        return
    mail = object_at(message, "mail")
    addresses = unique(_texts(detail, "recipients") or _texts(mail, "destination")) or ("",)
    yield from ((address, {}) for address in addresses)


def _events(delivery: Delivery, message: Json, key: str) -> Iterator[Event]:
    detail = _detail(message)
    when = text_at(detail, "timestamp") or text_at(object_at(message, "mail"), "timestamp")
    at = instant_of(when, latest=delivery.received_at)
    found = dict(_each_recipient(message))
    for address, said in found.items():
        own_key = key if len(found) == 1 else short_key(f"{key}/{address}")
        about = _about(message, address, said)
        yield event_about(delivery, _news_of(message, said), key=own_key, at=at, about=about)


def _about(message: Json, address: str, said: Json) -> About:
    mail, detail = object_at(message, "mail"), _detail(message)
    headers = {text_at(one, "name").lower(): text_at(one, "value") for one in objects_at(mail, "headers")}
    marks = _texts(object_at(mail, "tags"), MARK)
    names = ("bounceType", "bounceSubType", "complaintFeedbackType", "smtpResponse", "reason", "userAgent", "link")
    data = {name: text_at(detail, name) for name in (*names, "delayType")}
    data |= {"event": _kind_of(message), "status": text_at(said, "status"), "said": text_at(said, "diagnosticCode")}
    return About(
        recipient=address,
        message_ids=(*(one for mark in marks for one in ids_of_mark(mark)), headers.get("message-id", "")),
        provider_ids=(text_at(mail, "messageId"),),
        subject=text_at(object_at(mail, "commonHeaders"), "subject"),
        data=data,
    )


def _news_of(message: Json, said: Json) -> News:
    kind, detail = _kind_of(message), _detail(message)
    if kind == "Bounce":
        return amazon_bounce(
            text_at(detail, "bounceType"),
            text_at(detail, "bounceSubType"),
            said=text_at(said, "diagnosticCode"),
            status=text_at(said, "status"),
        )
    if kind == "Complaint":
        is_none = text_at(detail, "complaintFeedbackType") == "not-spam"
        return mail_news.UNKNOWN if is_none else mail_news.COMPLAINED
    if kind == "DeliveryDelay":
        return mail_news.deferred(f"{text_at(said, 'status')} {text_at(said, 'diagnosticCode')}".strip())
    if kind in ("Reject", "Rendering Failure"):
        return mail_news.rejected(text_at(detail, "reason") or text_at(detail, "errorMessage"))
    if kind == "Subscription":
        wishes = object_at(detail, "newTopicPreferences")
        return mail_news.UNSUBSCRIBED if wishes.get("unsubscribeAll") is True else mail_news.UNKNOWN
    return _PLAIN.get(kind, mail_news.UNKNOWN)
