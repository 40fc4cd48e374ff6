"""HubSpot webhooks: what people change on contacts and deals there, as news of a CRM connection.

Each delivery is a JSON array of changes, signed as v3: base64 of HMAC-SHA256 with the app's client secret over method,
full URI, body and the time header in milliseconds; older than five minutes is refused. Facts: HubSpot's pages
"Webhooks" and "Validating requests". A change names a record and a value, never an address, so leads are found by the
record's id. Unverified: which escapes of the URI HubSpot decodes before signing (this receiver's path has none); the
names in a merge; that `contact.privacyDeletion` comes for a privacy request alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from outreach.domain.crm_news import Change, CrmNews, deal_kind, person_kind
from outreach.domain.event import Clues, Event, EventKind
from outreach.errors import WebhookRejected
from outreach.receiver import Delivery
from outreach.receivers.crm_events import event_of_news
from outreach.receivers.payload import Json, instant_of, text_at
from outreach.receivers.proof import digest, is_one_of

_SIGNATURE, _TIME = "x-hubspot-signature-v3", "x-hubspot-request-timestamp"
_LONGEST_AGE = timedelta(minutes=5)
_MOST_CHANGES = 1000
_OPTED_OUT = "hs_email_optout"
_DELETIONS = {"contact.deletion": Change.DELETED, "contact.privacyDeletion": Change.ERASED}
_IDS = re.compile(rb'"(?:objectId|mergedObjectIds|primaryObjectId)"\s*:\s*\[?\s*((?:"?\d{1,19}"?\s*,?\s*){1,100})')
_NUMBER = re.compile(rb"\d{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`secret`: the app's client secret; `secrets` while one is exchanged for another. `crm`: the connection in
    config/crm.yaml whose account it is; left out, the one of the webhook's own name. `app_id`: ours, whose changes are
    not news; `status_property` and `do_not_contact_property` as in that connection.
    """

    secret: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    crm: str = ""
    app_id: str = ""
    status_property: str = "hs_lead_status"
    do_not_contact_property: str = ""

    def __post_init__(self) -> None:
        if not self.accepted:
            raise ValueError("A connection with `use: hubspot` needs `secret`, the client secret of the HubSpot app.")

    @property
    def accepted(self) -> tuple[str, ...]:
        return tuple(secret for secret in dict.fromkeys((self.secret, *self.secrets)) if secret)


class HubSpot:
    """The receiver behind every connection with `use: hubspot`."""

    provider: ClassVar[str] = "hubspot"
    accepted_status: ClassVar[int] = 200
    unavailable_status: ClassVar[int] = 503
    max_bytes: ClassVar[int] = 1024 * 1024

    def __init__(self, options: Options) -> None:
        self._options = options

    def verify(self, delivery: Delivery, *, now: datetime) -> None:
        given_time = delivery.headers.get(_TIME, "")
        if not (given_time.isascii() and given_time.isdigit() and len(given_time) < 16):
            raise WebhookRejected("the time header is missing or no number")
        age = abs(now.timestamp() - int(given_time) / 1000)
        if age > _LONGEST_AGE.total_seconds():
            raise WebhookRejected("the delivery is older than five minutes")
        signed = b"".join((delivery.method.encode(), delivery.url.encode(), delivery.body, given_time.encode()))
        right = tuple(_signature(secret, signed) for secret in self._options.accepted)
        if not is_one_of(delivery.headers.get(_SIGNATURE, ""), right):
            raise WebhookRejected("the signature is missing or wrong")

    def key(self, delivery: Delivery) -> str:
        return digest(delivery.body)

    def clues(self, delivery: Delivery) -> Clues:
        """Every id in the body, as a contact's and as a deal's: which of them it is, understanding tells."""
        crm = self._crm(delivery)
        numbers = [each.decode() for found in _IDS.findall(delivery.body) for each in _NUMBER.findall(found)]
        kinds = (person_kind(crm), deal_kind(crm))
        return Clues(addresses=tuple((kind, number) for number in dict.fromkeys(numbers) for kind in kinds))

    def parse(self, delivery: Delivery) -> tuple[Event, ...]:
        return tuple(event for change in _changes(delivery.body) for event in self._events(change, delivery))

    def _events(self, change: Json, delivery: Delivery) -> Iterator[Event]:
        at = instant_of(text_at(change, "occurredAt"), latest=delivery.received_at)
        key = f"{delivery.connection}/{_key_of(change)}"
        news = list(self._news(change, self._crm(delivery)))
        for number, each in enumerate(news):
            yield event_of_news(each, key=f"{key}/{number}" if number else key, at=at)
        if not news:
            kind = EventKind.OWN if self._is_ours(change) else EventKind.UNKNOWN
            data: dict[str, object] = {"type": text_at(change, "subscriptionType")[:64]}
            yield Event(key=key, kind=kind, at=at, channel="other", data=data)

    def _news(self, change: Json, crm: str) -> Iterator[CrmNews]:
        """What it tells; nothing for what we did ourselves, and for what nobody here has heard of."""
        record, what = text_at(change, "objectId"), text_at(change, "subscriptionType")
        if self._is_ours(change):
            return
        if what in _DELETIONS and record:
            yield CrmNews(crm=crm, change=_DELETIONS[what], person_id=record)
        elif what == "contact.merge":
            survivor = text_at(change, "newObjectId") or text_at(change, "primaryObjectId") or record
            for gone in _merged(change, survivor):
                yield CrmNews(crm=crm, change=Change.MERGED, person_id=gone, value=survivor)
        elif what == "contact.propertyChange" and record:
            yield self._contact_news(change, crm, record)
        elif what == "deal.propertyChange" and record:
            yield CrmNews(crm=crm, change=Change.HINT, deal_id=record)  # won or lost depends on the stage: read it

    def _contact_news(self, change: Json, crm: str, record: str) -> CrmNews:
        name, value = text_at(change, "propertyName"), text_at(change, "propertyValue")
        opt_outs = {_OPTED_OUT, self._options.do_not_contact_property} - {""}
        if name in opt_outs and value.lower() == "true":
            return CrmNews(crm=crm, change=Change.DO_NOT_CONTACT, person_id=record)
        if name == self._options.status_property:
            return CrmNews(crm=crm, change=Change.STATUS, person_id=record, value=value[:200])
        return CrmNews(crm=crm, change=Change.HINT, person_id=record)  # an owner comes as an id: read it

    def _is_ours(self, change: Json) -> bool:
        """By our app, where it says so; what we wrote with another token is recognised by its value, later."""
        return bool(self._options.app_id) and text_at(change, "sourceId") == self._options.app_id

    def _crm(self, delivery: Delivery) -> str:
        return self._options.crm or delivery.connection


def _signature(secret: str, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()


def _changes(body: bytes) -> list[Json]:
    """ValueError, with a sentence, for a body that is no list of changes."""
    try:
        changes = json.loads(body.decode("utf-8-sig", "replace"))
    except RecursionError as error:
        raise ValueError("The body is nested too deeply.") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"The body is not JSON: {error.msg} at line {error.lineno}.") from error
    if not isinstance(changes, list) or not changes or not all(isinstance(change, dict) for change in changes):
        raise ValueError("The body is JSON, but no list of changes: HubSpot sends […].")
    if len(changes) > _MOST_CHANGES:
        raise ValueError(f"The body has more than {_MOST_CHANGES} changes.")
    return changes


def _key_of(change: Json) -> str:
    """`eventId` is not unique by itself; the whole change is, but for the number of the attempt."""
    kept = {name: value for name, value in change.items() if name != "attemptNumber"}
    return digest(json.dumps(kept, sort_keys=True).encode("utf-8", "replace"))


def _merged(change: Json, survivor: str) -> list[str]:
    listed = change.get("mergedObjectIds")
    ids = [str(each) for each in listed] if isinstance(listed, list) else []
    ids += [text_at(change, "primaryObjectId")] if text_at(change, "newObjectId") else []
    return [each for each in dict.fromkeys(ids) if each.isdigit() and each != survivor]
